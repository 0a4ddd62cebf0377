"""Delivery over a real database of either kind, and mails that are owed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.office import Office, open_office


@pytest.fixture
def office(any_database: str, tmp_path: Path) -> Iterator[Office]:
    with open_office(any_database, tmp_path) as opened:
        yield opened
