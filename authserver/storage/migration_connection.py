"""The one connection that migrates: whoever holds it is alone, in this process and in others."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, NullPool, create_engine, func, make_url, select
from sqlalchemy.engine import URL

from authserver.storage.database import POSTGRES_CONNECT_SECONDS, sqlite_engine
from authserver.storage.unit_of_work import connected

# Any number will do, as long as every version of the server uses the same.
ADVISORY_LOCK: Final = 0x6175_7468_7372_7672
# A migration may take long, but must not queue for long before the requests of running servers.
POSTGRES_OPTIONS: Final = "-c synchronous_commit=on -c statement_timeout=0 -c timezone=UTC"
FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700


@contextmanager
def migrating(url: str) -> Iterator[Connection]:
    """Yield a connection, outside any transaction, that no other migration runs beside."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        with opened(postgres_engine(parsed)) as connection:
            take_advisory_lock(connection)
            yield connection
        return
    file = sqlite_file(parsed)
    with locked_file(file):
        file.touch(mode=FILE_MODE)
        engine = sqlite_engine(parsed, connections=1, begin="BEGIN IMMEDIATE", is_reader=False)
        with opened(engine) as connection:
            yield connection


def sqlite_file(url: URL) -> Path:
    """Return where an SQLite database is kept; a database in memory cannot be shared."""
    if url.database in {None, "", ":memory:"}:
        raise ValueError("the database must be a file")
    return Path(str(url.database))


@contextmanager
def opened(engine: Engine) -> Iterator[Connection]:
    """Yield a connection of an engine that lives no longer than it."""
    try:
        with connected(engine) as connection:
            yield connection
    finally:
        engine.dispose()


def postgres_engine(url: URL) -> Engine:
    """Return an engine without the time-outs that serving requests wants."""
    return create_engine(
        url,
        poolclass=NullPool,
        connect_args={"connect_timeout": POSTGRES_CONNECT_SECONDS, "options": POSTGRES_OPTIONS},
    )


def take_advisory_lock(connection: Connection) -> None:
    """Wait until no other connection migrates; the lock goes with the connection."""
    connection.execute(select(func.pg_advisory_lock(ADVISORY_LOCK)))
    connection.exec_driver_sql("SET lock_timeout = '10s'")
    connection.commit()


@contextmanager
def locked_file(database: Path) -> Iterator[None]:
    """Wait for, and hold, the lock file beside an SQLite database; the file stays."""
    database.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    path = database.with_name(database.name + ".migration-lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
