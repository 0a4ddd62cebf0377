"""The PostgreSQL of the tests is a real one, quick to copy, and gone afterwards."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.databases import (
    NoPostgres,
    PostgresServer,
    find_installation,
    postgres_server,
    running_server,
    sqlite_url,
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


def test_a_database_copied_from_a_template_holds_its_rows(server: PostgresServer) -> None:
    template = server.create_database()
    with psycopg.connect(template, autocommit=True) as connection:
        connection.execute("CREATE TABLE thing AS SELECT 7 AS number")

    copy = server.create_database(template=template)

    with psycopg.connect(copy) as connection:
        assert connection.execute("SELECT number FROM thing").fetchall() == [(7,)]


def test_a_dropped_database_is_gone_although_somebody_is_connected(server: PostgresServer) -> None:
    url = server.create_database()
    with psycopg.connect(url):
        server.drop_database(url)

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_the_server_flushes_its_commits_and_takes_two_hundred_connections(
    server: PostgresServer,
) -> None:
    with psycopg.connect(server.url) as connection:
        fsync = connection.execute("SHOW fsync").fetchone()
        connections = connection.execute("SHOW max_connections").fetchone()

    assert fsync == ("on",)
    assert connections == ("200",)


@pytest.mark.parametrize("is_durable", [True, False])
def test_nothing_is_left_of_a_server_after_its_time(*, is_durable: bool) -> None:
    try:
        installation = find_installation()
    except NoPostgres:
        pytest.skip("there are no binaries to start a server from")
    with (
        running_server(installation, is_durable=is_durable) as url,
        psycopg.connect(url) as connection,
    ):
        data = connection.execute("SHOW data_directory").fetchone()
        folders = [Path(connection.info.host), Path(*data or ())]
        were_there = [folder.is_dir() for folder in folders]

    assert were_there == [True, True]
    assert not any(folder.exists() for folder in folders)


def test_an_sqlite_url_leads_to_its_file(tmp_path: Path) -> None:
    assert sqlite_url(tmp_path / "a.db") == f"sqlite:///{tmp_path}/a.db"
