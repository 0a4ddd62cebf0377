"""Engines and pools from a database URL, and how values are kept in columns."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import DateTime, Dialect, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine import Row as EngineRow
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.types import TypeDecorator

SQLITE_READERS: Final = 4
POSTGRES_CONNECTIONS: Final = 8
WAIT_FOR_CONNECTION_SECONDS: Final = 2.0
SQLITE_BUSY_SECONDS: Final = 5.0
SQLITE_CACHED_STATEMENTS: Final = 512
POSTGRES_CONNECT_SECONDS: Final = 5

# A lost "spent" or "revoked" row is a replay, so every commit is flushed before it counts;
# time-outs keep one stuck transaction from holding every thread.
POSTGRES_OPTIONS: Final = (
    "-c synchronous_commit=on -c lock_timeout=10s -c statement_timeout=20s "
    "-c idle_in_transaction_session_timeout=30s -c timezone=UTC"
)

NAMING_CONVENTION: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


# What a Core connection yields for `select(SomeRow)`: the columns by name, typed by nobody.
Record = EngineRow[Any]


class Row(DeclarativeBase):
    """Base of the classes that describe tables; they are never instantiated."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC; SQLite keeps it without a zone, so the zone is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what the column keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a zone cannot be stored")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Database:
    """Where transactions that write and look-ups that only read get their connections.

    SQLite has one writer, handed out in order; PostgreSQL reads in autocommit.
    """

    writer: Engine
    reader: Engine
    connections: int

    @property
    def is_sqlite(self) -> bool:
        """Tell whether this is the embedded database."""
        return self.writer.dialect.name == "sqlite"

    def close(self) -> None:
        """Close every connection."""
        self.writer.dispose()
        self.reader.dispose()


def open_database(url: str) -> Database:
    """Return the database at `url`; nothing is connected before the first use."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return open_sqlite(parsed)
    return open_postgres(parsed)


def open_sqlite(url: URL) -> Database:
    """Return an SQLite database with one writing and a few reading connections."""
    writer = sqlite_engine(url, connections=1, begin="BEGIN IMMEDIATE", is_reader=False)
    reader = sqlite_engine(url, connections=SQLITE_READERS, begin="BEGIN", is_reader=True)
    return Database(writer, reader, 1 + SQLITE_READERS)


def sqlite_engine(url: URL, *, connections: int, begin: str, is_reader: bool) -> Engine:
    """Return an engine whose transactions start with `begin`.

    A deferred transaction that turns to writing fails under load whatever the busy time-out,
    so writers say so at once.
    """
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_FOR_CONNECTION_SECONDS,
        connect_args={
            "timeout": SQLITE_BUSY_SECONDS,
            "cached_statements": SQLITE_CACHED_STATEMENTS,
            "check_same_thread": False,
        },
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        if is_reader:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def open_postgres(url: URL) -> Database:
    """Return a PostgreSQL database; reading shares the pool, without transactions."""
    engine = create_engine(
        url,
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_timeout=WAIT_FOR_CONNECTION_SECONDS,
        connect_args={"connect_timeout": POSTGRES_CONNECT_SECONDS, "options": POSTGRES_OPTIONS},
    )
    reader = engine.execution_options(isolation_level="AUTOCOMMIT")
    return Database(engine, reader, POSTGRES_CONNECTIONS)
