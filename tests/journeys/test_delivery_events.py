"""Delivery events of Direct Mail, as they come over HTTP, and what people see of them: nothing."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from authserver.domain.outgoing_mail import MailState
from tests.journeys.conftest import StartProvider
from tests.journeys.mail_walks import (
    CONNECTOR,
    begin,
    code_in,
    eventually,
    has_arrived,
    mails_to,
    settled,
)
from tests.support.direct_mail import DirectMailServer
from tests.support.provider import Provider, running_provider
from tests.support.stopped_clock import StoppedClock

ANNA = "anna@example.com"
SECRET = "a secret of delivery events"
MINUTE = timedelta(minutes=1)
HOOK = "/hooks/mail/aliyun"


@pytest.fixture
def provider(
    any_database: str, tmp_path: Path, direct_mail: DirectMailServer, clock: StoppedClock
) -> Iterator[Provider]:
    """Return a provider whose connector, kept in SQL, names the secret of its events."""
    settings = {"AUTHSERVER_MAIL__ALIYUN__ENDPOINT": direct_mail.url}
    with running_provider(tmp_path, any_database, settings=settings, clock=clock) as provider:
        provider.server.mail.configure(CONNECTOR | {"eventSecret": SECRET})
        yield provider


def event(kind: str, envelope: str | None, **data: str) -> dict[str, Any]:
    return {
        "id": f"{kind} of {envelope}",
        "type": kind,
        "data": {"env_id": envelope, "rcpt": ANNA, "err_msg": f"words about {ANNA}", **data},
    }


def send(
    provider: Provider, content: object, headers: Mapping[str, str | bytes] | None = None
) -> httpx.Response:
    """Call the hook as EventBridge does."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    named = {"Authorization": f"Bearer {SECRET}"} if headers is None else headers
    encoded = {
        name.encode(): value.encode() if isinstance(value, str) else value
        for name, value in {"Content-Type": "application/json", **named}.items()
    }
    return provider.http(source="198.51.100.7").post(HOOK, content=body, headers=encoded)


def envelope_of_mail(provider: Provider, address: str = ANNA) -> str | None:
    begin(provider, address)
    return settled(provider, address).attempts[-1].outcome.provider_id


@pytest.mark.parametrize("header", ["Authorization", "X-Event-Secret"])
def test_an_event_completes_the_timeline_and_comes_twice_without_harm(
    provider: Provider, header: str
) -> None:
    envelope = envelope_of_mail(provider)
    headers = {header: f"Bearer {SECRET}" if header == "Authorization" else SECRET}
    delivered = event("dm:Deliver:Succeed", envelope)

    answers = [send(provider, delivered, headers), send(provider, [delivered], headers)]

    assert [answer.status_code for answer in answers] == [204, 204]
    [story] = provider.server.mail.log(ANNA)
    assert [step.name for step in story.timeline] == ["queued", "sending", "accepted", "delivered"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {SECRET}"},
        {"X-Event-Secret": SECRET + "x"},
        {"X-Event-Secret": b"\xff\xfe"},
    ],
)
def test_whoever_lacks_the_secret_changes_nothing(
    provider: Provider, headers: Mapping[str, str | bytes]
) -> None:
    envelope = envelope_of_mail(provider)

    answer = send(provider, event("dm:Deliver:Fail", envelope, failed_type="SmtpNxBox"), headers)

    assert answer.status_code == 401
    assert provider.server.suppressions.list() == []
    assert provider.server.mail.log(ANNA)[0].events == ()


def test_the_secret_counts_for_nothing_in_the_url(provider: Provider) -> None:
    answer = provider.http().post(f"{HOOK}?token={SECRET}", content=b"[]")

    assert answer.status_code == 401


def test_without_a_secret_there_is_no_hook(
    start: StartProvider, aliyun_settings: dict[str, str]
) -> None:
    with start(aliyun_settings) as provider:
        bare = send(provider, [], {})
        empty = send(provider, [], {"Authorization": "Bearer "})

    assert (bare.status_code, empty.status_code) == (404, 404)


def test_the_secret_of_the_settings_counts_for_a_sender_in_sql_too(
    start: StartProvider, direct_mail: DirectMailServer
) -> None:
    settings = {
        "AUTHSERVER_MAIL__ALIYUN__ENDPOINT": direct_mail.url,
        "AUTHSERVER_MAIL__ALIYUN__EVENT_SECRET": SECRET,
    }
    with start(settings) as provider:
        provider.server.mail.configure(CONNECTOR)
        answer = send(provider, [])

    assert answer.status_code == 204


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\x00\xff", 400),
        (b"[" * 50_000, 400),
        (b'{"id": "x"}', 400),
        (b"9" * 300_000, 413),
        (b'{"id":"x","type":"dm:Deliver:Succeed","data":{"env_id":"\\u0000"}}', 204),
        (b'{"id":"\\ud800","type":"dm:Deliver:Succeed","data":{"env_id":"7","status":{}}}', 204),
        (b'{"id":"x","type":"dm:Deliver:Fail","data":{"env_id":"nobody\'s"}}', 204),
        (b'{"id":"x","type":"dm:Trace:Open"}', 204),
    ],
)
def test_nothing_that_is_sent_is_our_fault(provider: Provider, content: bytes, status: int) -> None:
    assert send(provider, content).status_code == status


def test_a_bounce_stops_mails_while_the_page_stays_the_same(
    provider: Provider, direct_mail: DirectMailServer
) -> None:
    before = begin(provider, ANNA).code_page
    envelope = settled(provider, ANNA).attempts[-1].outcome.provider_id
    send(provider, event("dm:Deliver:Fail", envelope, status="2", failed_type="SmtpNxBox"))

    provider.clock.advance(MINUTE)
    after = begin(provider, ANNA).code_page

    dropped = settled(provider, ANNA).mail
    assert (dropped.state, dropped.reason) == (MailState.DROPPED, "suppressed")
    assert len(mails_to(direct_mail.service, ANNA)) == 1
    assert after.status_code == before.status_code
    assert len(after.text) == len(before.text)
    assert provider.server.suppressions.remove(ANNA)
    provider.clock.advance(MINUTE)
    walk = begin(provider, ANNA)
    mail = eventually(lambda: mails_to(direct_mail.service, ANNA)[1:], "a mail")[-1]
    assert has_arrived(walk.enter(code_in(mail.parameters["TextBody"])))


def test_the_log_holds_neither_addresses_nor_the_providers_words_nor_the_secret(
    provider: Provider, log: Callable[[], str]
) -> None:
    envelope = envelope_of_mail(provider)
    send(provider, event("dm:Deliver:Fail", envelope, status="2", failed_type="SmtpNxBox"))
    send(provider, {"id": ANNA, "type": ANNA, "data": ANNA})
    send(provider, b"not JSON of " + ANNA.encode())
    send(provider, [], {"Authorization": f"Bearer {SECRET}x"})

    told = log()

    assert "mail.delivery_events" in told
    assert ANNA not in told
    assert "words about" not in told
    assert SECRET not in told
