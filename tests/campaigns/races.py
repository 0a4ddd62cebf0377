"""`dev.py campaign races`: the races of `tests/races`, as many rounds as asked for."""

import argparse
import signal
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.races.arena import Arena, opened_arena
from tests.races.mails import LOW_CEILING
from tests.races.rounds import ROUNDS, ROUNDS_UNDER_CEILING
from tests.races.violations import Round, run_together
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
        bound = "-" if self.violations or not self.rounds else f"{CONFIDENT / self.rounds:.2%}"
        return (
            f"{race:30} {self.rounds:7} {self.requests:9} {self.busy:6} "
            f"{len(self.violations):10} {bound:>9} {self.seconds:8.1f}"
        )


def main() -> int:
    """Run the campaign and return its exit status."""
    options = read_options()
    for ending in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # in the background a shell has the first ignored
        signal.signal(ending, signal.default_int_handler)
    failed = False
    for database in options.databases:
        begin = time.monotonic()
        tallies = run_on(database, options)
        report(database, options, tallies, time.monotonic() - begin)
        failed = failed or any(tally.violations for tally in tallies.values())
    return 1 if failed else 0


def read_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="dev.py campaign races", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="rounds of each race")
    parser.add_argument("--seed", type=int, default=0, help="seed of guesses and their order")
    parser.add_argument("--workers", type=int, default=1, help="server processes")
    parser.add_argument(
        "--crowd",
        type=float,
        default=1.0,
        metavar="FRACTION",
        help="share of the people that a race sends at once; what must hold stays the same",
    )
    parser.add_argument(
        "--together", type=int, default=20, help="rounds that share one restart, or one wait"
    )
    parser.add_argument("--database", dest="databases", action="append", choices=DATABASES)
    names = [*ROUNDS, *ROUNDS_UNDER_CEILING]
    parser.add_argument("--race", dest="races", action="append", choices=names)
    options = parser.parse_args()
    options.databases = options.databases or list(DATABASES)
    options.races = options.races or names
    return options


def run_on(database: str, options: argparse.Namespace) -> dict[str, Tally]:
    """Run all rounds on one kind of database and return what they came to."""
    tallies: dict[str, Tally] = {}
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="races-")))
        postgres = stack.enter_context(postgres_server()) if database == "postgres" else None
        for name, races, settings in (
            ("usual", ROUNDS, {}),
            ("low", ROUNDS_UNDER_CEILING, LOW_CEILING),
        ):
            wanted = {race: races[race] for race in options.races if race in races}
            if not wanted:
                continue
            with opened_arena(
                folder / name,
                None if postgres is None else postgres.create_database(),
                workers=options.workers,
                seed=options.seed,
                share=options.crowd,
                settings=settings,
            ) as arena:
                counted = {race: Tally() for race in wanted}
                tallies |= counted
                with suppress(KeyboardInterrupt):
                    run_in_turn(arena, wanted, options, counted)
    return tallies


def run_in_turn(
    arena: Arena, races: dict[str, Round], options: argparse.Namespace, tallies: dict[str, Tally]
) -> None:
    """Run some rounds of each race in turn, until there were enough of all.

    An interruption ends the rounds, and what was run until then is counted.
    """
    for begun in range(0, options.rounds, options.together):
        number = min(options.together, options.rounds - begun)
        for race, tally in tallies.items():
            crowd, begin = arena.crowd, time.monotonic()
            sent, busy = crowd.sent, crowd.busy
            found = run_together(arena, races[race], number)
            tally.rounds += number
            tally.requests += crowd.sent - sent
            tally.busy += crowd.busy - busy
            tally.seconds += time.monotonic() - begin
            for place, violations in enumerate(found, begun):
                tally.violations += violations
                for violation in violations:
                    say(f"VIOLATION {race}, round {place}: {violation}")
            arena.inbox.clear()
        say(f"{begun + number} rounds of {len(races)} races")


def report(
    database: str, options: argparse.Namespace, tallies: dict[str, Tally], seconds: float
) -> None:
    """Print the table of one database."""
    say(
        f"\n{database}, {options.workers} server process(es), seed {options.seed}, "
        f"crowds of {options.crowd:g}, {seconds:.0f} s in all"
    )
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
