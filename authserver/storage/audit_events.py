"""The log of events worth keeping: rows are only ever added, and then chained by their hashes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    bindparam,
    exists,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.audit_chain import ChainEnd, RecordedEvent
from authserver.domain.audit_events import AuditEvent
from authserver.storage.database import Record, Row, UtcDateTime

CHAIN: Final = "events"


class AuditEventRow(Row):
    """One event; its place in the chain comes a little later than the event itself."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_happened_at", "happened_at"),
        Index("ix_audit_events_subject", "subject"),
        Index("uq_audit_events_position", "position", unique=True),
        Index(
            "ix_audit_events_waiting",
            "id",
            sqlite_where=text("position IS NULL"),
            postgresql_where=text("position IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str | None] = mapped_column(String(40))
    client_id: Mapped[str | None] = mapped_column(String(40))
    source: Mapped[str | None] = mapped_column(String(50))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    position: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditChainRow(Row):
    """Where the chain ends, in one row."""

    __tablename__ = "audit_chains"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(String(20))
    mac: Mapped[bytes] = mapped_column(LargeBinary)


ADD: Final = insert(AuditEventRow)
WAITING: Final = (
    select(AuditEventRow)
    .where(AuditEventRow.position.is_(None))
    .order_by(AuditEventRow.id)
    .limit(bindparam("at_most"))
)
COUNT_WAITING: Final = (
    select(func.count()).select_from(AuditEventRow).where(AuditEventRow.position.is_(None))
)
PUT_IN_PLACE: Final = (
    update(AuditEventRow)
    .where(AuditEventRow.id == bindparam("wanted_id"), AuditEventRow.position.is_(None))
    .values(position=bindparam("new_position"), digest=bindparam("new_digest"))
)
CHAINED: Final = (
    select(AuditEventRow)
    .where(
        AuditEventRow.position > bindparam("after"), AuditEventRow.position <= bindparam("until")
    )
    .order_by(AuditEventRow.position)
    .limit(bindparam("at_most"))
)
END: Final = select(AuditChainRow).where(AuditChainRow.name == CHAIN)
HOLD_END: Final = END.with_for_update()
MOVE_END: Final = (
    update(AuditChainRow)
    .where(AuditChainRow.name == CHAIN)
    .values(
        position=bindparam("new_position"),
        digest=bindparam("new_digest"),
        key_id=bindparam("new_key"),
        mac=bindparam("new_mac"),
    )
)
# In one statement, so that nobody chains between the two that are compared.
COUNT_SURPLUS: Final = select(
    select(func.count(AuditEventRow.position)).scalar_subquery()
    - select(AuditChainRow.position).where(AuditChainRow.name == CHAIN).scalar_subquery()
)
# Found by the index of places, however long the log is: for who looks every minute.
IS_ANY_OUTSIDE: Final = select(
    exists().where(AuditEventRow.position < 1)
    | exists().where(
        AuditEventRow.position
        > select(AuditChainRow.position).where(AuditChainRow.name == CHAIN).scalar_subquery()
    )
)
IS_ANY_WAITING: Final = select(exists().where(AuditEventRow.position.is_(None)))
OLDEST_WAITING: Final = select(func.min(AuditEventRow.happened_at)).where(
    AuditEventRow.position.is_(None)
)
NEWEST_FIRST: Final = select(AuditEventRow).order_by(
    AuditEventRow.happened_at.desc(), AuditEventRow.id.desc()
)


class AuditEvents:
    """The audit log of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, event: AuditEvent, now: datetime) -> None:
        """Append `event`; its order among others is that of the commits."""
        self.connection.execute(
            ADD,
            {
                "happened_at": now,
                "kind": event.kind,
                "subject": event.subject,
                "client_id": event.client_id,
                "source": event.source,
                "detail": dict(event.detail),
            },
        )

    def recent(
        self, *, subject: str | None, client_id: str | None, since: datetime | None, at_most: int
    ) -> list[RecordedEvent]:
        """Return the newest events, of one account, client or time, newest first."""
        statement = NEWEST_FIRST.limit(at_most)
        if subject is not None:
            statement = statement.where(AuditEventRow.subject == subject)
        if client_id is not None:
            statement = statement.where(AuditEventRow.client_id == client_id)
        if since is not None:
            statement = statement.where(AuditEventRow.happened_at >= since)
        return [recorded_of(row) for row in self.connection.execute(statement)]

    def waiting(self, at_most: int) -> list[RecordedEvent]:
        """Return events that have no place in the chain yet."""
        rows = self.connection.execute(WAITING, {"at_most": at_most})
        return [recorded_of(row) for row in rows]

    def count_waiting(self) -> int:
        """Return how many events have no place in the chain yet."""
        return self.connection.execute(COUNT_WAITING).scalar_one()

    def count_surplus(self) -> int:
        """Return how many more events have a place than the chain has places."""
        return self.connection.execute(COUNT_SURPLUS).scalar_one() or 0

    def is_any_outside(self) -> bool:
        """Tell whether an event has a place before the chain or behind its end."""
        return bool(self.connection.execute(IS_ANY_OUTSIDE).scalar_one())

    def is_any_waiting(self) -> bool:
        """Tell whether an event has no place in the chain yet."""
        return bool(self.connection.execute(IS_ANY_WAITING).scalar_one())

    def oldest_waiting(self) -> datetime | None:
        """Return since when events wait for their places."""
        return self.connection.execute(OLDEST_WAITING).scalar_one()

    def put_in_place(self, chained: Sequence[RecordedEvent]) -> None:
        """Give events their places."""
        self.connection.execute(
            PUT_IN_PLACE,
            [
                {
                    "wanted_id": each.id,
                    "new_position": each.position,
                    "new_digest": each.digest,
                }
                for each in chained
            ],
        )

    def chained(self, after: int, until: int, at_most: int) -> list[RecordedEvent]:
        """Return events by their places, the first one behind `after`."""
        parameters = {"after": after, "until": until, "at_most": at_most}
        return [recorded_of(row) for row in self.connection.execute(CHAINED, parameters)]

    def end(self) -> ChainEnd:
        """Return where the chain ends."""
        return end_of(self.connection.execute(END).one_or_none())

    def hold_end(self) -> ChainEnd:
        """Return where the chain ends, and keep others from moving it until the commit."""
        return end_of(self.connection.execute(HOLD_END).one_or_none())

    def move_end(self, end: ChainEnd) -> None:
        """Keep where the chain ends now."""
        self.connection.execute(
            MOVE_END,
            {
                "new_position": end.position,
                "new_digest": end.digest,
                "new_key": end.key_id,
                "new_mac": end.mac,
            },
        )


def recorded_of(row: Record) -> RecordedEvent:
    """Return the event that `row` describes; one of a later version keeps its own name."""
    return RecordedEvent(
        id=row.id,
        happened_at=row.happened_at,
        event=AuditEvent(
            kind=row.kind,
            subject=row.subject,
            client_id=row.client_id,
            source=row.source,
            detail=row.detail,
        ),
        position=row.position,
        digest=row.digest,
    )


def end_of(row: Record | None) -> ChainEnd:
    """Return the end that `row` describes; without the row, one that nobody has made."""
    if row is None:
        return ChainEnd(mac=b"none")
    return ChainEnd(position=row.position, digest=row.digest, key_id=row.key_id, mac=row.mac)
