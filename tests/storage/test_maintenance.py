import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from authserver.domain.accounts import Account, AccountOrigin, AccountStatus
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.email_address import EmailAddress
from authserver.storage.audit_events import AuditEventRow
from authserver.storage.database import open_database
from authserver.storage.maintenance import (
    SchemaInfoRow,
    SchemaState,
    SchemaStatus,
    new_admin_seed,
    prepare_sqlite,
    schema_status,
    seed_admin,
    upgrade,
)
from authserver.storage.unit_of_work import Storage
from tests.storage.racing import race
from tests.storage.samples import ADA, NOW, SUBJECT, an_account, store_account
from tests.support.databases import PostgresServer, sqlite_url
from tests.support.known_randomness import KnownRandomness
from tests.support.stopped_clock import StoppedClock

PROJECT = Path(__file__).parents[2]
ALEMBIC_INI = PROJECT / "alembic.ini"
MIGRATIONS = PROJECT / "migrations"
HEAD = max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
BOB = EmailAddress(typed="bob@example.com", canonical="bob@example.com")


def status_at(url: str, migrations: Path = MIGRATIONS) -> SchemaStatus:
    database = open_database(url)
    try:
        return schema_status(database, migrations)
    finally:
        database.close()


def execute(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(statement).fetchall()
        connection.commit()
    return rows


def only_the_first_revision(folder: Path) -> Path:
    """Return the migrations as they were before the second one."""
    shutil.copytree(
        MIGRATIONS,
        folder,
        ignore=shutil.ignore_patterns("__pycache__", "000[2-9]*", "00[1-9][0-9]*"),
    )
    return folder


def seed(storage: Storage, address: EmailAddress = ADA) -> Account | None:
    return seed_admin(storage, address, KnownRandomness(), StoppedClock(NOW))


def audited(storage: Storage) -> list[tuple[str, str]]:
    with storage.reading() as work:
        rows = work.connection.execute(select(AuditEventRow.kind, AuditEventRow.subject))
        return [(row.kind, row.subject) for row in rows]


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "empty.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


def test_an_empty_database_is_empty_and_current_after_an_upgrade(empty_url: str) -> None:
    before = status_at(empty_url)
    upgrade(empty_url, ALEMBIC_INI, MIGRATIONS)
    after = status_at(empty_url)

    assert (before.state, before.revisions) == (SchemaState.EMPTY, ())
    assert (after.state, after.revisions) == (SchemaState.CURRENT, (after.head,))
    assert (before.can_serve, after.can_serve) == (False, True)


def test_a_schema_at_an_earlier_revision_is_behind(empty_url: str) -> None:
    upgrade(empty_url, ALEMBIC_INI, MIGRATIONS, to="0001")

    status = status_at(empty_url)

    assert (status.state, status.needs_upgrade, status.can_serve) == (
        SchemaState.BEHIND,
        True,
        False,
    )


def test_an_older_server_starts_on_a_schema_that_was_only_expanded(
    empty_url: str, tmp_path: Path
) -> None:
    upgrade(empty_url, ALEMBIC_INI, MIGRATIONS, to="0002")

    status = status_at(empty_url, only_the_first_revision(tmp_path / "older"))

    assert (status.state, status.can_serve) == (SchemaState.AHEAD_COMPATIBLE, True)


def test_an_older_server_refuses_a_schema_that_was_changed_otherwise(storage: Storage) -> None:
    with storage.writing() as work:
        work.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        work.connection.execute(delete(SchemaInfoRow))
        work.connection.execute(insert(SchemaInfoRow), {"oldest_compatible_revision": "9998"})
        work.commit()

    status = schema_status(storage.database, MIGRATIONS)

    assert (status.state, status.can_serve, status.needs_upgrade) == (
        SchemaState.AHEAD_INCOMPATIBLE,
        False,
        False,
    )


@pytest.mark.parametrize("statement", ["DROP TABLE alembic_version", "DROP TABLE schema_info"])
def test_a_schema_of_unknown_origin_is_neither_served_nor_upgraded(
    storage: Storage, statement: str
) -> None:
    with storage.writing() as work:
        work.connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'foreign'")
        work.connection.exec_driver_sql(statement)
        work.commit()

    status = schema_status(storage.database, MIGRATIONS)

    assert (status.state, status.can_serve, status.needs_upgrade) == (
        SchemaState.UNKNOWN,
        False,
        False,
    )


def test_upgrades_at_once_are_made_once(empty_url: str) -> None:
    race(3, lambda: upgrade(empty_url, ALEMBIC_INI, MIGRATIONS))

    assert status_at(empty_url).state is SchemaState.CURRENT


def test_an_upgrade_of_a_current_schema_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url, ALEMBIC_INI, MIGRATIONS)

    upgrade(empty_url, ALEMBIC_INI, MIGRATIONS)

    assert status_at(empty_url).state is SchemaState.CURRENT


def test_a_new_sqlite_database_is_made_without_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "data" / "authserver.db"

    status = prepare_sqlite(sqlite_url(path), ALEMBIC_INI, MIGRATIONS)

    assert status.state is SchemaState.CURRENT
    assert list(path.parent.glob("*.bak")) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_current_sqlite_database_is_left_alone(sqlite_path: Path) -> None:
    before = sqlite_path.read_bytes()

    prepare_sqlite(sqlite_url(sqlite_path), ALEMBIC_INI, MIGRATIONS)

    assert sqlite_path.read_bytes() == before
    assert list(sqlite_path.parent.glob("*.bak")) == []


def test_an_sqlite_database_behind_is_copied_before_it_is_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "authserver.db"
    upgrade(sqlite_url(path), ALEMBIC_INI, MIGRATIONS, to="0001")
    earlier = tmp_path / f"authserver.db.before-{HEAD}.bak"
    earlier.write_bytes(b"of another day")

    status = prepare_sqlite(sqlite_url(path), ALEMBIC_INI, MIGRATIONS)

    copy = tmp_path / f"authserver.db.before-{HEAD}.2.bak"
    assert status.state is SchemaState.CURRENT
    assert execute(copy, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert earlier.read_bytes() == b"of another day"


def test_a_newer_sqlite_database_is_left_alone(sqlite_path: Path) -> None:
    execute(sqlite_path, "UPDATE alembic_version SET version_num = '9999'")

    status = prepare_sqlite(sqlite_url(sqlite_path), ALEMBIC_INI, MIGRATIONS)

    assert status.state is SchemaState.AHEAD_COMPATIBLE
    assert list(sqlite_path.parent.glob("*.bak")) == []


def test_starts_at_once_prepare_one_database(tmp_path: Path) -> None:
    path = tmp_path / "authserver.db"
    upgrade(sqlite_url(path), ALEMBIC_INI, MIGRATIONS, to="0001")

    statuses = race(3, lambda: prepare_sqlite(sqlite_url(path), ALEMBIC_INI, MIGRATIONS))

    assert {status.state for status in statuses} == {SchemaState.CURRENT}
    assert len(list(tmp_path.glob("*.bak"))) == 1


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="must be a file"):
        upgrade("sqlite:///:memory:", ALEMBIC_INI, MIGRATIONS)


def test_an_upgrade_seeds_the_administrator(empty_url: str) -> None:
    admin = new_admin_seed(ADA, KnownRandomness(), StoppedClock(NOW))

    upgrade(empty_url, ALEMBIC_INI, MIGRATIONS, admin=admin)

    storage = Storage(open_database(empty_url))
    with storage.reading() as work:
        found = work.accounts.list()
    storage.database.close()
    expected = an_account(subject=admin.subject, is_admin=True, origin=AccountOrigin.SEED)
    assert found == [expected]


def test_the_seed_makes_an_administrator_where_there_is_none(storage: Storage) -> None:
    seeded = seed(storage)

    assert seeded is not None
    assert (seeded.address, seeded.is_admin, seeded.origin) == (ADA, True, AccountOrigin.SEED)
    assert seeded.email_proven_at is None
    assert audited(storage) == [("account.created", seeded.subject)]


def test_the_seed_does_nothing_where_there_is_an_administrator(storage: Storage) -> None:
    seed(storage)

    assert seed(storage) is None
    assert seed(storage, BOB) is None
    with storage.reading() as work:
        assert len(work.accounts.list()) == 1


def test_the_seed_promotes_the_account_that_the_address_has(storage: Storage) -> None:
    told: list[AuditEvent] = []
    storage.on_commit(lambda _, events: told.extend(events))
    store_account(storage, created_at=NOW - timedelta(days=1))

    seeded = seed(storage)

    assert seeded == an_account(is_admin=True, created_at=NOW - timedelta(days=1))
    assert [(event.kind, event.subject) for event in told] == [
        (AuditKind.ACCOUNT_MADE_ADMIN, SUBJECT)
    ]


def test_the_seed_does_not_resume_a_suspended_account(storage: Storage) -> None:
    store_account(storage, status=AccountStatus.SUSPENDED)

    seeded = seed(storage)

    assert seeded is not None
    assert seeded.status is AccountStatus.SUSPENDED


def test_starts_at_once_seed_one_administrator(storage: Storage) -> None:
    race(6, lambda: seed(storage))

    with storage.reading() as work:
        assert len(work.accounts.list()) == 1
