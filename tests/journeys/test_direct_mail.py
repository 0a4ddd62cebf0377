"""Whole sign-ins by codes that Direct Mail carries, configured in either way."""

import html
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.journeys.conftest import StartProvider
from tests.journeys.mail_walks import (
    CONNECTOR,
    SENDER,
    authorization_url,
    begin,
    code_in,
    eventually,
    has_arrived,
    mails_to,
    message_id_of,
    settled,
    tried,
)
from tests.support.direct_mail import AcceptedMail, DirectMailServer, Fault
from tests.support.person import Person
from tests.support.provider import Provider, running_provider
from tests.support.server_process import ServerProcess
from tests.support.stopped_clock import StoppedClock

ANNA = "anna@example.com"


def first_mail(direct_mail: DirectMailServer, address: str = ANNA) -> AcceptedMail:
    return eventually(lambda: mails_to(direct_mail.service, address), "a mail")[0]


@pytest.fixture
def configured(
    any_database: str, tmp_path: Path, direct_mail: DirectMailServer, clock: StoppedClock
) -> Iterator[Provider]:
    """Return a provider that began with its outbox and was given a connector."""
    settings = {"AUTHSERVER_MAIL__ALIYUN__ENDPOINT": direct_mail.url}
    with running_provider(tmp_path, any_database, settings=settings, clock=clock) as provider:
        provider.server.mail.configure(CONNECTOR)
        yield provider


def test_a_sender_of_the_settings_brings_the_code_that_signs_in(
    start: StartProvider, aliyun_settings: dict[str, str], direct_mail: DirectMailServer
) -> None:
    with start(aliyun_settings) as provider:
        walk = begin(provider, ANNA)
        mail = first_mail(direct_mail)

        answer = walk.enter(code_in(mail.parameters["TextBody"]))

        story = settled(provider, ANNA)
    assert has_arrived(answer)
    assert (mail.parameters["AccountName"], mail.to) == (SENDER, ANNA)
    assert code_in(mail.parameters["TextBody"]) in mail.parameters["HtmlBody"]
    assert tried(story) == ["aliyun accepted"]
    assert story.attempts[0].outcome.provider_id == mail.envelope_id


def test_a_connector_stored_while_the_server_runs_carries_the_next_code_in_its_template(
    configured: Provider, direct_mail: DirectMailServer
) -> None:
    walk = begin(configured, ANNA)
    mail = first_mail(direct_mail)
    code = code_in(mail.parameters["TextBody"])

    answer = walk.enter(code)

    assert has_arrived(answer)
    assert mail.parameters["Subject"] == "登录验证码"
    assert f"您正在登录。验证码 <b>{code}</b>" in mail.parameters["HtmlBody"]
    assert mail.parameters["FromAlias"] == "Bookstore"
    assert configured.mails(ANNA) == []


def test_what_a_template_names_is_escaped(
    configured: Provider, direct_mail: DirectMailServer
) -> None:
    name = "Tom & <i>Jerry</i>"
    person = Person(
        configured.http(),
        lambda address: code_in(first_mail(direct_mail, address).parameters["TextBody"]),
        endpoint=configured.endpoint,
    )

    answer = person.sign_in(authorization_url(configured, name), ANNA)

    body = first_mail(direct_mail).parameters["HtmlBody"]
    assert has_arrived(answer)
    assert html.escape(name) in body
    assert name not in body


def test_a_mail_known_to_be_accepted_is_never_sent_again(
    configured: Provider, direct_mail: DirectMailServer
) -> None:
    begin(configured, ANNA)
    settled(configured, ANNA)

    configured.clock.advance(timedelta(minutes=5))
    begin(configured, "ben@example.com")
    settled(configured, "ben@example.com")

    assert len(mails_to(direct_mail.service, ANNA)) == 1


def test_a_real_server_sends_by_the_connector_that_the_command_line_stored(
    tmp_path: Path,
) -> None:
    connector = tmp_path / "connector.json"
    connector.write_text(json.dumps(CONNECTOR), encoding="utf-8")
    with DirectMailServer() as direct_mail:
        settings = {"AUTHSERVER_MAIL__ALIYUN__ENDPOINT": direct_mail.url}
        with ServerProcess(tmp_path / "server", settings=settings) as server:
            server.authserver("mail", "configure", "--file", str(connector))
            made = server.authserver(
                *("client", "create", "--name", "Bookstore", "--kind", "web", "--no-pkce"),
                *("--redirect-uri", "http://localhost:3000/callback"),
            )
            with Person.browsing(
                server.endpoint,
                lambda address: code_in(first_mail(direct_mail, address).parameters["TextBody"]),
            ) as person:
                answer = person.sign_in(
                    f"{server.endpoint}/oidc/auth?client_id={made['client_id']}&scope=openid"
                    "&response_type=code&redirect_uri=http://localhost:3000/callback",
                    ANNA,
                )
            (story,) = server.authserver("mail", "log", "--to", ANNA)

        log = server.log.read_text()
    mail = first_mail(direct_mail)
    assert has_arrived(answer)
    assert mail.parameters["Subject"] == "登录验证码"
    assert story["state"] == "accepted"
    assert story["attempts"][0]["provider_id"] == mail.envelope_id
    for secret in (code_in(mail.parameters["TextBody"]), "testsecret"):
        assert secret not in log


def test_no_page_waits_for_a_provider_that_does_not_answer(
    start: StartProvider, aliyun_settings: dict[str, str], direct_mail: DirectMailServer
) -> None:
    direct_mail.service.misbehave(Fault.HANG)
    with start(aliyun_settings) as provider:
        walk = begin(provider, ANNA)
        eventually(lambda: direct_mail.service.calls, "a call that hangs")
        shown_again = walk.person.follow(str(walk.code_page.url))
        # Everything above was answered while the provider still kept its caller waiting.
        assert not direct_mail.released.is_set()
        assert direct_mail.service.accepted == []
        direct_mail.released.set()

        answer = walk.enter(code_in(first_mail(direct_mail).parameters["TextBody"]))

        story = settled(provider, ANNA)
    assert shown_again.status_code == 200
    assert has_arrived(answer)
    assert tried(story) == ["aliyun unknown", "aliyun accepted"]


def test_a_call_that_is_never_answered_ends_by_itself_and_is_made_once_more(
    start: StartProvider, aliyun_settings: dict[str, str], direct_mail: DirectMailServer
) -> None:
    direct_mail.service.misbehave(Fault.HANG)
    with start(aliyun_settings) as provider:
        walk = begin(provider, ANNA)

        # No help from the test: the time-out itself ends the call.
        answer = walk.enter(code_in(first_mail(direct_mail).parameters["TextBody"]))

        story = settled(provider, ANNA)
    assert not direct_mail.released.is_set()
    assert has_arrived(answer)
    assert tried(story) == ["aliyun unknown", "aliyun accepted"]


def test_a_mail_that_failed_altogether_leaves_as_soon_as_the_provider_is_back(
    start: StartProvider, aliyun_settings: dict[str, str], direct_mail: DirectMailServer
) -> None:
    direct_mail.service.misbehave(Fault.UNAVAILABLE, calls=3)
    with start(aliyun_settings) as provider:
        walk = begin(provider, ANNA)
        eventually(lambda: provider.server.mail.log(ANNA)[0].attempts, "the first attempts")

        provider.clock.advance(timedelta(seconds=2))
        answer = walk.enter(code_in(first_mail(direct_mail).parameters["TextBody"]))

        story = settled(provider, ANNA)
    assert has_arrived(answer)
    assert tried(story) == ["aliyun not_accepted"] * 3 + ["aliyun accepted"]


def test_asking_again_while_the_provider_is_down_brings_the_same_code_once_it_is_back(
    start: StartProvider, aliyun_settings: dict[str, str], direct_mail: DirectMailServer
) -> None:
    direct_mail.service.misbehave(Fault.UNAVAILABLE, calls=3)
    with start(aliyun_settings) as provider:
        walk = begin(provider, ANNA)
        eventually(lambda: provider.server.mail.log(ANNA)[0].attempts, "the first attempts")

        provider.clock.advance(timedelta(seconds=30))
        page = walk.ask_again()
        both = eventually(
            lambda: mails if len(mails := mails_to(direct_mail.service, ANNA)) == 2 else None,
            "both mails",
        )
        answer = walk.enter(code_in(both[1].parameters["TextBody"]))

    assert "again" in page.text
    assert len({code_in(mail.parameters["TextBody"]) for mail in both}) == 1
    assert len({message_id_of(mail) for mail in both}) == 2
    assert has_arrived(answer)


def test_a_wrong_secret_is_told_without_a_leak_and_mended_without_a_restart(
    configured: Provider, direct_mail: DirectMailServer, log: Callable[[], str]
) -> None:
    configured.server.mail.configure({**CONNECTOR, "accessKeySecret": "a-mistyped-secret"})
    walk = begin(configured, ANNA)
    refused = eventually(
        lambda: configured.server.mail.log(ANNA)[0].attempts, "the refused attempt"
    )

    configured.server.mail.configure(CONNECTOR)
    configured.clock.advance(timedelta(seconds=10))
    mail = first_mail(direct_mail)
    answer = walk.enter(code_in(mail.parameters["TextBody"]))

    assert refused[0].outcome.error_code == "SignatureDoesNotMatch"
    assert has_arrived(answer)
    assert b"mistyped" not in direct_mail.service.calls[0].body
    for secret in (
        code_in(mail.parameters["TextBody"]),
        "a-mistyped-secret",
        "testsecret",
        "string to sign",
        ANNA,
    ):
        assert secret not in log()
