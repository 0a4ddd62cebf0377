"""`dev.py campaign enumeration`: can the time of an answer tell whether an address has an account?

Addresses with account, without, suspended and not yet proven are asked about in an order of chance,
each from a browser and a source of its own, while the mail server takes two seconds for each mail.
"""

import argparse
import http.client
import math
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from authserver.crypto.argon2_hasher import Argon2Hasher
from authserver.domain.accounts import Account
from authserver.domain.passwords import StoredPassword
from authserver.domain.secret import Secret
from tests.races.arena import Arena, Newcomer, opened_arena, same_origin
from tests.support.databases import postgres_server
from tests.support.smtp_server import Script, SmtpServer

DATABASES = ("sqlite", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A form that takes an address, and how somebody who comes from a client gets there."""

    begin: Mapping[str, str] = field(default_factory=dict)
    page: str = "/sign-in"
    step: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)


PATHS = {
    "sign-in": Place(),
    "register": Place(begin={"first_screen": "register"}, page="/register"),
    "password": Place(step="/password", typed={"password": "a password that is not right"}),
    "forgot-password": Place(page="/forgot-password"),
}
KINDS = ("with account", "without account", "suspended", "not yet proven")
KNOWN, UNKNOWN = KINDS[:2]
# The two rarer kinds are asked about less often.
SHARES = dict(zip(KINDS, (1.0, 1.0, 0.25, 0.25), strict=True))
# So many that no limit of one address is reached.
ADDRESSES_OF_KIND = 200
BATCH = 40
SECONDS_OF_PROVIDER = 2.0
WITH_PASSWORDS = {
    "signIn": {"methods": [{"identifier": "email", "password": True, "verificationCode": True}]}
}
# A server looks for changes of its configuration about once a second.
SECONDS_UNTIL_SEEN = 3.0
LOWEST_AUC, HIGHEST_AUC = 0.45, 0.55
MILLISECONDS = 1000.0
RANDOM = re.compile(
    r"[A-Za-z0-9_\-]{20,}|(?<=<bdi>)[0-9A-Z]{3}(?=</bdi>)|(?<=data-until-resend=\")\d+"
)
# The length is that of the content, which is compared itself.
CHANGING = frozenset({"date", "content-length"})
# Stands on everybody's page while mails take long, whoever is asked about.
SLOW_MAIL = '<p class="note warning">Mail is slow at the moment.</p>'


@dataclass(slots=True)
class Answers:
    """What a path answered: the times, and every look that an answer had, by kind of address."""

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    looks: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


@dataclass(slots=True)
class Questioner:
    """Asks one question after the other, over one connection that stays open."""

    arena: Arena
    connection: http.client.HTTPConnection

    def ask(self, newcomer: Newcomer, place: Place, address: str) -> tuple[float, str]:
        """Send an address; return how long the answer took, and all that can be seen of it.

        The page that it leads to can be seen, too.
        """
        interaction = newcomer.form.action.path.rpartition("/")[2]
        path = f"{place.page}/{interaction}{place.step}"
        body = urlencode({**newcomer.form.fields, **place.typed, "email": address})
        headers = newcomer.headers | same_origin(newcomer.form)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        begin = time.perf_counter()
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read().decode()
        seconds = time.perf_counter() - begin
        looks = [look_of(answer, content)]
        if target := answer.getheader("Location"):
            self.connection.request("GET", urlsplit(target).path, headers=newcomer.headers)
            page = self.connection.getresponse()
            looks.append(look_of(page, page.read().decode()))
        return seconds, RANDOM.sub("*", "\n".join(looks).replace(address, "ADDRESS"))


def look_of(answer: http.client.HTTPResponse, content: str) -> str:
    """Return what can be seen of an answer."""
    shown = sorted(
        f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in CHANGING
    )
    return "\n".join([str(answer.status), *shown, content.replace(SLOW_MAIL, "")])


def main() -> int:
    """Run the campaign and return its exit status."""
    parser = argparse.ArgumentParser(prog="dev.py campaign enumeration", description=__doc__)
    parser.add_argument(
        "--requests", type=int, default=2000, help="about addresses with and without account, each"
    )
    parser.add_argument("--database", dest="databases", action="append", choices=DATABASES)
    parser.add_argument("--path", dest="paths", action="append", choices=list(PATHS))
    options = parser.parse_args()
    faults = 0
    for database in options.databases or DATABASES:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="enumeration-")))
            slow = Script(seconds_before_final=SECONDS_OF_PROVIDER)
            smtp = stack.enter_context(SmtpServer(slow))
            url = None
            if database == "postgres":
                url = stack.enter_context(postgres_server()).create_database()
            arena = stack.enter_context(opened_arena(folder, url, settings=settings_for(smtp)))
            arena.operator.experience.set(WITH_PASSWORDS)
            time.sleep(SECONDS_UNTIL_SEEN)
            addresses = people(arena)
            for path in options.paths or PATHS:
                answers = questions(arena, addresses, path, options.requests)
                faults += report(f"{database}, {path}", answers)
    return 1 if faults else 0


def settings_for(smtp: SmtpServer) -> dict[str, str]:
    """Return settings that send through the slow server, and room for many mails."""
    return {
        "AUTHSERVER_MAIL__SENDERS": "smtp",
        "AUTHSERVER_MAIL__SMTP__HOST": "127.0.0.1",
        "AUTHSERVER_MAIL__SMTP__PORT": str(smtp.port),
        "AUTHSERVER_MAIL__SMTP__TLS": "none",
        "AUTHSERVER_MAIL__SMTP__FROM": "no-reply@example.com",
        # The page counts the wait down; in whole minutes it says the same in every answer.
        "AUTHSERVER_CODES__MAILS__COOLDOWN": "10m",
        "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY": "1000",
        "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS": "1000",
        # An address that is asked about more often than the others would look different by that.
        "AUTHSERVER_PASSWORDS__CODE_FIRST_FROM": "1000",
    }


def people(arena: Arena) -> dict[str, list[str]]:
    """Make the accounts, and return the addresses of each kind, all of one length."""
    accounts, addresses = arena.operator.accounts, {}
    chosen = arena.operator.loaded.settings.passwords
    hasher = Argon2Hasher(chosen.memory_kib, chosen.iterations, chosen.parallelism)
    hashed = hasher.hash("the same good password of everybody")
    for number, kind in enumerate(KINDS):
        addresses[kind] = [
            f"person{number}{place:03}@example.com" for place in range(ADDRESSES_OF_KIND)
        ]
        for address in addresses[kind] if kind != UNKNOWN else ():
            account = accounts.create(address)
            if kind == KNOWN:
                with arena.operator.storage.writing() as work:
                    work.accounts.mark_proven(account.subject, account.created_at)
                    work.passwords.put(password_of(account, hashed))
                    work.commit()
            if kind == "suspended":
                accounts.suspend(address)
    return addresses


def password_of(account: Account, hashed: Secret) -> StoredPassword:
    """Return the password of an account."""
    return StoredPassword(
        subject=account.subject, hash=hashed, rests_on_mail=True, changed_at=account.created_at
    )


def questions(arena: Arena, addresses: dict[str, list[str]], path: str, requests: int) -> Answers:
    """Ask as often about each kind of address, in an order of chance."""
    answers, place = Answers(), PATHS[path]
    order = arena.shuffled(
        [
            f"{kind}/{number}"
            for kind in KINDS
            for number in range(math.ceil(requests * SHARES[kind]))
        ]
    )
    connection = http.client.HTTPConnection("127.0.0.1", arena.server.port)
    questioner = Questioner(arena, connection)
    for begin in range(0, len(order), BATCH):
        asked = order[begin : begin + BATCH]
        for newcomer, question in zip(
            arena.newcomers(len(asked), **place.begin), asked, strict=True
        ):
            kind, _, number = question.partition("/")
            address = addresses[kind][int(number) % ADDRESSES_OF_KIND]
            seconds, look = questioner.ask(newcomer, place, address)
            answers.seconds[kind].append(seconds)
            answers.looks[kind][look] += 1
    connection.close()
    return answers


def report(place: str, answers: Answers) -> int:
    """Print how well times tell kinds apart; return the number of things that should not be."""
    faults = 0
    say(f"\n{place}")
    for kind in KINDS:
        times = sorted(answers.seconds[kind])
        p50, p95 = (times[int(share * (len(times) - 1))] * MILLISECONDS for share in (0.5, 0.95))
        auc = area_under_curve(answers.seconds[KNOWN], answers.seconds[kind])
        faults += not LOWEST_AUC <= auc <= HIGHEST_AUC
        looks = set(answers.looks[kind])
        faults += looks != set(answers.looks[KNOWN])
        say(
            f"{kind:16} {len(times):5} questions, p50 {p50:7.2f} ms, p95 {p95:7.2f} ms, "
            f"AUC {auc:.3f}, {len(looks)} look(s) of the answer"
        )
    every = set().union(*answers.looks.values())
    if len(every) != 1:
        faults += 1
        for look in every:
            say(f"DIFFERENT {look[:400]!r}")
    return faults


def area_under_curve(first: list[float], second: list[float]) -> float:
    """Return how often a time of the second kind is longer than one of the first (Mann-Whitney)."""
    ranked = sorted([(time, False) for time in first] + [(time, True) for time in second])
    ranks: defaultdict[float, list[int]] = defaultdict(list)
    for rank, (seconds, _) in enumerate(ranked, 1):
        ranks[seconds].append(rank)
    total = sum(
        sum(ranks[seconds]) / len(ranks[seconds]) for seconds, is_second in ranked if is_second
    )
    return (total - len(second) * (len(second) + 1) / 2) / (len(first) * len(second))


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a campaign prints its figures


if __name__ == "__main__":
    sys.exit(main())
