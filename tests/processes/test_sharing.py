"""Several processes over one database are one server: sessions, limits, mails and counts."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.processes.smtp import arena_of, eventually
from tests.races.arena import CALLBACK, code_in, form_of
from tests.support.person import BROWSER_HEADERS, Person
from tests.support.server_process import ServerProcess

PEOPLE = 12
MAILS_OF_STRANGERS = 7
TRUSTING = {
    "AUTHSERVER_TRUSTED_PROXIES": "127.0.0.1/32",
    "AUTHSERVER_LIMITS__REQUESTS_PER_SOURCE_MINUTE": "100000",
    "AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "1000",
}


class InTurn(httpx.HTTPTransport):
    """Sends each request to the next process, as a balancer in front of them does."""

    def __init__(self, *ports: int) -> None:
        super().__init__()
        self._ports = cycle(ports)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # The headers are there already: the process sees the host that the browser asked for.
        handed_on = httpx.Request(
            request.method,
            request.url.copy_with(port=next(self._ports)),
            headers=request.headers,
            content=request.read(),
            extensions=request.extensions,
        )
        return super().handle_request(handed_on)


@pytest.fixture
def pair(tmp_path: Path, postgres_url: str) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Return two servers with data folders and ports of their own, but one public address."""
    keys = {"AUTHSERVER_SECRET_KEYS": "the secret key that both of the servers have been given"}
    one = ServerProcess(tmp_path / "one", database_url=postgres_url, settings={**TRUSTING, **keys})
    shared = {**TRUSTING, **keys, "AUTHSERVER_ENDPOINT": one.endpoint}
    two = ServerProcess(tmp_path / "two", database_url=postgres_url, settings=shared)
    with one, two:
        yield one, two


def mails_kept(*servers: ServerProcess) -> int:
    return sum(len(list((server.data_dir / "outbox").glob("*.json"))) for server in servers)


def code_kept(address: str, *servers: ServerProcess) -> str:
    """Wait for the code, whichever process has sent it."""
    codes: list[str] = []

    def has_come() -> bool:
        for server in servers:
            kept = server.authserver("mail", "outbox", "--to", address)
            codes.extend(mail["code"] for mail in kept)
        return bool(codes)

    assert eventually(has_come)
    return codes[0]


def test_a_sign_in_that_every_request_finds_at_another_process(
    pair: tuple[ServerProcess, ServerProcess], postgres_url: str
) -> None:
    one, two = pair
    arena = arena_of(one, postgres_url)
    balanced = httpx.Client(
        transport=InTurn(one.port, two.port), headers=BROWSER_HEADERS, timeout=20
    )
    with balanced as http:
        person = Person(http, lambda address: code_kept(address, one, two), endpoint=arena.endpoint)
        client_url = person.sign_in(arena.authorization_url(), "anna@example.com")
        again = person.pass_through(arena.authorization_url(prompt="none"))
        exchange = arena.exchange(
            grant_type="authorization_code", code=code_in(client_url), redirect_uri=CALLBACK
        )
        tokens = http.send(exchange).json()
        me = [http.send(arena.who_is(tokens["access_token"])) for _ in range(2)]
    arena.close()

    assert "code=" in again
    assert [answer.json()["sub"] for answer in me] == [me[0].json()["sub"]] * 2


def test_a_rotation_while_clients_run_breaks_no_sign_in(
    pair: tuple[ServerProcess, ServerProcess], postgres_url: str
) -> None:
    one, two = pair
    arena = arena_of(one, postgres_url)
    at_one, at_two = (
        httpx.Client(transport=InTurn(each.port), headers=BROWSER_HEADERS, timeout=20)
        for each in pair
    )
    with at_one, at_two:
        person = Person(at_one, lambda address: code_kept(address, one, two), endpoint=one.endpoint)
        url = person.sign_in(arena.authorization_url(), "anna@example.com")
        kept = KeySet.import_key_set(at_two.get(f"{one.endpoint}/oidc/jwks").json())

        def signed_by(http: httpx.Client, client_url: str) -> str:
            """Exchange the code there and verify the token by the keys of before; tell its key."""
            code, grant = code_in(client_url), "authorization_code"
            request = arena.exchange(grant_type=grant, code=code, redirect_uri=CALLBACK)
            token = jwt.decode(http.send(request).json()["id_token"], kept, algorithms=["RS256"])
            return str(token.header["kid"])

        def anew() -> str:
            return person.pass_through(arena.authorization_url(prompt="none"))

        former = signed_by(at_one, url)
        current = one.authserver("signing-key", "rotate")["kid"]
        seen = {signed_by(http, anew()) for http in (at_one, at_two)}
        assert eventually(lambda: signed_by(at_one, anew()) == current)
        assert eventually(lambda: signed_by(at_two, anew()) == current)
    arena.close()

    assert former != current
    assert seen <= {former, current}


def test_limits_and_mails_are_those_of_one_server(
    pair: tuple[ServerProcess, ServerProcess], postgres_url: str
) -> None:
    one, two = pair
    arena = arena_of(one, postgres_url)

    def start(address: str) -> int:
        source = {"X-Forwarded-For": arena.new_source()}
        balanced = httpx.Client(transport=InTurn(one.port, two.port), headers=source, timeout=20)
        with balanced as http:
            person = Person(http, str, endpoint=arena.endpoint)
            page = person.follow(arena.authorization_url())
            return person.submit(form_of(page, "email"), email=address).status_code

    with ThreadPoolExecutor(max_workers=4) as threads:
        to_one = list(threads.map(start, ["anna@example.com"] * PEOPLE))
        to_many = list(threads.map(start, [arena.new_address() for _ in range(PEOPLE)]))
    expected = MAILS_OF_STRANGERS + PEOPLE
    assert eventually(lambda: mails_kept(one, two) >= expected)
    assert eventually(lambda: set(arena.ledger.all_mail_states()) == {"accepted"})
    arena.close()

    assert sorted(to_one) == [200] * MAILS_OF_STRANGERS + [429] * (PEOPLE - MAILS_OF_STRANGERS)
    assert to_many == [200] * PEOPLE
    assert mails_kept(one, two) == expected


def test_workers_serve_whole_sign_ins_and_count_together(
    tmp_path: Path, database_url: str | None
) -> None:
    with ServerProcess(tmp_path, database_url=database_url, workers=2, settings=TRUSTING) as server:
        arena = arena_of(server, database_url)

        def sign_in(number: int) -> bool:
            with arena.person() as (person, _):
                url = person.sign_in(arena.authorization_url(), f"person{number}@example.com")
                return "code=" in url

        with ThreadPoolExecutor(max_workers=4) as threads:
            arrived = list(threads.map(sign_in, range(PEOPLE)))
        asked = arena.crowd.send([httpx.Request("GET", f"{server.endpoint}/oidc/jwks")] * PEOPLE)
        texts = {
            tuple(counted(httpx.get(f"{server.health}/metrics", trust_env=False).text))
            for _ in range(6)
        }
        arena.close()

    assert arrived == [True] * PEOPLE
    assert {answer.status_code for answer in asked} == {httpx.codes.OK}
    assert texts == {(float(PEOPLE), float(PEOPLE), float(PEOPLE))}


def counted(metrics: str) -> list[float]:
    """Return the counts of key set requests, sign-ins and mails accepted."""
    patterns = (
        r'authserver_requests_total\{method="GET",route="/oidc/jwks",status="200"\} (\S+)',
        r'authserver_events_total\{event="session\.started"\} (\S+)',
        r'authserver_mail_attempts_total\{result="accepted",sender="outbox"\} (\S+)',
    )
    return [sum(map(float, re.findall(pattern, metrics))) for pattern in patterns]
