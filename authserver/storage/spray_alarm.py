"""The spray alarm: what it is raised by, counted in several rows, and how long it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    Connection,
    Executable,
    Index,
    String,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.failure_budgets import FailureBudget
from authserver.domain.limits import RollingWindow
from authserver.domain.spray_alarm import Tally
from authserver.storage.database import Row, UtcDateTime
from authserver.storage.failure_budgets import COUNT

SLOTS: Final = 16
SECOND: Final = timedelta(seconds=1)


class CodeTallyRow(Row):
    """Codes of strangers compared in one part of a window; `slot` is one of several rows."""

    __tablename__ = "code_tallies"
    __table_args__ = (Index("ix_code_tallies_expires_at", "expires_at"),)

    seconds: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    wrong: Mapped[int]
    evaluated: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlarmRow(Row):
    """An alarm since it was raised last; it is over once `holds_until` has passed."""

    __tablename__ = "alarms"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    holds_until: Mapped[datetime] = mapped_column(UtcDateTime)


SPRAY: Final = "spray"

PARTS: Final = [
    {
        "seconds": bindparam(f"seconds_{which}"),
        "part": bindparam(f"part_{which}"),
        "slot": bindparam("slot"),
        "wrong": bindparam("wrong"),
        "evaluated": 1,
        "expires_at": bindparam(f"expires_at_{which}"),
    }
    for which in ("fast", "slow")
]
ON_SQLITE: Final = sqlite.insert(CodeTallyRow)
ON_POSTGRESQL: Final = postgresql.insert(CodeTallyRow)
ONE_MORE: Final[Mapping[str, Executable]] = {
    "sqlite": ON_SQLITE.values(PARTS).on_conflict_do_update(
        index_elements=["seconds", "part", "slot"],
        set_={
            "wrong": CodeTallyRow.wrong + ON_SQLITE.excluded.wrong,
            "evaluated": CodeTallyRow.evaluated + 1,
        },
    ),
    "postgresql": ON_POSTGRESQL.values(PARTS).on_conflict_do_update(
        index_elements=["seconds", "part", "slot"],
        set_={
            "wrong": CodeTallyRow.wrong + ON_POSTGRESQL.excluded.wrong,
            "evaluated": CodeTallyRow.evaluated + 1,
        },
    ),
}
HOLDS_UNTIL: Final = select(AlarmRow.holds_until).where(AlarmRow.kind == SPRAY)
SUMS: Final = (
    select(
        CodeTallyRow.seconds,
        func.sum(CodeTallyRow.wrong).label("wrong"),
        func.sum(CodeTallyRow.evaluated).label("evaluated"),
        HOLDS_UNTIL.scalar_subquery().label("holds_until"),
    )
    .where(
        or_(
            *(
                (CodeTallyRow.seconds == bindparam(f"seconds_{which}"))
                & (CodeTallyRow.part >= bindparam(f"oldest_{which}"))
                for which in ("fast", "slow")
            )
        )
    )
    .group_by(CodeTallyRow.seconds)
)
# Of several that find it silent one raises it: the others wait for its row and change nothing.
RAISE_ON_SQLITE: Final = sqlite.insert(AlarmRow)
RAISE_ON_POSTGRESQL: Final = postgresql.insert(AlarmRow)
RAISE: Final[Mapping[str, Executable]] = {
    "sqlite": RAISE_ON_SQLITE.on_conflict_do_update(
        index_elements=["kind"],
        set_={
            "raised_at": RAISE_ON_SQLITE.excluded.raised_at,
            "holds_until": RAISE_ON_SQLITE.excluded.holds_until,
        },
        where=AlarmRow.holds_until <= RAISE_ON_SQLITE.excluded.raised_at,
    ).returning(AlarmRow.kind),
    "postgresql": RAISE_ON_POSTGRESQL.on_conflict_do_update(
        index_elements=["kind"],
        set_={
            "raised_at": RAISE_ON_POSTGRESQL.excluded.raised_at,
            "holds_until": RAISE_ON_POSTGRESQL.excluded.holds_until,
        },
        where=AlarmRow.holds_until <= RAISE_ON_POSTGRESQL.excluded.raised_at,
    ).returning(AlarmRow.kind),
}
EXTEND: Final = (
    update(AlarmRow)
    .where(AlarmRow.kind == SPRAY, AlarmRow.holds_until < bindparam("until"))
    .values(holds_until=bindparam("until"))
)
# One look for what decides the class of a stranger's new code.
STRAIN: Final = select(
    COUNT.scalar_subquery().label("failures"), HOLDS_UNTIL.scalar_subquery().label("holds_until")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was compared in each window, and until when the alarm holds that was raised."""

    tallies: tuple[Tally, Tally]
    holds_until: datetime | None


class SprayAlarm:
    """The spray alarm in one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def count(
        self, windows: Sequence[RollingWindow], slot: int, now: datetime, *, is_wrong: bool
    ) -> None:
        """Count one code that was compared, in the fast window and in the slow one."""
        parameters: dict[str, object] = {"slot": slot % SLOTS, "wrong": int(is_wrong)}
        for which, window in zip(("fast", "slow"), windows, strict=True):
            parameters[f"seconds_{which}"] = window.part // SECOND
            parameters[f"part_{which}"] = window.part_of(now)
            parameters[f"expires_at_{which}"] = now + window.length + 2 * window.part
        self.connection.execute(ONE_MORE[self.connection.dialect.name], parameters)

    def standing(self, windows: Sequence[RollingWindow], now: datetime) -> Standing:
        """Return what was counted in both windows."""
        fast, slow = windows
        parameters = {
            "seconds_fast": fast.part // SECOND,
            "oldest_fast": fast.oldest_part(now),
            "seconds_slow": slow.part // SECOND,
            "oldest_slow": slow.oldest_part(now),
        }
        rows = {row.seconds: row for row in self.connection.execute(SUMS, parameters)}
        tallies = [
            Tally(wrong=row.wrong, evaluated=row.evaluated) if row else Tally(wrong=0, evaluated=0)
            for row in (rows.get(window.part // SECOND) for window in windows)
        ]
        until = next((row.holds_until for row in rows.values()), None)
        return Standing(tallies=(tallies[0], tallies[1]), holds_until=until)

    def begin(self, now: datetime, until: datetime) -> bool:
        """Raise the alarm; False where it holds already: only one caller is told True."""
        parameters = {"kind": SPRAY, "raised_at": now, "holds_until": until}
        statement = RAISE[self.connection.dialect.name]
        return self.connection.execute(statement, parameters).one_or_none() is not None

    def extend(self, until: datetime) -> None:
        """Let the alarm that holds do so at least `until` then."""
        self.connection.execute(EXTEND, {"until": until})

    def holds_until(self) -> datetime | None:
        """Return until when the alarm raised last holds, or held."""
        return self.connection.execute(HOLDS_UNTIL).scalar_one_or_none()

    def strain(self, budget: FailureBudget, since: datetime) -> tuple[int, datetime | None]:
        """Return the failures of a budget since then, and until when the alarm holds."""
        parameters = {"wanted_kind": budget.kind, "wanted_key": budget.key, "since": since}
        row = self.connection.execute(STRAIN, parameters).one()
        return row.failures, row.holds_until
