"""An attacker who knows an address but not its mailbox, and the owner, over months of moved time.

The attacker comes from a new source for every code, guesses until no try is left, begins again
until refused, and returns when the refusal says that it is worth it. The owner signs in every day
at home, and every thirty days in a new browser.
"""

import re
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import Engine, create_engine, text

from authserver.domain.clients import ClientKind
from authserver.domain.interactions import InteractionId
from tests.attacks.books import DAY, WINDOW, Books, Burst
from tests.flows.browsing import Visit, request_of_client, signed_in
from tests.support.known_randomness import KnownRandomness
from tests.support.provider import CALLBACK, Provider

OWNER = "anna@example.com"
DEVICE = "authserver-device"
TRIES = 5
BASE32_SYMBOLS = 13
# Of the twenty failures that make a browser a stranger, a careful thief leaves one, and waits
# until the owner's next sign-in has cleared the others.
GUESSES_WITH_COOKIE = 19
BETWEEN_THEFTS = timedelta(hours=25)
EVERY_NEW_BROWSER = timedelta(days=30)
PATIENCE_SECONDS = 30.0
UNDER_WAY = text("SELECT count(*) FROM outgoing_mails WHERE state IN ('queued', 'sending')")


@dataclass(slots=True)
class Siege:
    """A siege of one account.

    Who `steals` has a copy of the owner's device cookie. Who `is_patient` guesses at the shortest
    codes alone, and rests until the failures are forgotten: that gives the most in a year.
    """

    provider: Provider
    database_url: str
    outbox: Path
    steals: bool = False
    is_patient: bool = False
    books: Books = field(default_factory=Books)
    _chance: KnownRandomness = field(default_factory=lambda: KnownRandomness(1))
    _owner: httpx.Client = field(init=False)
    _engine: Engine = field(init=False)
    _bookstore: str = field(init=False)
    _stolen: str | None = None
    _cookie_serves_from: datetime | None = None
    _sources: int = 0
    _shortest: int = BASE32_SYMBOLS

    def run(self, days: int) -> Books:
        """Let so many days pass and return what came of them."""
        self._engine = create_engine(self.database_url)
        made = self.provider.server.clients.create(
            name="Bookstore", kind=ClientKind.WEB, redirect_uris=[CALLBACK], requires_pkce=False
        )
        self._bookstore = request_of_client(made.client.id, prompt="login")
        self._owner = signed_in(self.provider, OWNER).http
        if self.steals:
            self._stolen = self._owner.cookies[DEVICE]
        try:
            self._live(days)
        finally:
            self._engine.dispose()
        return self.books

    def _live(self, days: int) -> None:
        now = self.provider.clock.now()
        end = now + days * DAY
        attack, at_home, elsewhere = now + DAY / 24, now + DAY, now + EVERY_NEW_BROWSER / 2
        while (moment := min(attack, at_home, elsewhere)) < end:
            self._wait_until(moment)
            if moment == at_home:
                self.provider.server.prune()
                self.books.at_home[self._sign_in(self._owner)] += 1
                at_home += DAY
            elif moment == elsewhere:
                self.books.elsewhere[self._sign_in(self.provider.http())] += 1
                elsewhere += EVERY_NEW_BROWSER
            else:
                attack = moment + self._guess_until_refused()

    def _wait_until(self, moment: datetime) -> None:
        """Let all mails leave, then let time pass."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while self._under_way():
            assert time.monotonic() < give_up_at, "mails do not leave"
            time.sleep(0.005)
        self.provider.clock.advance(moment - self.provider.clock.now())

    def _under_way(self) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(UNDER_WAY).scalar_one())

    def _sign_in(self, browser: httpx.Client) -> bool:
        """Sign the owner in and tell whether that worked at the first attempt."""
        for old in self.outbox.glob("*.json"):
            old.unlink()
        visit = Visit.begin(self.provider, self._bookstore, http=browser)
        if visit.ask(OWNER).status_code != httpx.codes.SEE_OTHER:
            return False
        self._wait_until(self.provider.clock.now())
        visit.enter(str(self.provider.mails(OWNER)[0]["code"]))
        answer = visit.http.get(f"/oidc/auth/{visit.interaction}")
        return "code=" in answer.headers.get("Location", "")

    def _guess_until_refused(self) -> timedelta:
        """Guess at one code after the other; return how long to wait after the refusal."""
        guesses_with_cookie = self._worth_of_cookie()
        while True:
            tries = min(TRIES, guesses_with_cookie) or TRIES
            refused = self._guess(tries, with_cookie=guesses_with_cookie > 0)
            if refused is not None:
                return refused
            guesses_with_cookie -= min(tries, guesses_with_cookie)

    def _worth_of_cookie(self) -> int:
        """Return how many guesses a careful thief makes with the stolen cookie this time."""
        now = self.provider.clock.now()
        if self._stolen is None or (self._cookie_serves_from or now) > now:
            return 0
        self._cookie_serves_from = now + BETWEEN_THEFTS
        return GUESSES_WITH_COOKIE

    def _guess(self, tries: int, *, with_cookie: bool) -> timedelta | None:
        """Ask for a code and guess at it; return the wait where there is none to be had."""
        self._sources += 1
        source = f"10.{self._sources >> 16}.{self._sources >> 8 & 255}.{self._sources & 255}"
        with self.provider.browser(source=source) as browser:
            if with_cookie and self._stolen:
                browser.cookies.set(DEVICE, self._stolen)
            visit = Visit.begin(self.provider, http=browser)
            asked = visit.ask(OWNER)
            if asked.status_code == httpx.codes.TOO_MANY_REQUESTS:
                return timedelta(seconds=int(asked.headers["Retry-After"]))
            self.books.mails += 1
            symbols = symbols_wanted(visit.page().text)
            if self.is_patient and symbols > self._shortest:
                return WINDOW + timedelta(minutes=1)
            self._shortest = symbols
            for _ in range(tries):
                self.books.submitted += 1
                answer = visit.enter(self._guessed(symbols))
                self.books.hits += visit.session() is not None or "/code" not in str(
                    answer.headers.get("Location")
                )
            self._note(visit)
        return None

    def _guessed(self, symbols: int) -> str:
        drawn = int.from_bytes(self._chance.draw(16), "big")
        return f"{drawn % 10**symbols:0{symbols}}"

    def _note(self, visit: Visit) -> None:
        """Write down how many guesses were compared: the row tells, and the attacker cannot."""
        with self.provider.server.storage.reading() as work:
            interaction = work.interactions.find(InteractionId(visit.interaction))
            assert interaction is not None
            assert interaction.verification_id is not None
            verification = work.verifications.find(interaction.verification_id)
        assert verification is not None
        self.books.bursts.append(
            Burst(
                at=self.provider.clock.now(),
                code_class=verification.code_class.value,
                evaluated=verification.attempts,
            )
        )


def symbols_wanted(page: str) -> int:
    """Return how many symbols the code page asks for."""
    found = re.search(r'id="code-hint">(\d+) ', page)
    assert found is not None, page
    return int(found[1])
