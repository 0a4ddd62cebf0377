"""What the tests of loops share: the post office, and anyio's only backend here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.office import Office, open_office


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def office(any_database: str, tmp_path: Path) -> Iterator[Office]:
    with open_office(any_database, tmp_path) as opened:
        yield opened
