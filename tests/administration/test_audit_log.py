"""The hash chain of the audit log: whatever is done to the rows is found, and where."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from authserver.administration.audit_log import BATCH, MOST_BATCHES, AuditLog
from authserver.administration.mistakes import AccountUnknown, ChainBroken
from authserver.crypto.deriver import Deriver
from authserver.crypto.key_ring import KeyRing
from authserver.domain.audit_chain import Break, Broken, Place, digest_of
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.secret import Secret
from authserver.storage.database import open_database
from authserver.storage.unit_of_work import Storage
from tests.support.known_randomness import KnownRandomness
from tests.support.stopped_clock import StoppedClock

KEY, NEWER = Secret("one secret key that is long enough"), Secret("a newer one, as long as that")


def key_ring(*secrets: Secret) -> KeyRing:
    return KeyRing([Secret(each.reveal().ljust(40)) for each in secrets], KnownRandomness())


@pytest.fixture
def storage(any_database: str) -> Iterator[Storage]:
    database = open_database(any_database)
    yield Storage(database)
    database.close()


@pytest.fixture
def audit_log(storage: Storage) -> AuditLog:
    """Return a log whose events so far have their places."""
    log = log_under(storage, KEY)
    log.chain()
    return log


def log_under(storage: Storage, *secrets: Secret) -> AuditLog:
    return AuditLog(storage=storage, deriver=Deriver(key_ring(*secrets)), clock=StoppedClock())


def happen(log: AuditLog, number: int = 1, **facts: str) -> None:
    with log.storage.writing() as work:
        for each in range(number):
            detail = {"number": str(each), "words": "ü \u2028 {}"}
            event = AuditEvent(kind=AuditKind.SIGNED_IN, detail=detail, **facts)
            work.record(event, log.clock.now())
        work.commit()


def do(log: AuditLog, statement: str, **values: object) -> None:
    """Do to the rows what somebody with the database alone can do."""
    with log.storage.writing() as work:
        assert work.connection.execute(text(statement), values).rowcount
        work.commit()


def test_events_get_places_and_the_chain_holds(audit_log: AuditLog) -> None:
    before = audit_log.verify().end.position
    happen(audit_log, BATCH + 1)

    waiting = audit_log.verify()
    placed = audit_log.chain()
    verdict = audit_log.verify()

    assert (waiting.end.position, waiting.waiting, waiting.broken) == (before, BATCH + 1, None)
    assert placed == BATCH + 1
    assert (verdict.end.position, verdict.waiting, verdict.broken) == (before + BATCH + 1, 0, None)
    assert audit_log.chain() == 0


OTHER_SOURCE = "UPDATE audit_events SET source = '10.0.0.1' WHERE position = 2"
COPY_DIGEST = (
    "UPDATE audit_events SET digest = (SELECT digest FROM audit_events WHERE position = 1)"
    " WHERE position = 4"
)
END_EARLIER = (
    "UPDATE audit_chains SET position = 4,"
    " digest = (SELECT digest FROM audit_events WHERE position = 4)"
)
ADD = (
    "INSERT INTO audit_events (happened_at, kind, detail, position)"
    " VALUES ('2026-01-01 00:00:00', 'session.started', '{{}}', {})"
)
BEGIN_ANEW = (
    "UPDATE audit_chains SET position = 0, digest = substr(digest, 1, 0),"
    " mac = substr(mac, 1, 0), key_id = ''"
)
TAMPERING: dict[str, tuple[str, Break, int]] = {
    "another kind": ("UPDATE audit_events SET kind = 'x' WHERE position = 3", Break.ALTERED, 3),
    "another instant": (
        "UPDATE audit_events SET happened_at = '2026-01-01 00:00:00' WHERE position = 3",
        Break.ALTERED,
        3,
    ),
    "a source": (
        "UPDATE audit_events SET source = '10.0.0.1' WHERE position = 2",
        Break.ALTERED,
        2,
    ),
    "somebody": ("UPDATE audit_events SET subject = 'x' WHERE position = 5", Break.ALTERED, 5),
    "a client": ("UPDATE audit_events SET client_id = 'x' WHERE position = 1", Break.ALTERED, 1),
    "a detail": ("UPDATE audit_events SET detail = '{}' WHERE position = 4", Break.ALTERED, 4),
    "another digest": (COPY_DIGEST, Break.ALTERED, 4),
    "deleted": ("DELETE FROM audit_events WHERE position = 3", Break.MISSING, 3),
    "the first deleted": ("DELETE FROM audit_events WHERE position = 1", Break.MISSING, 1),
    "the last deleted": ("DELETE FROM audit_events WHERE position = 5", Break.MISSING, 5),
    "the last two deleted": ("DELETE FROM audit_events WHERE position > 3", Break.MISSING, 4),
    "put back": ("UPDATE audit_events SET position = NULL WHERE position = 5", Break.MISSING, 5),
    "moved": ("UPDATE audit_events SET position = 9 WHERE position = 5", Break.MISSING, 5),
    "another end": ("UPDATE audit_chains SET digest = mac", Break.OTHER_END, 5),
    "another MAC": ("UPDATE audit_chains SET mac = digest", Break.OTHER_END, 5),
    "an earlier end": (END_EARLIER, Break.SURPLUS, 4),
    "no end": ("DELETE FROM audit_chains", Break.OTHER_END, 0),
    "no key": ("UPDATE audit_chains SET key_id = ''", Break.OTHER_END, 5),
    "another key": ("UPDATE audit_chains SET key_id = 'another'", Break.KEY_GONE, 5),
    "added before all": (ADD.format(0), Break.SURPLUS, 5),
    "added long before": (ADD.format(-7), Break.SURPLUS, 5),
    "added behind all": (ADD.format(6), Break.SURPLUS, 5),
    "no details": ("UPDATE audit_events SET detail = 'null' WHERE position = 2", Break.ALTERED, 2),
    "a list": ("UPDATE audit_events SET detail = '[1]' WHERE position = 2", Break.ALTERED, 2),
    "the beginning": (BEGIN_ANEW, Break.SURPLUS, 0),
}


@pytest.fixture
def five_events(audit_log: AuditLog) -> AuditLog:
    """Return a log with five events in their places, and nothing else."""
    do(audit_log, BEGIN_ANEW)
    with audit_log.storage.writing() as work:
        work.connection.execute(text("DELETE FROM audit_events"))
        work.commit()
    happen(audit_log, 5)
    assert audit_log.chain() == 5
    assert audit_log.verify().broken is None
    return audit_log


@pytest.mark.parametrize("what", TAMPERING)
def test_what_was_done_to_the_rows_is_found_and_where(five_events: AuditLog, what: str) -> None:
    statement, kind, position = TAMPERING[what]
    do(five_events, statement)

    verdict = five_events.verify()

    assert verdict.broken is not None
    assert (verdict.broken.what, verdict.broken.position) == (kind, position)


def test_a_chain_that_was_cut_is_found_by_the_seal_of_its_end(five_events: AuditLog) -> None:
    do(five_events, END_EARLIER)
    do(five_events, "DELETE FROM audit_events WHERE position = 5")

    assert five_events.verify().broken == Broken(what=Break.OTHER_END, position=4)


def test_a_chain_that_was_made_anew_by_somebody_without_the_key_is_found(
    five_events: AuditLog,
) -> None:
    do(five_events, OTHER_SOURCE)
    with five_events.storage.writing() as work:
        digest = b""
        for recorded in work.audit_events.chained(0, 5, 10):
            digest = digest_of(recorded, recorded.position or 0, digest)
            work.connection.execute(
                text("UPDATE audit_events SET digest = :digest WHERE id = :id"),
                {"digest": digest, "id": recorded.id},
            )
        work.connection.execute(
            text("UPDATE audit_chains SET digest = :digest"), {"digest": digest}
        )
        work.commit()

    assert five_events.verify().broken == Broken(what=Break.OTHER_END, position=5)


def test_nothing_is_put_behind_an_end_of_somebody_elses(
    five_events: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    do(five_events, "UPDATE audit_chains SET position = 4")
    happen(five_events)

    assert five_events.chain() == 0
    assert "audit.chain_broken" in caplog.messages
    assert five_events.glance().broken is not None


def test_an_event_that_cannot_be_read_is_found_and_hinders_no_other_command(
    sqlite_database: str,
) -> None:
    database = open_database(sqlite_database)
    log = log_under(Storage(database), KEY)
    happen(log, 3)
    log.chain()
    do(log, "UPDATE audit_events SET detail = '{' WHERE position = 2")

    assert log.verify().broken == Broken(what=Break.ALTERED, position=2)
    with pytest.raises(ChainBroken):
        log.recent(at_most=10)
    database.close()


@pytest.mark.parametrize("detail", ["null", "5", "[1]", '"\\u0000\\ud800"'])
def test_odd_details_stop_nobody(five_events: AuditLog, detail: str) -> None:
    happen(five_events)
    do(
        five_events,
        "UPDATE audit_events SET detail = :detail WHERE position IS NULL",
        detail=detail,
    )

    assert five_events.chain() == 1
    assert five_events.verify().broken is None
    assert five_events.recent(at_most=1)


def test_nothing_is_chained_where_events_stand_outside(five_events: AuditLog) -> None:
    do(five_events, ADD.format(6))
    happen(five_events)

    assert five_events.chain() == 0
    assert five_events.glance().broken == Broken(what=Break.SURPLUS, position=5)


def test_a_chain_that_was_begun_anew_is_found_by_who_noted_its_end(
    five_events: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    noted = five_events.verify().end
    expected = Place(position=noted.position, digest=noted.digest)
    assert five_events.verify(expected).broken is None
    do(five_events, OTHER_SOURCE)
    do(five_events, "UPDATE audit_events SET position = NULL, digest = NULL")
    do(five_events, BEGIN_ANEW)
    caplog.clear()
    caplog.set_level("INFO")

    assert five_events.chain() == 5
    assert "audit.chain_begun" in caplog.messages
    assert five_events.verify().broken is None
    assert five_events.verify(expected).broken == Broken(what=Break.UNEXPECTED, position=5)
    longer = Place(position=9, digest=noted.digest)
    assert five_events.verify(longer).broken == Broken(what=Break.UNEXPECTED, position=9)


def test_who_lacks_the_key_of_the_end_says_so_and_waits(
    five_events: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    other = log_under(five_events.storage, NEWER)
    happen(other)

    assert other.chain() == 0
    assert "audit.key_missing" in caplog.messages
    assert "audit.chain_broken" not in caplog.messages
    assert five_events.chain() == 1


def test_a_call_chains_some_thousands_at_most(audit_log: AuditLog) -> None:
    before = audit_log.verify().end.position
    happen(audit_log, MOST_BATCHES * BATCH + 1)

    assert audit_log.chain() == MOST_BATCHES * BATCH
    assert audit_log.chain() == 1
    assert audit_log.verify().end.position == before + MOST_BATCHES * BATCH + 1


def test_a_chain_goes_on_under_a_newer_key_and_without_the_older_one(
    five_events: AuditLog,
) -> None:
    both = log_under(five_events.storage, NEWER, KEY)
    assert both.chain() == 0

    alone = log_under(five_events.storage, NEWER)
    happen(alone)

    assert alone.chain() == 1
    assert (alone.verify().end.position, alone.verify().broken) == (6, None)


def test_several_processes_chain_at_once_while_events_come(audit_log: AuditLog) -> None:
    before = audit_log.verify().end.position
    others = [log_under(audit_log.storage, KEY) for _ in range(4)]

    def work_on(log: AuditLog) -> int:
        placed = 0
        for _ in range(5):
            happen(log, 20)
            placed += log.chain()
        return placed

    with ThreadPoolExecutor() as pool:
        placed = sum(pool.map(work_on, others)) + audit_log.chain()

    verdict = audit_log.verify()
    assert (placed, verdict.broken) == (400, None)
    assert (verdict.end.position, verdict.waiting) == (before + 400, 0)


def test_where_the_key_is_lost_a_chain_that_holds_can_be_sealed_anew_and_no_other_one(
    five_events: AuditLog,
) -> None:
    later = log_under(five_events.storage, NEWER)
    lost = later.verify().broken
    assert lost is not None
    assert (lost.what, lost.key_id) == (Break.KEY_GONE, five_events.deriver.keys.newest_id)
    happen(later)
    assert later.chain() == 0

    assert later.seal_anew().broken is None
    assert later.chain() == 1
    do(later, "DELETE FROM audit_events WHERE position = 2")
    with pytest.raises(ChainBroken):
        later.seal_anew()


def test_events_are_listed_by_account_client_and_time(audit_log: AuditLog) -> None:
    clock = audit_log.clock
    assert isinstance(clock, StoppedClock)
    clock.advance(timedelta(hours=1))
    happen(audit_log, subject="ada", client_id="shop")
    clock.advance(timedelta(hours=1))
    happen(audit_log, subject="ada")
    happen(audit_log, client_id="shop")

    def listed(**wanted: object) -> list[tuple[str | None, str | None]]:
        found = audit_log.recent(at_most=10, **wanted)  # type: ignore[arg-type]  # by name
        return [(each.event.subject, each.event.client_id) for each in found]

    assert listed(account="ada") == [("ada", None), ("ada", "shop")]
    assert listed(client_id="shop") == [(None, "shop"), ("ada", "shop")]
    assert listed(account="ada", client_id="shop") == [("ada", "shop")]
    assert listed(since=timedelta(minutes=1)) == [(None, "shop"), ("ada", None)]
    assert listed(account="ada", since=clock.now() - timedelta(hours=2)) == listed(account="ada")
    assert len(audit_log.recent(at_most=1)) == 1
    with pytest.raises(AccountUnknown):
        audit_log.recent(account="nobody@example.com", at_most=1)
