"""A PostgreSQL database that is away for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests.support.databases import PostgresServer, database_name

SWITCH = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


@contextmanager
def database_away(server: PostgresServer, url: str) -> Iterator[None]:
    """End every connection to the database and admit none until the end of the block."""
    name = database_name(url)
    with psycopg.connect(server.url, autocommit=True) as operator:
        operator.execute(SWITCH.format(sql.Identifier(name), sql.SQL("false")))
        operator.execute(END, [name])
        try:
            yield
        finally:
            operator.execute(SWITCH.format(sql.Identifier(name), sql.SQL("true")))
