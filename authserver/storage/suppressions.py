"""Addresses that are not written to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Executable, Index, String, bindparam, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.suppressions import Suppression, SuppressionReason
from authserver.storage.database import Record, Row, UtcDateTime


class SuppressionRow(Row):
    """One canonical address and the sender that does not write to it, `*` for all."""

    __tablename__ = "mail_suppressions"
    __table_args__ = (Index("ix_mail_suppressions_expires_at", "expires_at"),)

    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    sender: Mapped[str] = mapped_column(String(20), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


KEY: Final = ["address", "sender", "reason"]
ON_SQLITE: Final = sqlite.insert(SuppressionRow)
ON_POSTGRESQL: Final = postgresql.insert(SuppressionRow)
PUT: Final[Mapping[str, Executable]] = {
    "sqlite": ON_SQLITE.on_conflict_do_update(
        index_elements=KEY, set_={"expires_at": ON_SQLITE.excluded.expires_at}
    ),
    "postgresql": ON_POSTGRESQL.on_conflict_do_update(
        index_elements=KEY, set_={"expires_at": ON_POSTGRESQL.excluded.expires_at}
    ),
}
IN_FORCE: Final = or_(
    SuppressionRow.expires_at.is_(None), SuppressionRow.expires_at > bindparam("now")
)
FIND: Final = select(SuppressionRow).where(
    SuppressionRow.address == bindparam("wanted_address"), IN_FORCE
)
LIST: Final = (
    select(SuppressionRow)
    .where(IN_FORCE)
    .order_by(SuppressionRow.created_at.desc(), SuppressionRow.address, SuppressionRow.sender)
    .limit(bindparam("at_most"))
)
REMOVE: Final = delete(SuppressionRow).where(SuppressionRow.address == bindparam("wanted_address"))


class Suppressions:
    """The suppressions of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def put(self, suppression: Suppression) -> None:
        """Keep a suppression; one for the same reason is prolonged."""
        self.connection.execute(
            PUT[self.connection.dialect.name],
            {
                "address": suppression.address,
                "sender": suppression.sender,
                "reason": suppression.reason,
                "created_at": suppression.created_at,
                "expires_at": suppression.expires_at,
            },
        )

    def find(self, address: str, now: datetime) -> tuple[Suppression, ...]:
        """Return what is in force for a canonical address."""
        parameters = {"wanted_address": address, "now": now}
        return tuple(suppression_of(row) for row in self.connection.execute(FIND, parameters))

    def senders_for(self, address: str, now: datetime) -> frozenset[str]:
        """Return the senders that do not write to a canonical address, `*` for all."""
        return frozenset(each.sender for each in self.find(address, now))

    def list(self, now: datetime, at_most: int) -> list[Suppression]:
        """Return what is in force, the newest first."""
        parameters = {"now": now, "at_most": at_most}
        return [suppression_of(row) for row in self.connection.execute(LIST, parameters)]

    def remove(self, address: str) -> bool:
        """Write to a canonical address again; False where it was not suppressed."""
        return self.connection.execute(REMOVE, {"wanted_address": address}).rowcount > 0


def suppression_of(row: Record) -> Suppression:
    """Return the suppression that `row` describes."""
    return Suppression(
        address=row.address,
        sender=row.sender,
        reason=SuppressionReason(row.reason),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
