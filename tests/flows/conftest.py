"""Servers with other numbers than the default ones."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.provider import Provider, running_provider


@pytest.fixture
def provider_with(sqlite_database: str, tmp_path: Path) -> Iterator[Callable[..., Provider]]:
    """Return a function that starts a server with settings named without `AUTHSERVER_CODES__`."""
    with ExitStack() as running:

        def start(**numbers: object) -> Provider:
            settings = {f"AUTHSERVER_CODES__{name}": str(each) for name, each in numbers.items()}
            return running.enter_context(
                running_provider(tmp_path, sqlite_database, settings=settings)
            )

        yield start
