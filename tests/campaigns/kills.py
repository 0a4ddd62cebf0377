"""`dev.py campaign kills`: a server killed amid sign-ins, again and again."""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.processes.kill_rounds import Campaign
from tests.support.databases import postgres_server

DATABASES = ("sqlite", "postgres")


def main() -> int:
    """Run the campaign and return its exit status."""
    parser = argparse.ArgumentParser(prog="dev.py campaign kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="kills on each database")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments")
    parser.add_argument("--workers", type=int, default=1, help="server processes")
    parser.add_argument("--database", dest="databases", action="append", choices=DATABASES)
    options = parser.parse_args()
    violations = 0
    for database in options.databases or DATABASES:
        violations += run(database, options)
    return 1 if violations else 0


def run(database: str, options: argparse.Namespace) -> int:
    """Kill a server on one database as often as asked, and print what came of it."""
    begin = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kills-")))
        url = None
        if database == "postgres":
            url = stack.enter_context(postgres_server()).create_database()
        campaign = stack.enter_context(
            Campaign(folder, url, workers=options.workers, seed=options.seed)
        )
        for _ in range(options.kills):
            campaign.round()
    for violation in campaign.violations:
        say(f"VIOLATION {violation}")
    say(
        f"{database}, {options.workers} server process(es), seed {options.seed}: "
        f"{campaign.rounds} kills, {campaign.walks} walks begun, "
        f"{campaign.acknowledged} acknowledged facts tried, "
        f"{len(campaign.violations)} violations, {time.monotonic() - begin:.1f} s"
    )
    return len(campaign.violations)


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a campaign prints its figures


if __name__ == "__main__":
    sys.exit(main())
