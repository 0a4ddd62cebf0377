"""Logout notices owed to clients, claimed with a lease by one dispatcher at a time."""

from datetime import datetime
from typing import Final

from sqlalchemy import (
    Connection,
    ForeignKey,
    Index,
    String,
    bindparam,
    insert,
    select,
    text,
)
from sqlalchemy import update as update_rows
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Subject
from authserver.domain.clients import ClientId
from authserver.domain.logout_notices import LogoutNotice, LogoutNoticeId, LogoutNoticeState
from authserver.domain.sessions import SessionId
from authserver.storage.database import Record, Row, UtcDateTime


class LogoutNoticeRow(Row):
    """One logout token owed to one client.

    `due_at` is when it may be claimed: for one in sending, when its lease runs out.
    """

    __tablename__ = "logout_notices"
    __table_args__ = (
        Index(
            "ix_logout_notices_due_at",
            "due_at",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index("ix_logout_notices_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str] = mapped_column(String(40))
    session_id: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    claims: Mapped[int]
    last_outcome: Mapped[str | None] = mapped_column(String(60))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


ADD: Final = insert(LogoutNoticeRow)
# A common table expression, because PostgreSQL may run a limited sub-select more than once.
DUE: Final = (
    select(LogoutNoticeRow.id)
    .where(LogoutNoticeRow.finished_at.is_(None), LogoutNoticeRow.due_at <= bindparam("now"))
    .order_by(LogoutNoticeRow.due_at)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
    .cte("due_notices")
)
CLAIM_DUE: Final = (
    update_rows(LogoutNoticeRow)
    .where(LogoutNoticeRow.id.in_(select(DUE.c.id)))
    .values(
        state=LogoutNoticeState.SENDING.value,
        claims=LogoutNoticeRow.claims + 1,
        due_at=bindparam("lease_until"),
    )
    .returning(LogoutNoticeRow)
)
# The number of claims tells one holder of the lease from the next.
SETTLE: Final = (
    update_rows(LogoutNoticeRow)
    .where(
        LogoutNoticeRow.id == bindparam("wanted_id"),
        LogoutNoticeRow.claims == bindparam("my_claim"),
        LogoutNoticeRow.finished_at.is_(None),
    )
    .values(
        state=bindparam("new_state"),
        last_outcome=bindparam("new_outcome"),
        due_at=bindparam("new_due_at"),
        finished_at=bindparam("new_finished_at"),
    )
)
RECENT: Final = (
    select(LogoutNoticeRow).order_by(LogoutNoticeRow.created_at.desc()).limit(bindparam("at_most"))
)


class LogoutNotices:
    """The logout notices of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, notice: LogoutNotice) -> None:
        """Insert a notice that is owed from now on."""
        self.connection.execute(
            ADD,
            {
                "id": notice.id,
                "client_id": notice.client_id,
                "subject": notice.subject,
                "session_id": notice.session_id,
                "state": notice.state,
                "claims": notice.claims,
                "last_outcome": notice.last_outcome,
                "due_at": notice.due_at,
                "created_at": notice.created_at,
                "finished_at": notice.finished_at,
            },
        )

    def claim_due(self, now: datetime, lease_until: datetime, at_most: int) -> list[LogoutNotice]:
        """Take due notices for oneself until `lease_until`, each for one caller only."""
        parameters = {"now": now, "lease_until": lease_until, "at_most": at_most}
        return [notice_of(row) for row in self.connection.execute(CLAIM_DUE, parameters)]

    def finish(
        self, notice: LogoutNotice, state: LogoutNoticeState, outcome: str, now: datetime
    ) -> bool:
        """Note the final state of a notice one has claimed; False where the lease was lost."""
        return self._settle(notice, state, outcome, notice.due_at, now)

    def put_back(self, notice: LogoutNotice, outcome: str | None, due_at: datetime) -> bool:
        """Let a claimed notice be claimed again; False where the lease was lost."""
        return self._settle(notice, LogoutNoticeState.QUEUED, outcome, due_at, None)

    def recent(self, at_most: int) -> list[LogoutNotice]:
        """Return the newest notices, newest first."""
        return [notice_of(row) for row in self.connection.execute(RECENT, {"at_most": at_most})]

    def _settle(
        self,
        notice: LogoutNotice,
        state: LogoutNoticeState,
        outcome: str | None,
        due_at: datetime,
        finished_at: datetime | None,
    ) -> bool:
        parameters = {
            "wanted_id": notice.id,
            "my_claim": notice.claims,
            "new_state": state,
            "new_outcome": outcome,
            "new_due_at": due_at,
            "new_finished_at": finished_at,
        }
        return self.connection.execute(SETTLE, parameters).rowcount == 1


def notice_of(row: Record) -> LogoutNotice:
    """Return the notice that `row` describes."""
    return LogoutNotice(
        id=LogoutNoticeId(row.id),
        client_id=ClientId(row.client_id),
        subject=Subject(row.subject),
        session_id=SessionId(row.session_id),
        state=LogoutNoticeState(row.state),
        claims=row.claims,
        last_outcome=row.last_outcome,
        due_at=row.due_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
