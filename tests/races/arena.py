"""A server process with room for races, and the people who take part in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from tests.races.crowd import Crowd
from tests.races.ledger import Ledger
from tests.support.databases import sqlite_url
from tests.support.known_randomness import KnownRandomness
from tests.support.person import BROWSER_HEADERS, Form, Person, forms_of
from tests.support.server_process import ServerProcess

CALLBACK = "http://localhost:9/callback"
# Of the limits only those of one address stay as they are: all races run from one machine.
ROOM_FOR_RACES = {
    "AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "100000",
    "AUTHSERVER_CODES__MAILS__PER_DAY": "10000000",
    "AUTHSERVER_CODES__MAILS__COOLDOWN": "2s",
    "AUTHSERVER_LIMITS__REQUESTS_PER_SOURCE_MINUTE": "10000000",
    "AUTHSERVER_TRUSTED_PROXIES": "127.0.0.1/32",
    "AUTHSERVER_LOG__LEVEL": "warning",
}
COOLDOWN_SECONDS = 2.0


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
    """Everything a round of a race needs."""

    def __init__(self, server: ServerProcess, database_url: str, seed: int) -> None:
        self.server = server
        self.endpoint = server.endpoint
        self.ledger = Ledger(database_url)
        self.crowd = Crowd(server.port)
        self.chance = KnownRandomness(seed)
        self._numbers = count(1)
        made = ["client", "create", "--name", "Races", "--kind", "web", "--no-pkce"]
        self._client = server.authserver(*made, "--redirect-uri", CALLBACK)

    @property
    def credentials(self) -> tuple[str, str]:
        """Return id and secret of the client."""
        return self._client["client_id"], self._client["client_secret"]

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
            "client_id": self._client["client_id"],
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
        with httpx.Client(headers=headers, trust_env=False, timeout=30.0) as http:
            yield Person(http, self.server.inbox, endpoint=self.endpoint), source

    @contextmanager
    def before_address(self, **parameters: str) -> Iterator[Waiting]:
        """Yield somebody new who is about to type an address."""
        with self.person() as (person, source):
            page = person.follow(self.authorization_url(**parameters))
            form = form_of(page, "email")
            yield Waiting(person=person, form=form, address=self.new_address(), source=source)

    @contextmanager
    def before_code(self, address: str | None = None) -> Iterator[tuple[Waiting, str]]:
        """Yield somebody who is about to type the code, and the code.

        Without an address it is somebody new on the way to an account.
        """
        begin = {"first_screen": "register"} if address is None else {}
        with self.before_address(**begin) as there:
            used = address or there.address
            page = there.person.submit(there.form, email=used)
            form = form_of(page, "code")
            code = self.server.inbox(used)
            yield (
                Waiting(person=there.person, form=form, address=used, source=there.source),
                code,
            )

    def newcomers(self, number: int) -> list[Newcomer]:
        """Return as many browsers, each from a machine of its own and with the first page open."""
        starts = []
        for _ in range(number):
            headers = {**BROWSER_HEADERS, "X-Forwarded-For": self.new_source()}
            starts.append(httpx.Request("GET", self.authorization_url(), headers=headers))
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
    folder: Path, database_url: str | None = None, *, workers: int = 1, seed: int = 0
) -> Iterator[Arena]:
    """Run a server on the database, or on SQLite in its folder, and yield it as an arena."""
    server = ServerProcess(
        folder, database_url=database_url, workers=workers, settings=ROOM_FOR_RACES
    )
    with server:
        url = database_url or sqlite_url(server.data_dir / "authserver.db")
        arena = Arena(server, url, seed)
        try:
            yield arena
        finally:
            arena.ledger.close()
