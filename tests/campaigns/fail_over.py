"""`dev.py campaign fail_over`: people sign in while Direct Mail fails and SMTP stands by."""

import argparse
import email
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.policy import default
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.mail_walks import KEY_ID, KEY_SECRET, SENDER, code_in
from tests.races.arena import Arena, Waiting, form_of, opened_arena
from tests.support.databases import postgres_server
from tests.support.direct_mail import DirectMailServer, Fault
from tests.support.smtp_server import SmtpServer

DATABASES = ("sqlite", "postgres")
FAULTS = {
    "throttles": Fault.THROTTLED,
    "answers 500": Fault.INTERNAL_ERROR,
    "hangs": Fault.HANG,
    "refuses the account": Fault.FROZEN_SENDER,
}
FOR_GOOD = 100_000
PATIENCE_SECONDS = 60.0
MILLISECONDS = 1000.0
GOAL_MILLISECONDS = 300.0


@dataclass(slots=True)
class Outage:
    """People who sign in at a steady rate while the first sender does one thing wrong."""

    arena: Arena
    direct_mail: DirectMailServer
    smtp: SmtpServer
    pages: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    timelines: dict[str, list[str]] = field(default_factory=dict)

    def run(self, seconds: float, rate: float) -> None:
        """Let people begin at this rate for so long, and wait for the last of them."""
        begin, people = time.monotonic(), []
        for number in range(int(seconds * rate)):
            time.sleep(max(0.0, begin + number / rate - time.monotonic()))
            people.append(threading.Thread(target=self.try_to_sign_in))
            people[-1].start()
        for person in people:
            person.join()

    def try_to_sign_in(self) -> None:
        """Sign in; whatever goes wrong is written down."""
        try:
            with self.arena.before_address(first_screen="register") as somebody:
                self.sign_in(somebody)
        except (AssertionError, KeyError, httpx.HTTPError) as fault:
            self.faults.append(f"{type(fault).__name__}: {str(fault)[:200]}")

    def sign_in(self, somebody: Waiting) -> None:
        """Send the address, look at the code page, wait for the mail, and enter its code."""
        http, address = somebody.person.http, somebody.address
        self.addresses.append(address)
        begin = time.monotonic()
        answer = self.timed(http, somebody.sending(email=address))
        page = self.timed(http, http.build_request("GET", answer.headers["Location"]))
        code = self.code_for(address)
        self.waits.append(time.monotonic() - begin)
        reached = somebody.person.submit(form_of(page, "code"), code=code)
        if "code=" not in reached.headers.get("Location", ""):
            self.faults.append(f"the code of {address} led to {reached.url}")

    def timed(self, http: httpx.Client, request: httpx.Request) -> httpx.Response:
        """Send a request and note how long its answer took."""
        request.url = httpx.URL(self.arena.endpoint).join(request.url)
        begin = time.monotonic()
        answer = http.send(request)
        self.pages.append(time.monotonic() - begin)
        return answer

    def code_for(self, address: str) -> str:
        """Wait until the mail server has a mail to the address; return its code."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up_at:
            for received in list(self.smtp.received):
                if address in received.recipients:
                    text = email.message_from_bytes(received.content, policy=default)
                    body = text.get_body(("plain",))
                    assert body is not None
                    return code_in(body.get_content())
            time.sleep(0.05)
        raise AssertionError(f"no mail to {address}")

    def check(self) -> None:
        """Write down what should not have happened: lost or doubled mails, a wrong timeline."""
        copies = Counter(to for mail in self.smtp.received for to in mail.recipients)
        copies.update(mail.to for mail in self.direct_mail.service.accepted)
        for address in self.addresses:
            if copies[address] != 1:
                self.faults.append(f"{copies[address]} mails to {address}")
        for address in (self.addresses[0], self.addresses[-1]):
            told = self.timelines[address] = self.timeline(address)
            if not told or told[-1] != "smtp accepted" or "aliyun accepted" in told:
                self.faults.append(f"the timeline of {address} tells {told}")

    def timeline(self, address: str) -> list[str]:
        """Return what `authserver mail log` tells of the mail to the address."""
        stories: list[dict[str, Any]] = self.arena.server.authserver("mail", "log", "--to", address)
        return [f"{each['sender']} {each['result']}" for each in stories[0]["attempts"]]


def main() -> int:
    """Run the campaign and return its exit status."""
    parser = argparse.ArgumentParser(prog="dev.py campaign fail_over", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long for each fault")
    parser.add_argument("--rate", type=float, default=5.0, help="sign-ins a second")
    parser.add_argument("--database", dest="databases", action="append", choices=DATABASES)
    options = parser.parse_args()
    faults = 0
    for database in options.databases or DATABASES:
        for name, fault in FAULTS.items():
            faults += run(database, name, fault, options)
    return 1 if faults else 0


def run(database: str, name: str, fault: Fault, options: argparse.Namespace) -> int:
    """Let people sign in during one outage, print the figures, and return the number of faults."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fail-over-")))
        direct_mail = stack.enter_context(DirectMailServer())
        direct_mail.service.misbehave(fault, FOR_GOOD)
        smtp = stack.enter_context(SmtpServer())
        url = None
        if database == "postgres":
            url = stack.enter_context(postgres_server()).create_database()
        settings = settings_for(direct_mail, smtp)
        arena = stack.enter_context(opened_arena(folder, url, settings=settings))
        outage = Outage(arena, direct_mail, smtp)
        outage.run(options.seconds, options.rate)
        outage.check()
        report(f"{database}, Direct Mail {name}", outage, options)
    return len(outage.faults)


def settings_for(direct_mail: DirectMailServer, smtp: SmtpServer) -> dict[str, str]:
    """Return settings that send through Direct Mail and fail over to a mail server."""
    return {
        "AUTHSERVER_MAIL__SENDERS": "aliyun,smtp",
        "AUTHSERVER_MAIL__ALIYUN__ACCESS_KEY_ID": KEY_ID,
        "AUTHSERVER_MAIL__ALIYUN__ACCESS_KEY_SECRET": KEY_SECRET,
        "AUTHSERVER_MAIL__ALIYUN__ACCOUNT_NAME": SENDER,
        "AUTHSERVER_MAIL__ALIYUN__ENDPOINT": direct_mail.url,
        "AUTHSERVER_MAIL__SMTP__HOST": "127.0.0.1",
        "AUTHSERVER_MAIL__SMTP__PORT": str(smtp.port),
        "AUTHSERVER_MAIL__SMTP__TLS": "none",
        "AUTHSERVER_MAIL__SMTP__FROM": SENDER,
    }


def report(place: str, outage: Outage, options: argparse.Namespace) -> None:
    """Print the figures of one outage."""
    pages, waits = sorted(outage.pages), sorted(outage.waits)
    p50, p99 = (pages[int(share * (len(pages) - 1))] * MILLISECONDS for share in (0.5, 0.99))
    goal = "within" if p99 < GOAL_MILLISECONDS else "ABOVE"
    say(f"\n{place}: {len(outage.addresses)} people, {options.rate:g} a second")
    say(f"address and code page   p50 {p50:.0f} ms, p99 {p99:.0f} ms, {goal} the goal of 300 ms")
    if waits:
        say(f"until the mail came     p50 {waits[len(waits) // 2]:.1f} s, last {waits[-1]:.1f} s")
    calls = len(outage.direct_mail.service.calls)
    taken = len(outage.direct_mail.service.accepted)
    say(
        f"mails                   {calls} calls to Direct Mail, {taken} taken there, "
        f"{len(outage.smtp.received)} by SMTP"
    )
    for moment, story in zip(("first", "last "), outage.timelines.values(), strict=False):
        say(f"timeline of the {moment}   {' > '.join(story)}")
    for fault in outage.faults[:10]:
        say(f"FAULT {fault}")
    say(f"{len(outage.faults)} faults")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a campaign prints its figures


if __name__ == "__main__":
    sys.exit(main())
