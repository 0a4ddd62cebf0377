"""A server process with room for races, and the people who take part in them."""

import math
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from authserver.administration.clients import NewClient
from authserver.composition.server import AuthServer, assemble
from authserver.domain.clients import ClientKind
from authserver.domain.clock import SystemClock
from authserver.domain.randomness import SystemRandomness
from authserver.settings.sources import load
from tests.races.crowd import Crowd
from tests.races.inbox import KeptInbox
from tests.races.ledger import Ledger
from tests.races.signer import Signer
from tests.support.back_end import new_service, token_request
from tests.support.databases import sqlite_url
from tests.support.known_randomness import KnownRandomness
from tests.support.person import BROWSER_HEADERS, Form, Person, forms_of
from tests.support.server_process import ServerProcess

CALLBACK = "http://localhost:9/callback"
# Of the limits only those of one address stay as they are: all races run from one machine.
ROOM_FOR_RACES = {
    "AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "100000",
    "AUTHSERVER_CODES__MAILS__PER_DAY": "10000000",
    "AUTHSERVER_CODES__SPRAY__MIN_WRONG": "10000",
    "AUTHSERVER_CODES__SPRAY__DAY_WRONG": "100000",
    "AUTHSERVER_CODES__MAILS__COOLDOWN": "1s",
    "AUTHSERVER_CODES__SPRAY__RATIO": "1",
    "AUTHSERVER_CODES__SPRAY__DAY_RATIO": "1",
    "AUTHSERVER_LIMITS__REQUESTS_PER_SOURCE_MINUTE": "10000000",
    "AUTHSERVER_TRUSTED_PROXIES": "127.0.0.1/32",
    "AUTHSERVER_REGISTRATION__DYNAMIC": "token",
    "AUTHSERVER_REGISTRATION__PER_SOURCE_HOUR": "1000000",
    "AUTHSERVER_REGISTRATION__PER_DAY": "10000000",
    "AUTHSERVER_LOG__LEVEL": "warning",
}
COOLDOWN_SECONDS = 1.0
# Half of the life of an access token.
TOKEN_SECONDS = 1800.0


class Pause(Enum):
    """What a round lets happen before it goes on; rounds that run together share it."""

    COOLDOWN = "the wait for the next mail is over"
    RESTART = "the server was stopped and started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody on a page, with the form that is about to be sent many times."""

    person: Person
    form: Form
    address: str
    source: str

    def sending(self, **typed: str) -> httpx.Request:
        """Return the request that sends the form, from this browser."""
        return form_request(self.person.http, self.form, typed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A browser of its own with the first page open, reached through nothing but requests."""

    form: Form
    headers: dict[str, str]

    def sending(self, step: str = "", **typed: str) -> httpx.Request:
        """Return the request that sends the form of the first page, or of another step."""
        action = self.form.action.copy_with(path=self.form.action.path + step)
        fields = {"form_token": self.form.fields["form_token"], **typed}
        headers = self.headers | same_origin(self.form)
        return httpx.Request("POST", action, data=fields, headers=headers)

    def opening(self, step: str) -> httpx.Request:
        """Return the request for the page of a step."""
        action = self.form.action.copy_with(path=self.form.action.path + step)
        return httpx.Request("GET", action, headers=self.headers)


class Arena:
    """Everything a round of a race needs.

    `share` scales how many people a race sends at once, never what must hold.
    """

    def __init__(
        self, server: ServerProcess, database_url: str, seed: int, share: float = 1.0
    ) -> None:
        self.server = server
        self.endpoint = server.endpoint
        self.ledger = Ledger(database_url)
        self.crowd = Crowd(server.port)
        self.inbox = KeptInbox(server.data_dir / "outbox")
        self.chance = KnownRandomness(seed)
        self._share = share
        self._numbers = count(1)
        self._left_open = ExitStack()
        self._no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client = self._new_client("Races")
        self._clock, self._token, self._token_until = SystemClock(), "", -math.inf

    @cached_property
    def other_client(self) -> str:
        """Return the id of one more client."""
        return self._new_client("Other races").client.id

    @cached_property
    def regular(self) -> Person:
        """Return somebody who has signed in and stays so."""
        somebody, code = self._left_open.enter_context(self.before_code())
        somebody.person.submit(somebody.form, code=code)
        return somebody.person

    @cached_property
    def signer(self) -> Signer:
        """Return a client that proves itself by signed assertions."""
        return Signer(self.operator.clients, self.endpoint, CALLBACK)

    @property
    def api_token(self) -> str:
        """Return an access token by which a service calls the API; after a while another one."""
        if self._clock.monotonic() >= self._token_until:
            request = token_request(self._service, self.endpoint)
            (answer,) = self.crowd.send([request])
            self._token = answer.json()["access_token"]
            self._token_until = self._clock.monotonic() + TOKEN_SECONDS
        return self._token

    @cached_property
    def _service(self) -> NewClient:
        return new_service(self.operator, self.endpoint)

    @cached_property
    def operator(self) -> AuthServer:
        """Return what the command line is made of, in this process and on the same database."""
        loaded = load(environment=self.server.settings)
        return assemble(loaded, SystemClock(), SystemRandomness())

    @property
    def credentials(self) -> tuple[str, str]:
        """Return id and secret of the client."""
        assert self._client.secret is not None
        return self._client.client.id, self._client.secret.reveal()

    def at_once(self, number: int, least: int = 10) -> int:
        """Return how many people to send where a whole crowd has this number."""
        return max(least, math.ceil(number * self._share))

    def chance_of(self, seconds: float) -> float:
        """Return a duration of chance, up to that many seconds."""
        return seconds * int.from_bytes(self.chance.draw(4), "big") / 2**32

    def let_pass(self, pause: Pause) -> None:
        """Let happen what rounds wait for."""
        match pause:
            case Pause.COOLDOWN:
                time.sleep(COOLDOWN_SECONDS)
            case Pause.RESTART:
                self.restart()

    def close(self) -> None:
        """Close what is open towards the database and the server."""
        self._left_open.close()
        self.ledger.close()
        self.operator.close()

    def new_address(self) -> str:
        """Return an address that nobody has used."""
        return f"racer{next(self._numbers)}@example.com"

    def new_source(self) -> str:
        """Return the IPv4 address of a machine that has not been seen yet."""
        number = next(self._numbers)
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    def restart(self) -> None:
        """Stop the server as an operator does, and start it again on the same data."""
        self.server.stop()
        self.server.start()

    def authorization_url(self, **parameters: str) -> str:
        """Return the URL at which the client sends people to the provider."""
        query = {
            "client_id": self._client.client.id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid email",
            "state": "a state",
            **parameters,
        }
        return f"{self.endpoint}/oidc/auth?{urlencode(query)}"

    @contextmanager
    def person(self) -> Iterator[tuple[Person, str]]:
        """Open a browser on a machine of its own; yield its person and the machine's address."""
        source = self.new_source()
        headers = {**BROWSER_HEADERS, "X-Forwarded-For": source}
        with httpx.Client(
            headers=headers, trust_env=False, timeout=30.0, verify=self._no_tls
        ) as http:
            yield Person(http, self.inbox, endpoint=self.endpoint), source

    @contextmanager
    def before_address(self, **parameters: str) -> Iterator[Waiting]:
        """Yield somebody new who is about to type an address."""
        with self.person() as (person, source):
            page = person.follow(self.authorization_url(**parameters))
            form = form_of(page, "email")
            yield Waiting(person=person, form=form, address=self.new_address(), source=source)

    @contextmanager
    def before_code(
        self, address: str | None = None, **parameters: str
    ) -> Iterator[tuple[Waiting, str]]:
        """Yield somebody who is about to type the code, and the code.

        Without an address it is somebody new on the way to an account.
        """
        begin = {"first_screen": "register"} if address is None else {}
        with self.before_address(**begin, **parameters) as there:
            used = address or there.address
            page = there.person.submit(there.form, email=used)
            form = form_of(page, "code")
            code = self.inbox(used)
            yield (
                Waiting(person=there.person, form=form, address=used, source=there.source),
                code,
            )

    def newcomers(self, number: int, **parameters: str) -> list[Newcomer]:
        """Return as many browsers, each from a machine of its own and with the first page open."""
        starts = []
        for _ in range(number):
            headers = {**BROWSER_HEADERS, "X-Forwarded-For": self.new_source()}
            url = self.authorization_url(**parameters)
            starts.append(httpx.Request("GET", url, headers=headers))
        pages = []
        for answer in self.crowd.send(starts):
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
            headers = {**dict(answer.request.headers), "Cookie": cookie}
            page_url = answer.url.join(answer.headers["Location"])
            pages.append(httpx.Request("GET", page_url, headers=headers))
        return [
            Newcomer(form=form_of(page, "email"), headers=dict(page.request.headers))
            for page in self.crowd.send(pages)
        ]

    def exchange(self, **fields: str) -> httpx.Request:
        """Return a request of the client to the token endpoint."""
        basic = httpx.BasicAuth(*self.credentials)
        request = httpx.Request("POST", f"{self.endpoint}/oidc/token", data=fields)
        return next(basic.auth_flow(request))

    def who_is(self, access_token: str) -> httpx.Request:
        """Return a request to the userinfo endpoint."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return httpx.Request("GET", f"{self.endpoint}/oidc/me", headers=headers)

    def shuffled(self, items: list[str]) -> list[str]:
        """Return the items in an order of chance."""
        return [item for _, item in sorted((self.chance.draw(8), item) for item in items)]

    def wrong_codes(self, number: int, right: str) -> list[str]:
        """Return as many codes of six digits, none of them right."""
        codes = (int.from_bytes(self.chance.draw(8), "big") % 10**6 for _ in range(number))
        return [
            text if (text := f"{code:06}") != right else f"{(code + 1) % 10**6:06}"
            for code in codes
        ]

    def _new_client(self, name: str) -> NewClient:
        return self.operator.clients.create(
            name=name, kind=ClientKind.WEB, redirect_uris=[CALLBACK], requires_pkce=False
        )


def form_request(http: httpx.Client, form: Form, typed: dict[str, str]) -> httpx.Request:
    """Return the request that sends a form as a browser does."""
    return http.build_request(
        "POST", form.action, data=form.fields | typed, headers=same_origin(form)
    )


def same_origin(form: Form) -> dict[str, str]:
    """Return the headers by which a browser says that a form comes from our own page."""
    origin = f"{form.action.scheme}://{form.action.netloc.decode('ascii')}"
    return {"Origin": origin, "Referer": f"{origin}/", "Sec-Fetch-Site": "same-origin"}


def form_of(page: httpx.Response, field: str, action: str = "") -> Form:
    """Return the form of a page that holds the field, or that leads to the action."""
    for form in forms_of(page):
        if (not field or field in form.fields) and form.action.path.endswith(action):
            return form
    raise AssertionError(f"no form with '{field}' to '{action}': {page.status_code} {page.text}")


def code_in(client_url: str) -> str:
    """Return the authorization code that the provider sent to the client."""
    return parse_qs(urlsplit(client_url).query)["code"][0]


@contextmanager
def opened_arena(
    folder: Path,
    database_url: str | None = None,
    *,
    workers: int = 1,
    seed: int = 0,
    share: float = 1.0,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Arena]:
    """Run a server on the database, or on SQLite in its folder, and yield it as an arena."""
    chosen = {**ROOM_FOR_RACES, **(settings or {})}
    server = ServerProcess(folder, database_url=database_url, workers=workers, settings=chosen)
    with server:
        url = database_url or sqlite_url(server.data_dir / "authserver.db")
        arena = Arena(server, url, seed, share)
        try:
            yield arena
        finally:
            arena.close()
