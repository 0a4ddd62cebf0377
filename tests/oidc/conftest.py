"""A registered client at a provider: of one test alone, or shared where nothing is changed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.oidc.relying_party import RelyingParty
from tests.support.databases import PostgresServer, sqlite_url
from tests.support.provider import Provider, running_provider

# The limits leave many tests at one server room.
ROOM = {
    "AUTHSERVER_LIMITS__REQUESTS_PER_SOURCE_MINUTE": "1000000",
    "AUTHSERVER_LIMITS__CLIENT_REQUESTS_PER_SOURCE_MINUTE": "1000000",
    "AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "100000",
    "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY": "1000",
    "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS": "1000",
}


@pytest.fixture
def client(provider: Provider) -> RelyingParty:
    """Return a confidential client that uses PKCE, on SQLite."""
    return RelyingParty.registered(provider)


@pytest.fixture
def either_client(either_provider: Provider) -> RelyingParty:
    """Return a confidential client that uses PKCE, on either database in turn."""
    return RelyingParty.registered(either_provider)


@pytest.fixture(scope="module")
def shared_provider(
    prepared_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Provider]:
    """Return a server that the tests of one module share; its limits leave them room."""
    folder = tmp_path_factory.mktemp("shared")
    url = sqlite_url(Path(shutil.copy(prepared_sqlite, folder / "authserver.db")))
    with running_provider(folder, url, settings=ROOM) as running:
        yield running


@pytest.fixture(scope="module")
def shared_postgres_provider(
    postgres: PostgresServer, prepared_postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Provider]:
    """Return such a server on PostgreSQL."""
    url = postgres.create_database(prepared_postgres)
    with running_provider(tmp_path_factory.mktemp("shared"), url, settings=ROOM) as running:
        yield running
    postgres.drop_database(url)


@pytest.fixture(scope="module")
def shared_client(shared_provider: Provider) -> RelyingParty:
    """Return a confidential client that uses PKCE, at the shared server."""
    return RelyingParty.registered(shared_provider)
