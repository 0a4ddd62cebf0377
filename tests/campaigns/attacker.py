"""`dev.py campaign attacker`: a year of guessing at one account, on a clock that is moved."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.attacks.books import CHANCES, DAY, WINDOW, Books
from tests.attacks.siege import Siege
from tests.support.databases import sqlite_url
from tests.support.provider import running_provider

# The class that codes begin with; whether the attacker has a device cookie; whether he waits.
POLICIES = {
    "default": ("digits6", False, False),
    "patient": ("digits6", False, True),
    "digits8": ("digits8", False, False),
    "digits8-patient": ("digits8", False, True),
    "stolen-cookie": ("digits6", True, False),
}


def main() -> int:
    """Run the campaign and return its exit status."""
    parser = argparse.ArgumentParser(prog="dev.py campaign attacker", description=__doc__)
    parser.add_argument("--days", type=int, default=365, help="how long each policy is attacked")
    parser.add_argument("--policy", dest="policies", action="append", choices=list(POLICIES))
    options = parser.parse_args()
    broken = 0
    for policy in options.policies or POLICIES:
        broken += besieged(policy, options.days)
    return 1 if broken else 0


def besieged(policy: str, days: int) -> int:
    """Attack under one policy, print what came of it, and return the number of broken bounds."""
    start_class, steals, is_patient = POLICIES[policy]
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="attacker-") as name:
        folder = Path(name)
        database = sqlite_url(folder / "authserver.db")
        settings = {"AUTHSERVER_CODES__START_CLASS": start_class}
        with running_provider(folder, database, settings=settings) as provider:
            outbox = folder / "outbox"
            siege = Siege(provider, database, outbox, steals=steals, is_patient=is_patient)
            books = siege.run(days)
    broken = list(books.broken(start_class=start_class, days=days, thefts=int(steals)))
    bound = Books.bound(start_class=start_class, days=days, thefts=int(steals))
    report(policy, books, bound)
    for sentence in broken:
        say(f"VIOLATION {policy}: {sentence}")
    say(f"{days} days in {time.monotonic() - begin:.0f} s, {len(broken)} violations")
    return len(broken)


def report(policy: str, books: Books, bound: float) -> None:
    """Print the figures of one policy."""
    evaluated = books.evaluated
    most = {each: books.most_within(WINDOW, each) for each in CHANCES}
    say(f"\n{policy}")
    say(f"guesses submitted       {books.submitted}")
    say("guesses compared        " + ", ".join(f"{evaluated[each]} {each}" for each in CHANCES))
    say("most within 30 days     " + ", ".join(f"{most[each]} {each}" for each in CHANCES))
    say(f"most within a day       {books.most_within(DAY, *CHANCES)}")
    say(f"guesses that were right {books.hits}")
    say(f"mails caused            {books.mails}")
    say(f"chance of a hit         {books.chance:.2e}, at most {bound:.2e} promised")
    say(f"owner, usual browser    {share(books.at_home)} signed in at once")
    say(f"owner, new browser      {share(books.elsewhere)} signed in at once")


def share(outcomes: dict[bool, int]) -> str:
    """Return how many of all attempts succeeded."""
    return f"{outcomes.get(True, 0)} of {sum(outcomes.values())}"


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a campaign prints its figures


if __name__ == "__main__":
    sys.exit(main())
