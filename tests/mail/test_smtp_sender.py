import email
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import anyio
import pytest

from authserver.domain.mail_senders import SmtpSettings, SmtpTls
from authserver.domain.outgoing_mail import ComposedMail, MailResult
from authserver.domain.secret import Secret
from authserver.mail.senders.smtp import SmtpSender
from authserver.outbound.trust import trusting_context
from tests.support.certificates import loopback_certificate
from tests.support.smtp_server import Script, SmtpServer
from tests.support.stopped_clock import StoppedClock

pytestmark = pytest.mark.anyio

PASSWORD = "correct-horse"


@dataclass(frozen=True)
class Tls:
    server: ssl.SSLContext
    trust: ssl.SSLContext
    strangers_trust: ssl.SSLContext


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    trusted, server = loopback_certificate(tmp_path_factory.mktemp("certificate"))
    return Tls(server, trusting_context(Path(trusted)), trusting_context())


@pytest.fixture
def server(tls: Tls) -> Iterator[SmtpServer]:
    script = Script(username="noreply@mail.example.com", password=PASSWORD)
    with SmtpServer(script, tls=tls.server) as server:
        yield server


@pytest.fixture
def settings(server: SmtpServer) -> SmtpSettings:
    return SmtpSettings(
        host="localhost",
        port=server.port,
        username="noreply@mail.example.com",
        password=Secret(PASSWORD),
        tls=SmtpTls.STARTTLS,
        from_address="Example ID <noreply@mail.example.com>",
    )


@pytest.fixture
def sender(settings: SmtpSettings, tls: Tls, clock: StoppedClock) -> SmtpSender:
    return SmtpSender(settings, clock, tls.trust)


def parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=default)


async def test_a_mail_arrives_once_encrypted_with_both_parts_and_its_headers(
    server: SmtpServer, sender: SmtpSender, mail: ComposedMail
) -> None:
    server.script.final = "250 Data Ok: queued as freedom ### envid=148316944"

    outcome = await sender.send(mail)

    assert (outcome.result, outcome.provider_id) == (MailResult.ACCEPTED, "148316944")
    (received,) = server.received
    assert received.was_encrypted
    assert received.was_logged_in
    assert (received.sender, received.recipients) == (
        "noreply@mail.example.com",
        ["Alice+x@example.org"],
    )
    message = parsed(received.content)
    assert dict(message.items()) == {
        "From": "Example ID <noreply@mail.example.com>",
        "To": "Alice+x@example.org",
        "Subject": mail.subject,
        "Date": "Sun, 22 Nov 2026 14:03:00 +0000",
        "Message-ID": mail.message_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": message["Content-Type"],
    }
    text, page = message.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(page, EmailMessage)
    assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().splitlines() == mail.text.splitlines()
    assert page.get_content().splitlines() == mail.html.splitlines()
    assert received.content.isascii()


async def test_the_machines_own_name_is_not_told(
    server: SmtpServer, sender: SmtpSender, mail: ComposedMail
) -> None:
    await sender.send(mail)

    assert server.commands[0] == "EHLO mail.example.com"


async def test_tls_from_the_start_works_likewise(
    settings: SmtpSettings, tls: Tls, clock: StoppedClock, mail: ComposedMail
) -> None:
    script = Script(username=settings.username, password=PASSWORD)
    with SmtpServer(script, tls=tls.server, implicit_tls=True) as server:
        own = replace(settings, port=server.port, tls=SmtpTls.IMPLICIT)

        outcome = await SmtpSender(own, clock, tls.trust).send(mail)

        assert outcome.result is MailResult.ACCEPTED
        assert [received.was_encrypted for received in server.received] == [True]


@pytest.mark.parametrize("mode", [SmtpTls.STARTTLS, SmtpTls.IMPLICIT])
async def test_a_certificate_that_nobody_vouches_for_ends_the_conversation(
    settings: SmtpSettings, tls: Tls, clock: StoppedClock, mail: ComposedMail, mode: SmtpTls
) -> None:
    with SmtpServer(tls=tls.server, implicit_tls=mode is SmtpTls.IMPLICIT) as server:
        own = replace(settings, port=server.port, tls=mode)

        outcome = await SmtpSender(own, clock, tls.strangers_trust).send(mail)

        assert outcome.result is MailResult.NOT_ACCEPTED
        assert server.received == []
        assert "AUTH" not in server.commands


async def test_without_starttls_on_offer_nothing_is_told(
    server: SmtpServer, sender: SmtpSender, mail: ComposedMail
) -> None:
    server.script.has_starttls = False

    outcome = await sender.send(mail)

    assert (outcome.result, outcome.is_configuration_fault) == (MailResult.REFUSED, True)
    assert server.commands == ["EHLO mail.example.com"]


async def test_without_tls_and_login_a_mail_arrives_at_this_machine(
    settings: SmtpSettings, tls: Tls, clock: StoppedClock, mail: ComposedMail
) -> None:
    with SmtpServer() as server:
        own = replace(settings, port=server.port, tls=SmtpTls.NONE, username=None, password=None)

        outcome = await SmtpSender(own, clock, tls.trust).send(mail)

        assert outcome.result is MailResult.ACCEPTED
        assert len(server.received) == 1


def test_a_password_never_goes_unprotected_to_another_machine(
    settings: SmtpSettings, tls: Tls, clock: StoppedClock
) -> None:
    own = replace(settings, host="mail.example.com", tls=SmtpTls.NONE)

    with pytest.raises(ValueError, match="unprotected"):
        SmtpSender(own, clock, tls.trust)


@pytest.mark.parametrize(
    ("verb", "reply", "result", "is_configuration_fault"),
    [
        ("AUTH", "535 5.7.8 wrong", MailResult.REFUSED, True),
        ("AUTH", "454 4.7.0 later", MailResult.NOT_ACCEPTED, False),
        ("MAIL", "451 4.7.1 later", MailResult.NOT_ACCEPTED, False),
        ("MAIL", "436 sender differs", MailResult.REFUSED, True),
        ("MAIL", "553 5.7.1 not yours", MailResult.REFUSED, True),
        ("MAIL", "552 5.2.2 quota", MailResult.REFUSED, False),
        ("RCPT", "450 4.2.0 greylisted", MailResult.NOT_ACCEPTED, False),
        ("RCPT", "550 5.1.1 unknown", MailResult.RECIPIENT_REFUSED, False),
        ("RCPT", "553 5.1.3 malformed", MailResult.RECIPIENT_REFUSED, False),
        ("RCPT", "552 5.2.2 quota", MailResult.REFUSED, False),
        ("RCPT", "554 5.7.1 relay access denied", MailResult.REFUSED, False),
        ("DATA", "421 4.3.0 going down", MailResult.NOT_ACCEPTED, False),
        ("DATA", "554 5.7.1 spam", MailResult.REFUSED, False),
    ],
)
async def test_a_refusing_reply_has_its_class(  # noqa: PLR0913 - four columns of one table
    server: SmtpServer,
    sender: SmtpSender,
    mail: ComposedMail,
    verb: str,
    reply: str,
    result: MailResult,
    *,
    is_configuration_fault: bool,
) -> None:
    server.script.replies = {verb: reply}

    outcome = await sender.send(mail)

    assert outcome.result is result
    assert outcome.is_configuration_fault == is_configuration_fault
    assert outcome.status == int(reply[:3])
    assert not outcome.another_sender_may_try
    assert server.received == []


@pytest.mark.parametrize("code", [559, 563])
async def test_a_recipient_in_the_providers_own_library_may_be_tried_elsewhere(
    server: SmtpServer, sender: SmtpSender, mail: ComposedMail, code: int
) -> None:
    server.script.final = f"{code} invalid address"

    outcome = await sender.send(mail)

    assert outcome.result is MailResult.RECIPIENT_REFUSED
    assert outcome.another_sender_may_try


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT"])
async def test_a_connection_lost_before_the_content_has_brought_nothing(
    server: SmtpServer, sender: SmtpSender, mail: ComposedMail, verb: str
) -> None:
    server.script.cuts = frozenset({verb})

    outcome = await sender.send(mail)

    assert outcome.result is MailResult.NOT_ACCEPTED
    assert server.received == []


async def test_a_connection_lost_after_the_content_may_have_brought_it(
    server: SmtpServer, sender: SmtpSender, mail: ComposedMail
) -> None:
    server.script.cuts = frozenset({"CONTENT"})

    outcome = await sender.send(mail)

    assert outcome.result is MailResult.UNKNOWN
    assert len(server.received) == 1


async def test_a_server_that_falls_silent_after_the_content_may_have_taken_it(
    server: SmtpServer, sender: SmtpSender, mail: ComposedMail
) -> None:
    server.script.hangs = frozenset({"CONTENT"})

    with anyio.fail_after(9):
        outcome = await sender.send(mail)

    assert (outcome.result, outcome.error_code) == (MailResult.UNKNOWN, "SMTPReadTimeoutError")
    assert len(server.received) == 1


async def test_a_reply_that_means_nothing_after_the_content_is_unknown(
    server: SmtpServer, sender: SmtpSender, mail: ComposedMail
) -> None:
    server.script.final = "hello"

    outcome = await sender.send(mail)

    assert outcome.result is MailResult.UNKNOWN


async def test_a_port_without_a_server_has_taken_nothing(
    settings: SmtpSettings, tls: Tls, clock: StoppedClock, mail: ComposedMail
) -> None:
    outcome = await SmtpSender(replace(settings, port=1), clock, tls.trust).send(mail)

    assert outcome.result is MailResult.NOT_ACCEPTED


async def test_an_attempt_that_is_cut_off_leaves_no_connection_behind(
    server: SmtpServer, sender: SmtpSender, mail: ComposedMail
) -> None:
    server.script.hangs = frozenset({"RCPT"})

    with anyio.move_on_after(0.2) as scope:
        await sender.send(mail)
    server.script.hangs = frozenset()
    outcome = await sender.send(mail)

    assert scope.cancelled_caught
    assert outcome.result is MailResult.ACCEPTED


async def test_a_local_part_in_another_script_needs_a_server_that_understands_it(
    server: SmtpServer, sender: SmtpSender, mail: ComposedMail
) -> None:
    foreign = replace(mail, to="josé@bücher.example")

    refused = await sender.send(foreign)
    server.script.has_smtputf8 = True
    accepted = await sender.send(foreign)

    assert (refused.result, refused.another_sender_may_try) == (
        MailResult.RECIPIENT_REFUSED,
        True,
    )
    assert accepted.result is MailResult.ACCEPTED
    assert [received.recipients for received in server.received] == [["josé@xn--bcher-kva.example"]]


async def test_neither_password_nor_code_reaches_the_log(
    server: SmtpServer, sender: SmtpSender, mail: ComposedMail, log: Callable[[], str]
) -> None:
    server.script.replies = {"DATA": "554 5.7.1 refused: 493817"}

    outcome = await sender.send(mail)

    for forbidden in (PASSWORD, "493817"):
        assert forbidden not in log()
        assert forbidden not in repr(outcome)
