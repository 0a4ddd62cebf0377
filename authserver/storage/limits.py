"""Counters over rolling windows, kept in parts under the lock of one row each."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Executable,
    Index,
    Integer,
    String,
    bindparam,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.limits import Limit
from authserver.storage.database import Record, Row, UtcDateTime


class LimitCounterRow(Row):
    """How often something happened, by part of its window.

    `total` counts all parts together and `parts` those before the running one, `part`: while
    it runs nothing leaves the window, so one statement can count and refuse.
    """

    __tablename__ = "limit_counters"
    __table_args__ = (Index("ix_limit_counters_expires_at", "expires_at"),)

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(320), primary_key=True)
    parts: Mapped[dict[str, Any]] = mapped_column(JSON)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    part: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    total: Mapped[int] = mapped_column(Integer, server_default=text("0"))


COUNTED: Final = (LimitCounterRow.parts, LimitCounterRow.part, LimitCounterRow.total)
ON_SQLITE: Final = sqlite.insert(LimitCounterRow)
ON_POSTGRESQL: Final = postgresql.insert(LimitCounterRow)
MOST: Final = bindparam("most", type_=Integer)

# One more, where the running part is still that of the row and there is room; else no row.
CHARGE: Final[Mapping[str, Executable]] = {
    "sqlite": ON_SQLITE.on_conflict_do_update(
        index_elements=["kind", "key"],
        set_={
            "total": LimitCounterRow.total + 1,
            "expires_at": ON_SQLITE.excluded.expires_at,
        },
        where=(LimitCounterRow.part == ON_SQLITE.excluded.part) & (LimitCounterRow.total < MOST),
    ).returning(LimitCounterRow.total),
    "postgresql": ON_POSTGRESQL.on_conflict_do_update(
        index_elements=["kind", "key"],
        set_={
            "total": LimitCounterRow.total + 1,
            "expires_at": ON_POSTGRESQL.excluded.expires_at,
        },
        where=(LimitCounterRow.part == ON_POSTGRESQL.excluded.part)
        & (LimitCounterRow.total < MOST),
    ).returning(LimitCounterRow.total),
}
# Makes the counter if need be, locks it until the commit, and returns its parts.
HOLD: Final[Mapping[str, Executable]] = {
    "sqlite": ON_SQLITE.on_conflict_do_update(
        index_elements=["kind", "key"], set_={"expires_at": ON_SQLITE.excluded.expires_at}
    ).returning(*COUNTED),
    "postgresql": ON_POSTGRESQL.on_conflict_do_update(
        index_elements=["kind", "key"], set_={"expires_at": ON_POSTGRESQL.excluded.expires_at}
    ).returning(*COUNTED),
}
WANTED: Final = (LimitCounterRow.kind == bindparam("wanted_kind")) & (
    LimitCounterRow.key == bindparam("wanted_key")
)
LOOK: Final = select(*COUNTED).where(WANTED)
LOOK_AT_ALL: Final = select(LimitCounterRow.key, *COUNTED).where(
    LimitCounterRow.kind == bindparam("wanted_kind")
)
SET_PARTS: Final = (
    update(LimitCounterRow)
    .where(WANTED)
    .values(
        parts=bindparam("new_parts", type_=JSON),
        part=bindparam("new_part"),
        total=bindparam("new_total"),
    )
)
FORGET: Final = delete(LimitCounterRow).where(WANTED)


class Limits:
    """The counters of one unit of work; a unit that is undone has charged nothing."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def charge(self, limit: Limit, now: datetime) -> bool:
        """Count one event against `limit`; False, and nothing counted, where it is reached."""
        if limit.most < 1:
            return False
        parameters = {
            **self._new_row(limit, now),
            "part": limit.window.part_of(now),
            "total": 1,
            "most": limit.most,
        }
        statement = CHARGE[self.connection.dialect.name]
        if self.connection.execute(statement, parameters).one_or_none() is not None:
            return True
        # It is full, or another part has begun.
        return self.charge_up_to(limit, 1, now) == 1

    def charge_up_to(self, limit: Limit, events: int, now: datetime) -> int:
        """Count as many of `events` as there is room for; return how many."""
        parts = self._hold(limit, now)
        admitted = min(events, limit.window.room(parts, now, limit.most))
        charged = limit.window.charge(parts, now, limit.most, admitted) if admitted else None
        if charged is not None:
            self._set(limit, charged, limit.window.part_of(now))
        return admitted

    def give_back(self, limit: Limit, counted_at: datetime, now: datetime) -> bool:
        """Take back one event that was counted then; False where none is left of that part."""
        parts = self._hold(limit, now)
        part = limit.window.part_of(counted_at)
        if parts.get(part, 0) < 1:
            return False
        self._set(limit, {**parts, part: parts[part] - 1}, limit.window.part_of(now))
        return True

    def wait(self, limit: Limit, now: datetime) -> timedelta:
        """Return how long it takes until `limit` admits one more."""
        parameters = {"wanted_kind": limit.kind, "wanted_key": limit.key}
        row = self.connection.execute(LOOK, parameters).one_or_none()
        return limit.window.wait({} if row is None else parts_of(row), now, limit.most)

    def all_of(self, kind: str) -> dict[str, dict[int, int]]:
        """Return the parts of every counter of a kind, by key, without locking them."""
        rows = self.connection.execute(LOOK_AT_ALL, {"wanted_kind": kind})
        return {row.key: parts_of(row) for row in rows}

    def forget(self, limit: Limit) -> None:
        """Begin the counter anew."""
        self.connection.execute(FORGET, {"wanted_kind": limit.kind, "wanted_key": limit.key})

    def _hold(self, limit: Limit, now: datetime) -> dict[int, int]:
        """Lock the counter and return its parts."""
        held = self.connection.execute(
            HOLD[self.connection.dialect.name],
            {**self._new_row(limit, now), "part": limit.window.part_of(now), "total": 0},
        ).one()
        return parts_of(held)

    def _new_row(self, limit: Limit, now: datetime) -> dict[str, object]:
        return {
            "kind": limit.kind,
            "key": limit.key,
            "parts": {},
            "expires_at": now + limit.window.length + limit.window.part,
        }

    def _set(self, limit: Limit, parts: Mapping[int, int], running: int) -> None:
        """Store the parts of a counter that is held."""
        self.connection.execute(
            SET_PARTS,
            {
                "wanted_kind": limit.kind,
                "wanted_key": limit.key,
                "new_parts": {str(part): count for part, count in parts.items() if part != running},
                "new_part": running,
                "new_total": sum(parts.values()),
            },
        )


def parts_of(row: Record) -> dict[int, int]:
    """Return the counts of all parts, the running one among them."""
    parts = {int(part): count for part, count in row.parts.items()}
    running = row.total - sum(parts.values())
    return {**parts, row.part: running} if running > 0 else parts
