"""`dev.py campaign load`: people sign in side by side, as many and as long as asked for.

Client and server share the machine, so the figures are a lower bound. With `--seconds 3600` it is
a soak: what a process needs is measured after the first tenth and at the end.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.races.arena import CALLBACK, Arena, code_in, form_of, opened_arena
from tests.support.databases import postgres_server
from tests.support.person import Person

DATABASES = ("sqlite", "postgres")
WARM_UP = 0.1
MILLISECONDS = 1000.0


@dataclass(slots=True)
class Load:
    """People who sign in, one walk after the other, and how long each step took them."""

    arena: Arena
    ends_at: float
    walks: int = 0
    faults: list[str] = field(default_factory=list)
    steps: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Walk until the time is over."""
        while time.monotonic() < self.ends_at:
            try:
                self.walk()
            except (AssertionError, KeyError, httpx.HTTPError) as fault:
                self.faults.append(f"{type(fault).__name__}: {str(fault)[:120]}")

    def walk(self) -> None:
        """Make an account, sign in to a client, and fetch and use its tokens."""
        with self.lock:
            address, opened = self.arena.new_address(), self.arena.person()
        with opened as (person, _):
            client_url = self.sign_in(person, address)
            exchange = self.arena.exchange(
                grant_type="authorization_code", code=code_in(client_url), redirect_uri=CALLBACK
            )
            with self.timed("token"):
                tokens = person.http.send(exchange).json()
            with self.timed("userinfo"):
                person.http.send(self.arena.who_is(tokens["access_token"])).raise_for_status()
        self.walks += 1

    def sign_in(self, person: Person, address: str) -> str:
        """Register with a mailed code and return the client's URL."""
        with self.timed("first page"):
            page = person.follow(self.arena.authorization_url(first_screen="register"))
        with self.timed("address"):
            page = person.submit(form_of(page, "email"), email=address)
        with self.timed("mail"):
            code = self.arena.server.inbox(address)
        with self.timed("code, back to client"):
            return str(person.submit(form_of(page, "code"), code=code).headers["Location"])

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long a step took."""
        begin = time.monotonic()
        yield
        self.steps[step].append(time.monotonic() - begin)


def main() -> int:
    """Run the campaign and return its exit status."""
    parser = argparse.ArgumentParser(prog="dev.py campaign load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long")
    parser.add_argument("--people", type=int, default=8, help="how many side by side")
    parser.add_argument("--workers", type=int, default=1, help="server processes")
    parser.add_argument("--database", dest="databases", action="append", choices=DATABASES)
    options = parser.parse_args()
    faults = 0
    for database in options.databases or DATABASES:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="load-")))
            url = None
            if database == "postgres":
                url = stack.enter_context(postgres_server()).create_database()
            arena = stack.enter_context(opened_arena(folder, url, workers=options.workers))
            faults += run(database, arena, options)
    return 1 if faults else 0


def run(database: str, arena: Arena, options: argparse.Namespace) -> int:
    """Let people walk, print the figures, and return the number of faults."""
    begin = time.monotonic()
    load = Load(arena, begin + options.seconds)
    threads = [threading.Thread(target=load.run) for _ in range(options.people)]
    for thread in threads:
        thread.start()
    time.sleep(options.seconds * WARM_UP)
    needed_at_first = resident_megabytes(arena.server.pid), open_files(arena.server.pid)
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begin
    needed = resident_megabytes(arena.server.pid), open_files(arena.server.pid)
    say(
        f"\n{database}, {options.workers} server process(es), {options.people} people: "
        f"{load.walks} sign-ins in {seconds:.1f} s, {load.walks / seconds:.1f} a second, "
        f"{len(load.faults)} faults"
    )
    say(f"{'milliseconds':24} {'p50':>8} {'p95':>8} {'p99':>8} {'max':>8}")
    for step, times in load.steps.items():
        shares = [quantile(times, share) * MILLISECONDS for share in (0.5, 0.95, 0.99, 1.0)]
        say(f"{step:24} " + " ".join(f"{value:8.1f}" for value in shares))
    say(f"first process: {needed_at_first[0]:.0f} MB, later {needed[0]:.0f} MB resident")
    say(f"first process: {needed_at_first[1]}, later {needed[1]} open files")
    for fault in load.faults[:10]:
        say(f"FAULT {fault}")
    return len(load.faults)


def quantile(times: list[float], share: float) -> float:
    """Return the time within which this share was done."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def resident_megabytes(pid: int) -> float:
    """Return what the process holds in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def open_files(pid: int) -> int:
    """Return how many files and sockets the process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a campaign prints its figures


if __name__ == "__main__":
    sys.exit(main())
