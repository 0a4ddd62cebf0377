"""What every test may ask for: migrated databases of its own, and a server in front of them."""

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from authserver.storage.maintenance import upgrade
from tests.support.databases import PostgresServer, postgres_server, sqlite_url
from tests.support.provider import Provider, running_provider
from tests.support.server_process import ServerProcess
from tests.support.shared_statements import share_compiled_statements

PROJECT = Path(__file__).parents[1]
ALEMBIC_INI = PROJECT / "alembic.ini"
MIGRATIONS = PROJECT / "migrations"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `dev.py campaign browser` ask for what takes too long for every run."""
    parser.addoption(
        "--every-state",
        action="store_true",
        help="in the browser: every state of every page, and every walk without script, too",
    )


def pytest_collection_finish() -> None:
    """Spare the collector what was imported: looking through it again and again takes a while."""
    gc.collect()
    gc.freeze()
    share_compiled_statements()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "authserver.db"
    upgrade(sqlite_url(path), ALEMBIC_INI, MIGRATIONS)
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server(is_durable=False) as server:
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
def postgres_url(postgres: PostgresServer, postgres_template: str) -> Iterator[str]:
    """Return a migrated PostgreSQL database of this test alone."""
    url = postgres.create_database(postgres_template)
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def prepared_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database that a server has prepared: its signing key is made once for all tests."""
    folder = tmp_path_factory.mktemp("prepared")
    path = Path(shutil.copy(sqlite_template, folder / "authserver.db"))
    with running_provider(folder, sqlite_url(path)):
        pass
    return path


@pytest.fixture(scope="session")
def prepared_postgres(
    postgres: PostgresServer, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> str:
    url = postgres.create_database(postgres_template)
    with running_provider(tmp_path_factory.mktemp("prepared"), url):
        pass
    return url


@pytest.fixture
def sqlite_database(prepared_sqlite: Path, tmp_path: Path) -> str:
    """Return the URL of a prepared SQLite database of this test alone."""
    return sqlite_url(Path(shutil.copy(prepared_sqlite, tmp_path / "authserver.db")))


@pytest.fixture
def postgres_database(postgres: PostgresServer, prepared_postgres: str) -> Iterator[str]:
    """Return the URL of a prepared PostgreSQL database of this test alone."""
    url = postgres.create_database(prepared_postgres)
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgres"])
def any_database(request: pytest.FixtureRequest) -> str:
    """Return the URL of a prepared database, of either kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url


@pytest.fixture
def provider(sqlite_database: str, tmp_path: Path) -> Iterator[Provider]:
    """Return a server in this process, on SQLite."""
    with running_provider(tmp_path, sqlite_database) as running:
        yield running


@pytest.fixture
def either_provider(any_database: str, tmp_path: Path) -> Iterator[Provider]:
    """Return a server in this process, on either database in turn."""
    with running_provider(tmp_path, any_database) as running:
        yield running


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Return a server process that many tests share; its limits leave them room."""
    settings = {
        "AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "100000",
        "AUTHSERVER_LIMITS__REQUESTS_PER_SOURCE_MINUTE": "1000000",
    }
    with ServerProcess(tmp_path_factory.mktemp("server"), settings=settings) as server:
        yield server
