"""Failures of one address or browser, counted under the lock of one row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import (
    Connection,
    Executable,
    Index,
    String,
    bindparam,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.failure_budgets import FailureBudget
from authserver.storage.database import Row, UtcDateTime


class FailureBudgetRow(Row):
    """The row whose lock orders everything that counts against one budget."""

    __tablename__ = "failure_budgets"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(320), primary_key=True)
    touched_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class FailureRow(Row):
    """One wrong code, named by its verification and attempt, or one wrong password."""

    __tablename__ = "failures"
    __table_args__ = (Index("ix_failures_kind_key_failed_at", "kind", "key", "failed_at"),)

    verification_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(320))
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


ON_SQLITE: Final = sqlite.insert(FailureBudgetRow)
ON_POSTGRESQL: Final = postgresql.insert(FailureBudgetRow)
HOLD: Final[Mapping[str, Executable]] = {
    "sqlite": ON_SQLITE.on_conflict_do_update(
        index_elements=["kind", "key"], set_={"touched_at": ON_SQLITE.excluded.touched_at}
    ),
    "postgresql": ON_POSTGRESQL.on_conflict_do_update(
        index_elements=["kind", "key"], set_={"touched_at": ON_POSTGRESQL.excluded.touched_at}
    ),
}
COUNT: Final = select(func.count()).where(
    FailureRow.kind == bindparam("wanted_kind"),
    FailureRow.key == bindparam("wanted_key"),
    FailureRow.failed_at > bindparam("since"),
)
ADD: Final = insert(FailureRow)
TAKE_BACK: Final = delete(FailureRow).where(
    FailureRow.verification_id == bindparam("wanted_id"),
    FailureRow.attempt == bindparam("wanted_attempt"),
)
TRIES: Final = select(FailureRow.attempt, FailureRow.failed_at).where(
    FailureRow.verification_id == bindparam("wanted_id")
)
CLEAR: Final = delete(FailureRow).where(
    FailureRow.kind == bindparam("wanted_kind"), FailureRow.key == bindparam("wanted_key")
)


class FailureBudgets:
    """The failure budgets of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def hold(self, budget: FailureBudget, now: datetime) -> None:
        """Lock the budget until the commit, so that what is counted stays true."""
        self.connection.execute(
            HOLD[self.connection.dialect.name],
            {"kind": budget.kind, "key": budget.key, "touched_at": now},
        )

    def count(self, budget: FailureBudget, since: datetime) -> int:
        """Return the failures after `since`."""
        parameters = {"wanted_kind": budget.kind, "wanted_key": budget.key, "since": since}
        return self.connection.execute(COUNT, parameters).scalar_one()

    def charge(
        self, budget: FailureBudget, verification_id: str, attempt: int, now: datetime
    ) -> None:
        """Note one failure; resends, new verifications and restarts do not take it back."""
        self.connection.execute(
            ADD,
            {
                "verification_id": verification_id,
                "attempt": attempt,
                "kind": budget.kind,
                "key": budget.key,
                "failed_at": now,
            },
        )

    def take_back(self, verification_id: str, attempt: int) -> None:
        """Take back a failure that was noted before what was tried turned out to be right."""
        parameters = {"wanted_id": verification_id, "wanted_attempt": attempt}
        self.connection.execute(TAKE_BACK, parameters)

    def tries(self, name: str) -> list[tuple[int, datetime]]:
        """Return number and time of the failures noted under one name."""
        rows = self.connection.execute(TRIES, {"wanted_id": name})
        return [(row.attempt, row.failed_at) for row in rows]

    def clear(self, budget: FailureBudget) -> None:
        """Forget every failure: a recognised browser that succeeds, or an operator's release."""
        self.connection.execute(CLEAR, {"wanted_kind": budget.kind, "wanted_key": budget.key})
