"""The life of the schema: its state, its upgrade after a backup copy, its first administrator."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import count
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, String, inspect, make_url, select
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Account, AccountOrigin, Subject
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.email_address import EmailAddress
from authserver.domain.randomness import Randomness, new_identifier
from authserver.storage.accounts import AddressTaken
from authserver.storage.database import Database, Row
from authserver.storage.migration_connection import migrating, sqlite_file
from authserver.storage.unit_of_work import Storage, UnitOfWork, connected

BACKUP_MODE: Final = 0o600


class SchemaInfoRow(Row):
    """The one row that tells an older server whether it may start on a newer schema."""

    __tablename__ = "schema_info"

    oldest_compatible_revision: Mapped[str] = mapped_column(String(32), primary_key=True)


class SchemaState(StrEnum):
    """How the schema of a database relates to the one this server was made for."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    AHEAD_COMPATIBLE = "ahead_compatible"
    AHEAD_INCOMPATIBLE = "ahead_incompatible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaStatus:
    """The revisions a database is at, and the one this server was made for."""

    revisions: tuple[str, ...]
    head: str
    state: SchemaState

    @property
    def can_serve(self) -> bool:
        """Tell whether this server may run on the schema as it is."""
        return self.state in {SchemaState.CURRENT, SchemaState.AHEAD_COMPATIBLE}

    @property
    def needs_upgrade(self) -> bool:
        """Tell whether an upgrade would make the schema the one this server was made for."""
        return self.state in {SchemaState.EMPTY, SchemaState.BEHIND}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSeed:
    """Whom the seed revision makes the administrator of a database that has none."""

    address: EmailAddress
    subject: Subject
    now: datetime

    def attributes(self) -> dict[str, object]:
        """Return what the revision reads; it knows none of our types."""
        return {
            "typed": self.address.typed,
            "canonical": self.address.canonical,
            "subject": self.subject,
            "now": self.now,
        }


OLDEST_COMPATIBLE: Final = select(SchemaInfoRow.oldest_compatible_revision)


def new_admin_seed(address: EmailAddress, randomness: Randomness, clock: Clock) -> AdminSeed:
    """Return the seed of an administrator with a fresh subject."""
    return AdminSeed(address=address, subject=Subject(new_identifier(randomness)), now=clock.now())


def schema_status(database: Database, migrations: Path) -> SchemaStatus:
    """Return how the schema relates to the revisions in the folder `migrations`."""
    with connected(database.reader) as connection:
        return status_of(connection, migrations)


def status_of(connection: Connection, migrations: Path) -> SchemaStatus:
    """Return the status of the schema that `connection` sees."""
    known = revisions_in(migrations)
    revisions = MigrationContext.configure(connection).get_current_heads()
    return SchemaStatus(
        revisions=revisions, head=known[0], state=state_of(connection, revisions, known)
    )


@cache
def revisions_in(migrations: Path) -> tuple[str, ...]:
    """Return the revisions in a folder, the newest first; it is read once in a process."""
    scripts = ScriptDirectory(str(migrations))
    return tuple(script.revision for script in scripts.walk_revisions())


def state_of(
    connection: Connection, revisions: tuple[str, ...], known: tuple[str, ...]
) -> SchemaState:
    """Return the state of a schema at `revisions`; `known` are ours, the newest first."""
    tables = set(inspect(connection).get_table_names())
    match revisions:
        case ():
            is_ours = not tables.isdisjoint(Row.metadata.tables)
            return SchemaState.UNKNOWN if is_ours else SchemaState.EMPTY
        case (revision,) if revision == known[0]:
            return SchemaState.CURRENT
        case (revision,) if revision in known:
            return SchemaState.BEHIND
        case (_,) if SchemaInfoRow.__tablename__ in tables:
            oldest = connection.execute(OLDEST_COMPATIBLE).scalar_one_or_none()
            is_known = oldest in known
            return SchemaState.AHEAD_COMPATIBLE if is_known else SchemaState.AHEAD_INCOMPATIBLE
        case _:
            return SchemaState.UNKNOWN


def upgrade(
    url: str,
    alembic_ini: Path,
    migrations: Path,
    *,
    admin: AdminSeed | None = None,
    to: str = "head",
) -> None:
    """Bring the schema of the database at `url` up to revision `to`, alone under a lock."""
    with migrating(url) as connection:
        command.upgrade(configured(connection, alembic_ini, migrations, admin), to)


def prepare_sqlite(
    url: str, alembic_ini: Path, migrations: Path, *, admin: AdminSeed | None = None
) -> SchemaStatus:
    """Upgrade an SQLite database where it is behind, after a backup copy; return its new status.

    A schema that is ahead or unknown is left as it is: the status says so.
    """
    with migrating(url) as connection:
        status = looked_up(connection, migrations)
        if not status.needs_upgrade:
            return status
        if status.state is SchemaState.BEHIND:
            back_up(connection, sqlite_file(make_url(url)), status.head)
        command.upgrade(configured(connection, alembic_ini, migrations, admin), "head")
        return looked_up(connection, migrations)


def looked_up(connection: Connection, migrations: Path) -> SchemaStatus:
    """Return the status and leave the connection outside any transaction."""
    status = status_of(connection, migrations)
    connection.rollback()
    return status


def configured(
    connection: Connection, alembic_ini: Path, migrations: Path, admin: AdminSeed | None
) -> Config:
    """Return the configuration under which the environment of the revisions runs."""
    config = Config(str(alembic_ini))
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    # Here the server is imported already; the search path of the process stays as it is.
    config.remove_main_option("prepend_sys_path")
    config.attributes["connection"] = connection
    config.attributes["admin"] = None if admin is None else admin.attributes()
    return config


def back_up(connection: Connection, database: Path, revision: str) -> Path:
    """Copy the database to a new file beside it, named after the `revision` that comes next."""
    for path in backup_names(database, revision):
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, BACKUP_MODE)
        except FileExistsError:
            continue
        os.close(descriptor)
        break
    source = connection.connection.driver_connection
    if not isinstance(source, sqlite3.Connection):
        raise TypeError("only an SQLite database is copied like this")
    with closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
    return path


def backup_names(database: Path, revision: str) -> Iterator[Path]:
    """Yield names for a backup copy, the plain one first, then numbered ones."""
    yield database.with_name(f"{database.name}.before-{revision}.bak")
    for number in count(2):
        yield database.with_name(f"{database.name}.before-{revision}.{number}.bak")


def seed_admin(
    storage: Storage, address: EmailAddress, randomness: Randomness, clock: Clock
) -> Account | None:
    """Give a server without administrator one, by address; None where there was nothing to do.

    An account that the address has already becomes the administrator's: whoever proves the
    mailbox is the one the operator named. Its status stays.
    """
    with storage.reading() as work:
        if work.accounts.has_admin():
            return None
    try:
        with storage.writing() as work:
            account = promoted_or_new(work, new_admin_seed(address, randomness, clock))
            work.commit()
    except AddressTaken:
        # Another process has just done the same.
        return None
    return account


def promoted_or_new(work: UnitOfWork, seed: AdminSeed) -> Account | None:
    """Make the account of the seed's address, or a new one, the administrator's."""
    account = work.accounts.hold_by_address(seed.address.canonical)
    if work.accounts.has_admin():
        return None
    if account is None:
        work.accounts.add(
            Account(
                subject=seed.subject,
                address=seed.address,
                is_admin=True,
                origin=AccountOrigin.SEED,
                created_at=seed.now,
                updated_at=seed.now,
            )
        )
        kind, subject = AuditKind.ACCOUNT_CREATED, seed.subject
    else:
        work.accounts.set_admin(account.subject, seed.now, is_admin=True)
        kind, subject = AuditKind.ACCOUNT_MADE_ADMIN, account.subject
    work.record(AuditEvent(kind=kind, subject=subject, detail={"origin": "seed"}), seed.now)
    return work.accounts.find(subject)
