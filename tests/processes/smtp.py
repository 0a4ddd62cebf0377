"""A server process that sends over SMTP, and what arrives there."""

import re
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.races.arena import Arena
from tests.support.databases import sqlite_url
from tests.support.server_process import ServerProcess
from tests.support.smtp_server import SmtpServer

PATIENCE_SECONDS = 20.0


def sending_over(smtp: SmtpServer, folder: Path, database_url: str | None = None) -> ServerProcess:
    """Return a server that has one sender."""
    settings = {
        "AUTHSERVER_MAIL__SENDERS": "smtp",
        "AUTHSERVER_MAIL__SMTP__HOST": "127.0.0.1",
        "AUTHSERVER_MAIL__SMTP__PORT": str(smtp.port),
        "AUTHSERVER_MAIL__SMTP__TLS": "none",
        "AUTHSERVER_MAIL__SMTP__FROM": "no-reply@example.com",
    }
    return ServerProcess(folder, database_url=database_url, settings=settings)


def arena_of(server: ServerProcess, database_url: str | None = None) -> Arena:
    """Return the people in front of a running server."""
    return Arena(server, database_url or sqlite_url(server.data_dir / "authserver.db"), seed=0)


def letters(smtp: SmtpServer) -> list[EmailMessage]:
    """Return the mails that arrived, oldest first."""
    return [message_from_bytes(mail.content, policy=policy.default) for mail in smtp.received]


def code_of(letter: EmailMessage) -> str:
    """Return the code that a mail carries."""
    found = re.search(r"\b\d{6}\b|\b\d{3} \d{3}\b", str(letter["Subject"]))
    assert found is not None
    return found[0].replace(" ", "")


def eventually(is_so: Callable[[], bool]) -> bool:
    """Wait until something is so; False where it does not come to it."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        if is_so():
            return True
        time.sleep(0.05)
    return False
