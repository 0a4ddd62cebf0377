"""Counters over rolling windows, kept in parts under the lock of one row each."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import JSON, Connection, Executable, Index, String, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.limits import Limit
from authserver.storage.database import Row, UtcDateTime


class LimitCounterRow(Row):
    """How often something happened, by part of its window."""

    __tablename__ = "limit_counters"
    __table_args__ = (Index("ix_limit_counters_expires_at", "expires_at"),)

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(320), primary_key=True)
    parts: Mapped[dict[str, Any]] = mapped_column(JSON)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


ON_SQLITE: Final = sqlite.insert(LimitCounterRow)
ON_POSTGRESQL: Final = postgresql.insert(LimitCounterRow)

# Makes the counter if need be, locks it until the commit, and returns its parts.
HOLD: Final[Mapping[str, Executable]] = {
    "sqlite": ON_SQLITE.on_conflict_do_update(
        index_elements=["kind", "key"], set_={"expires_at": ON_SQLITE.excluded.expires_at}
    ).returning(LimitCounterRow.parts),
    "postgresql": ON_POSTGRESQL.on_conflict_do_update(
        index_elements=["kind", "key"], set_={"expires_at": ON_POSTGRESQL.excluded.expires_at}
    ).returning(LimitCounterRow.parts),
}
SET_PARTS: Final = (
    update(LimitCounterRow)
    .where(
        LimitCounterRow.kind == bindparam("wanted_kind"),
        LimitCounterRow.key == bindparam("wanted_key"),
    )
    .values(parts=bindparam("new_parts", type_=JSON))
)


class Limits:
    """The counters of one unit of work; a unit that is undone has charged nothing."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def charge(self, limit: Limit, now: datetime) -> bool:
        """Count one event against `limit`; False, and nothing counted, where it is reached."""
        charged = limit.window.charge(self._hold(limit, now), now, limit.most)
        if charged is None:
            return False
        self.connection.execute(
            SET_PARTS,
            {
                "wanted_kind": limit.kind,
                "wanted_key": limit.key,
                "new_parts": {str(part): count for part, count in charged.items()},
            },
        )
        return True

    def wait(self, limit: Limit, now: datetime) -> timedelta:
        """Return how long it takes until `limit` admits one more."""
        return limit.window.wait(self._hold(limit, now), now, limit.most)

    def _hold(self, limit: Limit, now: datetime) -> dict[int, int]:
        """Lock the counter and return its parts."""
        held = self.connection.execute(
            HOLD[self.connection.dialect.name],
            {
                "kind": limit.kind,
                "key": limit.key,
                "parts": {},
                "expires_at": now + limit.window.length + limit.window.part,
            },
        ).scalar_one()
        return {int(part): count for part, count in held.items()}
