"""Databases for server processes: as on a first start, but for the schema on PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.support.databases import PostgresServer


@pytest.fixture
def empty_postgres(postgres: PostgresServer) -> Iterator[str]:
    """Return the URL of a PostgreSQL database without a schema."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """Return the URL of a migrated PostgreSQL database; None for SQLite in the data folder."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url
