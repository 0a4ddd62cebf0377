"""Whole sign-ins by codes that a mail server carries, over each kind of protection."""

import ssl
from contextlib import ExitStack
from pathlib import Path

import pytest

from authserver.domain.outgoing_mail import MailState
from tests.journeys.conftest import StartProvider
from tests.journeys.mail_walks import (
    SENDER,
    begin,
    eventually,
    has_arrived,
    settled,
    tried,
)
from tests.journeys.test_mail_faults import code_of, parsed
from tests.support.certificates import loopback_certificate
from tests.support.smtp_server import Script, SmtpServer

ANNA = "anna@example.com"
PASSWORD = "correct-horse"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return loopback_certificate(tmp_path_factory.mktemp("certificate"))


def smtp_settings(server: SmtpServer, tls: str) -> dict[str, str]:
    return {
        "AUTHSERVER_MAIL__SENDERS": "smtp",
        "AUTHSERVER_MAIL__SMTP__HOST": "localhost",
        "AUTHSERVER_MAIL__SMTP__PORT": str(server.port),
        "AUTHSERVER_MAIL__SMTP__USERNAME": SENDER,
        "AUTHSERVER_MAIL__SMTP__PASSWORD": PASSWORD,
        "AUTHSERVER_MAIL__SMTP__TLS": tls,
        "AUTHSERVER_MAIL__SMTP__FROM": f"Bookstore <{SENDER}>",
    }


def opened(
    stack: ExitStack, context: ssl.SSLContext, tls: str, *, has_starttls: bool = True
) -> SmtpServer:
    script = Script(username=SENDER, password=PASSWORD, has_starttls=has_starttls)
    server = SmtpServer(script, tls=context, implicit_tls=tls == "implicit")
    return stack.enter_context(server)


@pytest.mark.parametrize("tls", ["implicit", "starttls", "none"])
def test_a_code_by_a_mail_server_signs_in(
    start: StartProvider, certificate: tuple[Path, ssl.SSLContext], tls: str
) -> None:
    trusted, context = certificate
    with ExitStack() as stack:
        server = opened(stack, context, tls)
        settings = {**smtp_settings(server, tls), "AUTHSERVER_OUTGOING__CA_FILE": str(trusted)}
        provider = stack.enter_context(start(settings))
        walk = begin(provider, ANNA)
        story = settled(provider, ANNA)
        (received,) = server.received

        answer = walk.enter(code_of(parsed(received.content)))

    assert has_arrived(answer)
    assert (received.sender, received.recipients) == (SENDER, [ANNA])
    assert (received.was_encrypted, received.was_logged_in) == (tls != "none", True)
    assert tried(story) == ["smtp accepted"]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_nothing_is_handed_to_a_mail_server_that_cannot_prove_itself(
    start: StartProvider, certificate: tuple[Path, ssl.SSLContext], tls: str
) -> None:
    with ExitStack() as stack:
        server = opened(stack, certificate[1], tls)
        provider = stack.enter_context(start(smtp_settings(server, tls)))
        begin(provider, ANNA)
        eventually(lambda: provider.server.mail.log(ANNA)[0].attempts, "the first attempts")
        story = provider.server.mail.log(ANNA)[0]

    assert server.received == []
    assert "AUTH" not in server.commands
    assert story.mail.state is not MailState.ACCEPTED
    assert "smtp accepted" not in tried(story)


def test_a_mail_server_without_encryption_gets_neither_password_nor_mail(
    start: StartProvider, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    with ExitStack() as stack:
        server = opened(stack, certificate[1], "starttls", has_starttls=False)
        provider = stack.enter_context(start(smtp_settings(server, "starttls")))
        begin(provider, ANNA)
        eventually(lambda: provider.server.mail.log(ANNA)[0].attempts, "the first attempts")

    assert server.received == []
    assert not {"AUTH", "DATA"} & {command.partition(" ")[0] for command in server.commands}
