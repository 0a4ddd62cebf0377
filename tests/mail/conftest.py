"""Fixtures of the mail tests: asyncio, a stopped clock, a mail, and the captured log."""

import json
import logging
from collections.abc import Callable, Iterator

import pytest

from authserver.domain.emails import UsageType
from authserver.domain.outgoing_mail import ComposedMail
from authserver.domain.secret import Secret
from tests.support.stopped_clock import StoppedClock

CODE = "493817"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def mail(clock: StoppedClock) -> ComposedMail:
    return ComposedMail(
        message_id="<k3v9@id.example.com>",
        to="Alice+x@example.org",
        subject=f"{CODE} is your Example sign-in code",
        text=f"{CODE}\n\nThis is your code.\n",
        html=f"<p>{CODE}</p><p>Grüße, 验证码</p>",
        locale="en",
        usage_type=UsageType.SIGN_IN,
        created_at=clock.now(),
        code=Secret(CODE),
    )


class KeepingHandler(logging.Handler):
    """Keeps every record as the JSON line it would become."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        members = {**vars(record), "rendered": self.format(record)}
        self.lines.append(json.dumps(members, default=repr))


@pytest.fixture
def log() -> Iterator[Callable[[], str]]:
    """Give what has been logged by the whole process so far, extra fields included."""
    handler = KeepingHandler()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: "\n".join(handler.lines)
    root.setLevel(level)
    root.removeHandler(handler)
