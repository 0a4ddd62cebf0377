"""`dev.py campaign properties`: those of `tests/properties`, as many cases as asked for."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.properties.claims import CLAIMS
from tests.properties.property import Property
from tests.properties.redirects import REDIRECTS
from tests.properties.tokens import Tokens
from tests.properties.world import World
from tests.support.databases import sqlite_url

CONFIDENT = 3


def main() -> int:
    """Run the campaign and return its exit status."""
    parser = argparse.ArgumentParser(prog="dev.py campaign properties", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="cases of each property")
    parser.add_argument("--seed", type=int, default=0, help="seed of the cases")
    parser.add_argument("--property", dest="names", action="append", help="one of them, by name")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="properties-") as name:
        folder = Path(name)
        with closing(World(folder, sqlite_url(folder / "authserver.db"))) as world:
            properties = {**REDIRECTS, **CLAIMS, **Tokens(world).properties()}
            wanted = options.names or list(properties)
            say(f"seed {options.seed}, SQLite where there is a database")
            say(f"{'property':30} {'cases':>8}  {'outcomes':42} {'wrong':>5} {'rate <=':>8}")
            passed = [run(each, properties[each], options) for each in wanted]
    return 0 if all(passed) else 1


def run(name: str, tried: Property, options: argparse.Namespace) -> bool:
    """Run the cases of one property, print its line and tell whether it held."""
    begin = time.monotonic()
    try:
        told = tried.run(options.cases, options.seed)
    except AssertionError as fault:
        say(f"{name:30} VIOLATION {fault}")
        return False
    say(line(name, told, time.monotonic() - begin))
    return True


def line(name: str, told: Counter[str], seconds: float) -> str:
    """Return the figures of a property that held as one line of a table."""
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in sorted(told.items()))
    bound = f"{CONFIDENT / told.total():.3%}"
    return f"{name:30} {told.total():8}  {outcomes:42} {0:5} {bound:>8} {seconds:7.1f} s"


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)  # noqa: T201 - a campaign prints its figures


if __name__ == "__main__":
    sys.exit(main())
