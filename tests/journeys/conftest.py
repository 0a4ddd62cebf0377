"""Providers whose mail goes somewhere: to a stand-in for Direct Mail, to a mail server."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from authserver.telemetry.logs import JsonFormatter
from tests.journeys.mail_walks import KEY_ID, KEY_SECRET, SENDER
from tests.support.direct_mail import DirectMailServer, DirectMailService
from tests.support.provider import Provider, running_provider
from tests.support.smtp_server import SmtpServer
from tests.support.stopped_clock import StoppedClock

StartProvider = Callable[[Mapping[str, str]], AbstractContextManager[Provider]]


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def direct_mail(clock: StoppedClock) -> Iterator[DirectMailServer]:
    with DirectMailServer(DirectMailService(now=clock.now)) as server:
        yield server


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def aliyun_settings(direct_mail: DirectMailServer) -> dict[str, str]:
    """Return settings that send through the stand-in."""
    return {
        "AUTHSERVER_MAIL__SENDERS": "aliyun",
        "AUTHSERVER_MAIL__ALIYUN__ACCESS_KEY_ID": KEY_ID,
        "AUTHSERVER_MAIL__ALIYUN__ACCESS_KEY_SECRET": KEY_SECRET,
        "AUTHSERVER_MAIL__ALIYUN__ACCOUNT_NAME": SENDER,
        "AUTHSERVER_MAIL__ALIYUN__ENDPOINT": direct_mail.url,
    }


@pytest.fixture
def chain_settings(aliyun_settings: dict[str, str], smtp: SmtpServer) -> dict[str, str]:
    """Return settings that send through the stand-in, and fail over to a mail server."""
    return {
        **aliyun_settings,
        "AUTHSERVER_MAIL__SENDERS": "aliyun,smtp",
        "AUTHSERVER_MAIL__SMTP__HOST": "127.0.0.1",
        "AUTHSERVER_MAIL__SMTP__PORT": str(smtp.port),
        "AUTHSERVER_MAIL__SMTP__TLS": "none",
        "AUTHSERVER_MAIL__SMTP__FROM": SENDER,
    }


@pytest.fixture
def start(tmp_path: Path, sqlite_database: str, clock: StoppedClock) -> StartProvider:
    """Return what starts a provider with settings of the test's own."""
    return lambda settings: running_provider(
        tmp_path, sqlite_database, settings=settings, clock=clock
    )


class KeepingHandler(logging.Handler):
    """Keeps each record as the line of the log that it becomes, without its time."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.lines: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        line: dict[str, object] = json.loads(self.format(record))
        del line["time"]
        self.lines.append(line)


@pytest.fixture
def log() -> Iterator[Callable[[], str]]:
    """Give all that the server has logged so far, at the level that tells most."""
    handler = KeepingHandler()
    root = logging.getLogger()
    own = logging.getLogger("authserver")
    levels = root.level, own.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    own.setLevel(logging.DEBUG)
    yield lambda: "\n".join(json.dumps(line, ensure_ascii=False) for line in handler.lines)
    root.setLevel(levels[0])
    own.setLevel(levels[1])
    root.removeHandler(handler)
