"""People sign in and clients refresh until the server is killed; then what they hold is tried."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from tests.races.arena import CALLBACK, ROOM_FOR_RACES, Arena, code_in, form_of
from tests.support.databases import sqlite_url
from tests.support.person import Person
from tests.support.server_process import ServerProcess

WALKERS = 4
FIRST_SIGN_IN_SECONDS = 20.0
SHORTEST_RUN_SECONDS = 0.1
LONGEST_RUN_SECONDS = 1.6


@dataclass(slots=True)
class Held:
    """What one walk was given before the server died."""

    address: str
    has_session: bool = False
    person: Person | None = None
    spent_code: str | None = None
    refresh_token: str | None = None


@dataclass(slots=True)
class Walkers:
    """Threads in which people sign in, one after the other, until the server is gone."""

    arena: Arena
    held: list[Held] = field(default_factory=list)
    open: list[httpx.Client] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    has_begun: threading.Event = field(default_factory=threading.Event)
    is_over: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Walk until told that it is over; what breaks off then is no fault."""
        while not self.is_over.is_set():
            try:
                self.walk()
            except httpx.TransportError:
                self.is_over.wait(0.2)
            except (AssertionError, KeyError, IndexError) as fault:
                if not self.is_over.is_set():
                    self.faults.append(f"{type(fault).__name__}: {fault}")

    def walk(self) -> None:
        """Make an account, sign in to a client, and refresh a few times."""
        with self.lock:
            held = Held(self.arena.new_address())
            source = self.arena.new_source()
            http = httpx.Client(headers={"X-Forwarded-For": source}, trust_env=False, timeout=10)
            self.held.append(held)
            self.open.append(http)
        person = Person(http, self.arena.server.inbox, endpoint=self.arena.endpoint)
        page = person.follow(
            self.arena.authorization_url(scope="openid offline_access", first_screen="register")
        )
        page = person.submit(form_of(page, "email"), email=held.address)
        form, code = form_of(page, "code"), self.arena.server.inbox(held.address)
        answer = http.post(
            form.action,
            data=form.fields | {"code": code},
            headers={"Origin": self.arena.endpoint, "Sec-Fetch-Site": "same-origin"},
        )
        held.person, held.has_session = person, "/oidc/auth/" in answer.headers["Location"]
        self.has_begun.set()
        client_url = person.pass_through(str(answer.url.join(answer.headers["Location"])))
        self.use_tokens(http, held, code_in(client_url))

    def use_tokens(self, http: httpx.Client, held: Held, code: str) -> None:
        """Exchange the code, then refresh, noting each answer as it comes."""
        wanted = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        for _ in range(3):
            answer = http.send(self.arena.exchange(**wanted))
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                return
            held.refresh_token, held.spent_code = answer.json()["refresh_token"], code
            wanted = {"grant_type": "refresh_token", "refresh_token": held.refresh_token}

    def close(self) -> None:
        """Close all browsers."""
        for http in self.open:
            http.close()


class Campaign:
    """Rounds of running, killing, starting again, and checking."""

    def __init__(
        self, folder: Path, database_url: str | None = None, *, workers: int = 1, seed: int = 0
    ) -> None:
        self._server = ServerProcess(
            folder, database_url=database_url, workers=workers, settings=ROOM_FOR_RACES
        )
        self._url = database_url or sqlite_url(self._server.data_dir / "authserver.db")
        self._seed = seed
        self.rounds = 0
        self.walks = 0
        self.acknowledged = 0
        self.violations: list[str] = []

    def __enter__(self) -> Self:
        self._server.start()
        self._arena = Arena(self._server, self._url, self._seed)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._arena.close()
        self._server.stop()

    def round(self) -> None:
        """Let people walk for a moment of chance, kill the server, start it, check."""
        self.rounds += 1
        walkers = Walkers(self._arena)
        threads = [threading.Thread(target=walkers.run) for _ in range(WALKERS)]
        for thread in threads:
            thread.start()
        # On a busy machine the first sign-in may take longer than the moment lasts.
        walkers.has_begun.wait(FIRST_SIGN_IN_SECONDS)
        time.sleep(self._moment())
        self._server.kill()
        walkers.is_over.set()
        for thread in threads:
            thread.join()
        self._server.start()
        self.violations += [f"round {self.rounds}: {fault}" for fault in walkers.faults]
        for held in walkers.held:
            self.violations += [f"round {self.rounds}: {each}" for each in self.lost(held)]
        self.walks += len(walkers.held)
        walkers.close()

    def lost(self, held: Held) -> list[str]:
        """Return what was acknowledged and is no longer so."""
        found = self._torn(held.address)
        if held.has_session and held.person is not None:
            self.acknowledged += 1
            answer = held.person.pass_through(self._arena.authorization_url(prompt="none"))
            if "code=" not in answer:
                found.append(f"{held.address} lost the session: {answer}")
        if held.refresh_token is not None:
            self.acknowledged += 1
            fields = {"grant_type": "refresh_token", "refresh_token": held.refresh_token}
            if self._status(**fields) != httpx.codes.OK:
                found.append(f"{held.address} lost the refresh token")
        if held.spent_code is not None:
            self.acknowledged += 1
            fields = {"grant_type": "authorization_code", "code": held.spent_code}
            if self._status(**fields, redirect_uri=CALLBACK) != httpx.codes.BAD_REQUEST:
                found.append(f"{held.address} exchanged a code twice")
        return found

    def _torn(self, address: str) -> list[str]:
        """Return whether a spent code has no session, or a session no spent code."""
        ledger = self._arena.ledger
        spent = sum(each.state == "verified" for each in ledger.verifications(address))
        sessions, begun = ledger.sessions(address), ledger.sign_ins(address)
        if spent == sessions == begun and spent <= 1:
            return []
        return [f"{address}: {spent} spent codes, {sessions} sessions, {begun} sign-ins"]

    def _status(self, **fields: str) -> int:
        return self._arena.crowd.send([self._arena.exchange(**fields)])[0].status_code

    def _moment(self) -> float:
        share = int.from_bytes(self._arena.chance.draw(4), "big") / 2**32
        return SHORTEST_RUN_SECONDS + share * (LONGEST_RUN_SECONDS - SHORTEST_RUN_SECONDS)
