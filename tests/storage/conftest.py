"""The same storage on both databases: a copy of a migrated template for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from authserver.storage.database import open_database
from authserver.storage.maintenance import upgrade
from authserver.storage.unit_of_work import Storage
from tests.support.databases import PostgresServer, postgres_server, sqlite_url

PROJECT = Path(__file__).parents[2]
ALEMBIC_INI = PROJECT / "alembic.ini"
MIGRATIONS = PROJECT / "migrations"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "authserver.db"
    upgrade(sqlite_url(path), ALEMBIC_INI, MIGRATIONS)
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    url = postgres.create_database()
    upgrade(url, ALEMBIC_INI, MIGRATIONS)
    return url


@pytest.fixture
def sqlite_path(sqlite_template: Path, tmp_path: Path) -> Path:
    """Return a migrated SQLite database of this test alone."""
    return Path(shutil.copy(sqlite_template, tmp_path / "authserver.db"))


@pytest.fixture
def sqlite_storage(sqlite_path: Path) -> Iterator[Storage]:
    database = open_database(sqlite_url(sqlite_path))
    yield Storage(database)
    database.close()


@pytest.fixture
def postgres_storage(postgres: PostgresServer, postgres_template: str) -> Iterator[Storage]:
    url = postgres.create_database(postgres_template)
    database = open_database(url)
    yield Storage(database)
    database.close()
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgres"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Return storage over either database, empty but for its schema."""
    chosen: Storage = request.getfixturevalue(f"{request.param}_storage")
    return chosen
