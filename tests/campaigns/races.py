"""`dev.py campaign races`: the races of `tests/races`, as many rounds as asked for."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.races.arena import Arena, opened_arena
from tests.races.rounds import ROUNDS
from tests.support.databases import postgres_server

DATABASES = ("sqlite", "postgres")
CONFIDENT = 3


@dataclass(slots=True)
class Tally:
    """What one race has come to on one database."""

    rounds: int = 0
    requests: int = 0
    busy: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    def line(self, race: str) -> str:
        """Return the figures as one line of a table."""
        bound = f"{CONFIDENT / self.rounds:.2%}" if not self.violations else "-"
        return (
            f"{race:30} {self.rounds:7} {self.requests:9} {self.busy:6} "
            f"{len(self.violations):10} {bound:>9} {self.seconds:8.1f}"
        )


def main() -> int:
    """Run the campaign and return its exit status."""
    options = read_options()
    failed = False
    for database in options.databases:
        with arena_on(database, options.workers, options.seed) as arena:
            tallies = run(arena, options.races, options.rounds)
        report(database, options, tallies)
        failed = failed or any(tally.violations for tally in tallies.values())
    return 1 if failed else 0


def read_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="dev.py campaign races", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="rounds of each race")
    parser.add_argument("--seed", type=int, default=0, help="seed of guesses and their order")
    parser.add_argument("--workers", type=int, default=1, help="server processes")
    parser.add_argument("--database", dest="databases", action="append", choices=DATABASES)
    parser.add_argument("--race", dest="races", action="append", choices=list(ROUNDS))
    options = parser.parse_args()
    options.databases = options.databases or list(DATABASES)
    options.races = options.races or list(ROUNDS)
    return options


@contextmanager
def arena_on(database: str, workers: int, seed: int) -> Iterator[Arena]:
    """Yield an arena on a database of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="races-")))
        url = None
        if database == "postgres":
            url = stack.enter_context(postgres_server()).create_database()
        yield stack.enter_context(opened_arena(folder, url, workers=workers, seed=seed))


def run(arena: Arena, races: list[str], rounds: int) -> dict[str, Tally]:
    """Run the rounds, one race after the other, and return what they came to."""
    tallies = {race: Tally() for race in races}
    for number in range(rounds):
        for race, tally in tallies.items():
            crowd, begin = arena.crowd, time.monotonic()
            sent, busy = crowd.sent, crowd.busy
            violations = [f"round {number}: {each}" for each in ROUNDS[race](arena)]
            tally.rounds += 1
            tally.requests += crowd.sent - sent
            tally.busy += crowd.busy - busy
            tally.seconds += time.monotonic() - begin
            tally.violations += violations
            for violation in violations:
                say(f"VIOLATION {race}, {violation}")
    return tallies


def report(database: str, options: argparse.Namespace, tallies: dict[str, Tally]) -> None:
    """Print the table of one database."""
    say(f"\n{database}, {options.workers} server process(es), seed {options.seed}")
    say(
        f"{'race':30} {'rounds':>7} {'requests':>9} {'503':>6} "
        f"{'violations':>10} {'rate <=':>9} {'seconds':>8}"
    )
    for race, tally in tallies.items():
        say(tally.line(race))


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a campaign prints its figures


if __name__ == "__main__":
    sys.exit(main())
