"""The same storage on both databases: a copy of a migrated template for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from authserver.storage.database import open_database
from authserver.storage.unit_of_work import Storage
from tests.support.databases import sqlite_url


@pytest.fixture
def sqlite_storage(sqlite_path: Path) -> Iterator[Storage]:
    database = open_database(sqlite_url(sqlite_path))
    yield Storage(database)
    database.close()


@pytest.fixture
def postgres_storage(postgres_url: str) -> Iterator[Storage]:
    database = open_database(postgres_url)
    yield Storage(database)
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Return storage over either database, empty but for its schema."""
    chosen: Storage = request.getfixturevalue(f"{request.param}_storage")
    return chosen
