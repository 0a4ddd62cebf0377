"""Databases for server processes: none of them is prepared, as on a first start."""

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
    """Return the URL of an empty PostgreSQL database; None for SQLite in the data folder."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("empty_postgres")
    return url
