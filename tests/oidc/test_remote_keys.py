"""Keys that a client keeps at its `jwks_uri`: fetched when needed, and not more often."""

import json
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from authserver.crypto.client_keys import MOST_KEYS
from authserver.oidc.remote_key_sets import MOST_KEY_SETS, RemoteKeySets
from tests.oidc.signing_client import SigningClient, new_key, public_set
from tests.oidc.test_private_key_jwt import is_known, is_refused
from tests.storage.racing import race_of
from tests.support.certificates import loopback_certificate
from tests.support.provider import Provider, running_provider
from tests.support.stopped_clock import StoppedClock
from tests.support.tls_site import Reply, TlsSite

URI = "https://client.example/jwks"


class KeySite:
    """A client's site, whose answer a test may change."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.document: Any = {"keys": []}
        self.answer: Callable[[], Reply] = lambda: (200, {}, json.dumps(self.document).encode())
        self.site = TlsSite(context, lambda _, __: self.answer())

    @property
    def times_asked(self) -> int:
        return len(self.site.asked)


@pytest.fixture
def sited(sqlite_database: str, tmp_path: Path) -> Iterator[tuple[Provider, KeySite]]:
    """Return a server that may call the client's site, and the site."""
    trusted, context = loopback_certificate(tmp_path)
    site = KeySite(context)
    settings = {
        "AUTHSERVER_OUTGOING__CA_FILE": str(trusted),
        "AUTHSERVER_OUTGOING__ALLOW": site.site.origin,
    }
    with site.site, running_provider(tmp_path, sqlite_database, settings=settings) as provider:
        yield provider, site


@pytest.fixture
def client(sited: tuple[Provider, KeySite]) -> SigningClient:
    """Return a client whose one key lies at its site."""
    provider, site = sited
    made = SigningClient.registered(provider, jwks_uri=f"{site.site.origin}/jwks")
    site.document = public_set(made.key)
    return made


@pytest.fixture
def site(sited: tuple[Provider, KeySite]) -> KeySite:
    return sited[1]


def replace_key(client: SigningClient, site: KeySite, kid: str) -> None:
    client.key = new_key("ES256", kid)
    site.document = public_set(client.key)


def test_the_keys_are_fetched_once_for_many_requests(client: SigningClient, site: KeySite) -> None:
    for _ in range(3):
        assert is_known(client.ask())

    assert site.site.asked == [("GET", "/jwks", site.site.origin.removeprefix("https://"))]


def test_requests_at_the_same_time_wait_for_the_same_fetch(
    client: SigningClient, site: KeySite
) -> None:
    answers = race_of([partial(client.ask, client.assertion()) for _ in range(6)])

    assert all(map(is_known, answers))
    assert site.times_asked == 1


def test_a_new_key_works_at_once_and_the_old_one_no_more(
    client: SigningClient, site: KeySite
) -> None:
    assert is_known(client.ask())
    left_over = client.assertion()

    replace_key(client, site, "two")

    assert is_known(client.ask())
    assert is_refused(client.ask(left_over))
    assert site.times_asked == 2


def test_a_new_key_without_an_id_works_at_once(client: SigningClient, site: KeySite) -> None:
    assert is_known(client.ask())

    replace_key(client, site, "two")

    assert is_known(client.ask(client.assertion({"kid": None})))


def test_unknown_keys_make_the_server_ask_again_once_a_minute(
    client: SigningClient, site: KeySite
) -> None:
    assert is_known(client.ask())
    for number in range(20):
        assert is_refused(client.ask(client.assertion({"kid": f"made up {number}"})))
    assert site.times_asked == 2

    client.provider.clock.advance(timedelta(seconds=61))
    for number in range(20):
        assert is_refused(client.ask(client.assertion({"kid": f"made up {number}"})))

    assert site.times_asked == 3
    assert is_known(client.ask())


def test_keys_are_looked_at_again_after_ten_minutes(client: SigningClient, site: KeySite) -> None:
    assert is_known(client.ask())
    left_over = client.key
    replace_key(client, site, "two")
    client.key = left_over

    client.provider.clock.advance(timedelta(minutes=9))
    assert is_known(client.ask())
    client.provider.clock.advance(timedelta(minutes=2))

    assert is_refused(client.ask())


def test_a_site_that_is_away_for_a_while_locks_nobody_out(
    client: SigningClient, site: KeySite
) -> None:
    assert is_known(client.ask())
    site.answer = lambda: (503, {}, b"")

    for _ in range(5):
        client.provider.clock.advance(timedelta(minutes=11))
        assert is_known(client.ask())
    client.provider.clock.advance(timedelta(minutes=11))

    assert is_refused(client.ask())


@pytest.mark.parametrize(
    "reply",
    [
        (404, {}, b""),
        (302, {"location": "/other"}, b""),
        (200, {}, b""),
        (200, {}, b"not JSON"),
        (200, {}, b"\xff\xfe"),
        (200, {}, b"[" * 60_000),
        (200, {}, b"9" * 60_000),
        (200, {}, b'{"keys": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
        (200, {}, b" " * 70_000),
        (200, {}, b"[]"),
        (200, {}, b"{}"),
        (200, {}, b'{"keys": {}}'),
        (200, {}, b'{"keys": [1, null, {}, {"kty": "EC"}, {"kty": ["RSA"]}]}'),
        (200, {"content-length": "5"}, b'{"k'),
    ],
    ids=range(14),
)
def test_whatever_the_site_answers_the_client_is_refused_or_known(
    client: SigningClient, site: KeySite, reply: Reply
) -> None:
    site.answer = lambda: reply

    assert is_refused(client.ask())
    assert site.site.asked[0][1] == "/jwks"
    assert len({path for _, path, _ in site.site.asked}) == 1


def test_keys_that_cannot_be_used_are_passed_over(client: SigningClient, site: KeySite) -> None:
    good = client.key.as_dict(private=False)
    off_the_curve = {**good, "x": good["y"], "kid": "off the curve"}
    even = {"kty": "RSA", "n": "A" * 342 + "w", "e": "AgAA"}
    short = {"kty": "RSA", "n": "_" * 170, "e": "AQAB"}
    endless = {"kty": "RSA", "n": "_" * 1390, "e": "AQAB"}
    symmetric = {"kty": "oct", "k": "c2VjcmV0"}
    site.document = {
        "keys": [off_the_curve, even, short, endless, symmetric, {**good, "crv": "X"}, good]
    }

    assert is_known(client.ask())
    assert is_refused(client.ask(client.assertion({"kid": "off the curve"})))


def test_a_private_key_that_was_published_proves_nothing(
    client: SigningClient, site: KeySite
) -> None:
    site.document = {"keys": [client.key.as_dict(private=True)]}

    assert is_refused(client.ask())


def test_a_set_of_very_many_keys_is_refused(client: SigningClient, site: KeySite) -> None:
    good = client.key.as_dict(private=False)
    site.document = {"keys": [{**good, "kid": str(each)} for each in range(MOST_KEYS)] + [good]}

    assert is_refused(client.ask())


@pytest.mark.parametrize(
    "uri",
    [
        "https://localhost:1/jwks",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/jwks",
        "https://[::1]/jwks",
        "https://no-such-host.invalid/jwks",
    ],
)
def test_a_site_in_a_network_that_is_not_public_is_not_called(provider: Provider, uri: str) -> None:
    client = SigningClient.registered(provider, jwks_uri=uri)

    assert is_refused(client.ask())
    assert is_refused(client.ask())


def test_the_memory_for_key_sets_is_bounded() -> None:
    clock = StoppedClock()
    remote = RemoteKeySets(clock)
    keys = json.dumps(public_set(new_key("ES256"))).encode()
    for number in range(MOST_KEY_SETS + 10):
        assert remote.claim(f"{URI}/{number}")
        assert remote.receive(f"{URI}/{number}", keys) == "kept"

    known = [remote.find(f"{URI}/{number}") is not None for number in range(MOST_KEY_SETS + 10)]

    assert known == [False] * 10 + [True] * MOST_KEY_SETS


def test_what_arrives_after_its_place_was_taken_takes_no_place_of_its_own() -> None:
    remote = RemoteKeySets(StoppedClock())
    keys = json.dumps(public_set(new_key("ES256"))).encode()

    assert remote.claim(URI)
    for number in range(MOST_KEY_SETS):
        remote.claim(f"{URI}/{number}")

    assert remote.receive(URI, keys) == "its place is taken"
    assert remote.find(URI) is None
