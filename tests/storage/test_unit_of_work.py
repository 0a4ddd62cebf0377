import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.unavailable import ServiceUnavailable
from authserver.storage.database import open_database
from authserver.storage.unit_of_work import Notice, Storage
from tests.storage.samples import ADA, NOW, SUBJECT, an_account, store_account
from tests.support.databases import PostgresServer

Told = list[tuple[frozenset[Notice | ConfigurationKind], tuple[AuditEvent, ...]]]
EVENT = AuditEvent(kind=AuditKind.ACCOUNT_CREATED, subject=SUBJECT)


def listening(storage: Storage) -> Told:
    told: Told = []
    storage.on_commit(lambda notices, events: told.append((notices, events)))
    return told


def test_a_unit_without_commit_leaves_nothing(storage: Storage) -> None:
    with storage.writing() as work:
        work.accounts.add(an_account())
        work.record(EVENT, NOW)

    with storage.reading() as work:
        assert work.accounts.find(SUBJECT) is None
        assert work.connection.execute(text("SELECT count(*) FROM audit_events")).scalar() == 0


def test_a_unit_that_fails_leaves_nothing(storage: Storage) -> None:
    def fail() -> None:
        with storage.writing() as work:
            work.accounts.add(an_account())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with storage.reading() as work:
        assert work.accounts.find(SUBJECT) is None


def test_a_unit_commits_once(storage: Storage) -> None:
    with storage.writing() as work:
        work.commit()

        with pytest.raises(RuntimeError):
            work.commit()


def test_notices_are_heard_after_the_commit_only(storage: Storage) -> None:
    told = listening(storage)

    with storage.writing() as work:
        work.announce(Notice.MAIL_OWED)
        work.record(EVENT, NOW)
        work.commit()
        assert told == []

    assert told == [(frozenset({Notice.MAIL_OWED}), (EVENT,))]


def test_a_listener_can_open_a_unit_of_its_own(storage: Storage) -> None:
    found = []

    def look(*_: object) -> None:
        with storage.writing() as work:
            found.append(work.accounts.find(SUBJECT))

    storage.on_commit(look)
    with storage.writing() as work:
        work.accounts.add(an_account())
        work.announce(Notice.MAIL_OWED)
        work.commit()

    assert found == [an_account()]


def test_an_undone_unit_tells_nobody(storage: Storage) -> None:
    told = listening(storage)

    with storage.writing() as work:
        work.announce(Notice.MAIL_OWED)
        work.record(EVENT, NOW)

    assert told == []


def test_a_refusal_raised_after_the_commit_is_told(storage: Storage) -> None:
    told = listening(storage)

    def refuse() -> None:
        with storage.writing() as work:
            work.record(EVENT, NOW)
            work.commit()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        refuse()

    assert told == [(frozenset(), (EVENT,))]


def test_a_change_of_configuration_raises_its_version(storage: Storage) -> None:
    told = listening(storage)

    for _ in range(2):
        with storage.writing() as work:
            work.configuration_changed(ConfigurationKind.CLIENTS)
            work.commit()

    with storage.reading() as work:
        assert work.configuration.versions() == {"clients": 2}
    assert told == [(frozenset({ConfigurationKind.CLIENTS}), ())] * 2


def test_the_reader_cannot_write_on_sqlite(sqlite_storage: Storage) -> None:
    with (
        pytest.raises(OperationalError, match="readonly"),
        sqlite_storage.reading() as work,
    ):
        work.accounts.add(an_account())


def test_a_fault_in_our_own_statement_is_not_called_a_busy_database(storage: Storage) -> None:
    with pytest.raises(Exception, match="nowhere") as caught, storage.writing() as work:
        work.connection.execute(text("SELECT 1 FROM nowhere"))

    assert not isinstance(caught.value, ServiceUnavailable)


def test_a_reader_sees_what_was_committed_while_another_unit_is_open(storage: Storage) -> None:
    store_account(storage)

    with storage.writing() as writing:
        writing.accounts.mark_proven(SUBJECT, NOW)
        with storage.reading() as reading:
            found = reading.accounts.find_by_address(ADA.canonical)

    assert found == an_account()


def test_a_writer_that_does_not_become_free_is_unavailable(sqlite_storage: Storage) -> None:
    with (
        sqlite_storage.writing(),
        pytest.raises(ServiceUnavailable) as caught,
        sqlite_storage.writing(),
    ):
        pass

    assert caught.value.retry_after.total_seconds() > 0


def test_a_database_locked_by_another_process_is_unavailable(
    sqlite_storage: Storage, sqlite_path: Path
) -> None:
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")

        with pytest.raises(ServiceUnavailable), sqlite_storage.writing():
            pass


def test_after_trouble_the_writer_is_handed_out_again(storage: Storage) -> None:
    for _ in range(20):
        with pytest.raises(ZeroDivisionError), storage.writing():
            raise ZeroDivisionError

    store_account(storage)

    with storage.reading() as work:
        assert work.accounts.find(SUBJECT) == an_account()


def test_a_lost_connection_is_unavailable_and_the_pool_renews_itself(
    postgres_storage: Storage,
) -> None:
    end = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def lose_the_connection() -> None:
        with postgres_storage.writing() as victim:
            victim.accounts.find(SUBJECT)
            with postgres_storage.writing() as killer:
                killer.connection.execute(end)
            victim.accounts.find(SUBJECT)

    with pytest.raises(ServiceUnavailable):
        lose_the_connection()

    store_account(postgres_storage)

    with postgres_storage.reading() as work:
        assert work.accounts.find(SUBJECT) == an_account()


def test_a_database_that_is_away_is_unavailable(postgres: PostgresServer) -> None:
    url = postgres.create_database()
    postgres.drop_database(url)
    away = Storage(open_database(url))

    with pytest.raises(ServiceUnavailable), away.reading() as work:
        work.accounts.has_admin()

    away.database.close()
