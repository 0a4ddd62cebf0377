import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path

import pytest

from authserver.outbound.address_guard import (
    Address,
    AddressGuard,
    Resolve,
    TargetForbidden,
    is_public,
)
from authserver.outbound.guarded_caller import AnswerTooLarge, Document, GuardedCaller
from authserver.outbound.http_caller import NoAnswer, NotReached
from authserver.outbound.trust import trusting_context
from tests.support.certificates import loopback_certificate
from tests.support.tls_site import Reply, TlsSite

pytestmark = pytest.mark.anyio

PUBLIC, PRIVATE = "93.184.215.14", "10.1.2.3"


def names(*answers: Sequence[str]) -> Resolve:
    """Return a resolver that gives one answer after the other, as a rebinding attacker's does."""
    left = list(answers)

    async def resolve(_: str, __: int) -> list[Address]:
        return [ip_address(each) for each in left.pop(0)]

    return resolve


@contextmanager
def site(folder: Path, reply: Callable[[str, str], Reply]) -> Iterator[tuple[TlsSite, Path]]:
    trusted, context = loopback_certificate(folder)
    with TlsSite(context, reply) as running:
        yield running, trusted


def caller_for(origin: str, trusted: Path) -> GuardedCaller:
    return GuardedCaller(AddressGuard(frozenset({origin})), trusting_context(trusted))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to be refused
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2001:0:53aa:64c:0:0:0:1",
    ],
)
async def test_an_address_that_is_not_public_is_never_called(address: str) -> None:
    guard = AddressGuard(resolve=names([address]))

    assert not is_public(ip_address(address))
    with pytest.raises(TargetForbidden, match="not public"):
        await guard.pin("https://client.example/jwks")


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
async def test_a_public_address_is_pinned_under_the_name_that_was_asked_for(address: str) -> None:
    guard = AddressGuard(resolve=names([address]))

    target = await guard.pin("https://client.example:8443/jwks?a=1#part")

    shown = f"[{address}]" if ":" in address else address
    assert target.url == f"https://{shown}:8443/jwks?a=1"
    assert (target.host, target.server_name) == ("client.example:8443", "client.example")


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(TargetForbidden):
        await AddressGuard(resolve=names([PUBLIC, PRIVATE])).pin("https://client.example/")


async def test_a_name_that_is_rebound_is_judged_at_each_call_and_looked_up_once() -> None:
    guard = AddressGuard(resolve=names([PUBLIC], [PRIVATE]))

    first = await guard.pin("https://client.example/")
    with pytest.raises(TargetForbidden):
        await guard.pin("https://client.example/")

    assert first.url == f"https://{PUBLIC}:443/"


@pytest.mark.parametrize(
    "url",
    [
        "http://client.example/",
        "https://user@client.example/",
        "https://",
        "ftp://client.example/",
        "file:///etc/passwd",
        "https://client.example:0/",
        "https://[::1",
        "https://client.example:99999/",
        "//client.example/",
        "",
    ],
)
async def test_what_is_no_plain_https_address_is_refused(url: str) -> None:
    with pytest.raises(TargetForbidden):
        await AddressGuard(resolve=names([PUBLIC])).pin(url)


async def test_a_name_that_nobody_knows_is_refused() -> None:
    with pytest.raises(TargetForbidden, match="not known"):
        await AddressGuard(resolve=names([])).pin("https://client.example/")


async def test_this_machine_is_refused_unless_its_origin_is_allowed(tmp_path: Path) -> None:
    with site(tmp_path, lambda *_: (200, {}, b"keys")) as (running, trusted):
        url = f"{running.origin}/jwks"
        stranger, friend = caller_for("https://other", trusted), caller_for(running.origin, trusted)

        refused = await stranger.get(url, accept="application/json")
        with pytest.raises(TargetForbidden):
            await stranger.post(url, content_type="text/plain", body=b"x")
        document = await friend.get(url, accept="application/json")
        await stranger.close()
        await friend.close()

    assert (refused.body, refused.may_come) == (None, False)
    assert document == Document(outcome="read", body=b"keys")
    assert running.asked == [("GET", "/jwks", f"localhost:{running.port}")]
    assert running.server_names[-1] == "localhost"


async def test_a_redirect_is_an_answer_and_is_not_followed(tmp_path: Path) -> None:
    away = {"location": "http://169.254.169.254/latest/meta-data"}
    with site(tmp_path, lambda *_: (302, away, b"")) as (running, trusted):
        caller = caller_for(running.origin, trusted)
        answer = await caller.post(f"{running.origin}/out", content_type="text/plain", body=b"x")
        await caller.close()

    assert answer.status == 302
    assert running.bodies == [b"x"]


@pytest.mark.parametrize(
    ("status", "may_come"), [(204, False), (302, False), (404, False), (500, True), (503, True)]
)
async def test_only_a_plain_200_brings_a_document(
    tmp_path: Path, status: int, *, may_come: bool
) -> None:
    body = b"" if status == HTTPStatus.NO_CONTENT else b"keys"
    with site(tmp_path, lambda *_: (status, {}, body)) as (running, trusted):
        caller = caller_for(running.origin, trusted)
        document = await caller.get(f"{running.origin}/", accept="*/*")
        await caller.close()

    assert document == Document(outcome=f"status {status}", may_come=may_come)


async def test_an_answer_without_end_is_cut_off(tmp_path: Path) -> None:
    with site(tmp_path, lambda *_: (200, {}, b"x" * 70_000)) as (running, trusted):
        caller = caller_for(running.origin, trusted)
        document = await caller.get(f"{running.origin}/", accept="*/*")
        with pytest.raises(AnswerTooLarge):
            await caller.post(f"{running.origin}/", content_type="text/plain", body=b"x")
        await caller.close()

    assert document == Document(outcome="the answer is too large")


async def test_a_certificate_that_is_not_trusted_is_not_reached(tmp_path: Path) -> None:
    with site(tmp_path, lambda *_: (200, {}, b"")) as (running, _):
        guard = AddressGuard(frozenset({running.origin}))
        caller = GuardedCaller(guard, ssl.create_default_context())
        document = await caller.get(f"{running.origin}/", accept="*/*")
        with pytest.raises((NotReached, NoAnswer)):
            await caller.post(f"{running.origin}/", content_type="text/plain", body=b"x")
        await caller.close()

    assert (document.body, document.may_come) == (None, True)
