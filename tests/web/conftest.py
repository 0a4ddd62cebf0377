"""Servers with other settings, and the log of the server as operators see it."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from authserver.telemetry.logs import configure
from tests.support.provider import Provider, running_provider


@pytest.fixture
def provider_with(sqlite_database: str, tmp_path: Path) -> Iterator[Callable[..., Provider]]:
    """Return a function that starts a server with settings named without `AUTHSERVER_`."""
    with ExitStack() as running:

        def start(**settings: object) -> Provider:
            named = {f"AUTHSERVER_{name}": str(each) for name, each in settings.items()}
            return running.enter_context(
                running_provider(tmp_path, sqlite_database, settings=named)
            )

        yield start


@pytest.fixture
def secure_provider(provider_with: Callable[..., Provider]) -> Provider:
    """Return a server that browsers reach over TLS."""
    return provider_with(
        ENDPOINT="https://id.example.com", ALLOW_OUTBOX="true", MAIL__SENDERS="outbox"
    )


class Log:
    """What the server wrote to its log."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of one event, oldest first."""
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if line["event"] == event]


@pytest.fixture
def log() -> Iterator[Log]:
    """Return the log, kept in memory down to the least important event."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure(as_json=True, level="debug", stream=stream)
    yield Log(stream)
    root.handlers[:], root.level = handlers, level
