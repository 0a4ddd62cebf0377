"""Empty databases of both kinds, and Alembic's commands on them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from authserver.storage.maintenance import AdminSeed, configured
from authserver.storage.migration_connection import migrating
from tests.support.databases import PostgresServer, sqlite_url

PROJECT = Path(__file__).parents[2]
ALEMBIC_INI = PROJECT / "alembic.ini"
MIGRATIONS = PROJECT / "migrations"

Command = Callable[[Config, str], None]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "authserver.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


class Alembic:
    """Runs Alembic's commands on one database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.migrations = MIGRATIONS

    def upgrade(self, to: str, admin: AdminSeed | None = None) -> None:
        self._run(command.upgrade, to, admin)

    def downgrade(self, to: str) -> None:
        self._run(command.downgrade, to, None)

    def _run(self, run: Command, to: str, admin: AdminSeed | None) -> None:
        with migrating(self.url) as connection:
            run(configured(connection, ALEMBIC_INI, self.migrations, admin), to)


@pytest.fixture
def alembic(url: str) -> Alembic:
    return Alembic(url)
