"""Logout notices owed to clients, claimed with a lease by one dispatcher at a time."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Executable,
    ForeignKey,
    Index,
    String,
    bindparam,
    or_,
    select,
    text,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Subject
from authserver.domain.clients import ClientId
from authserver.domain.logout_notices import LogoutNotice, LogoutNoticeId, LogoutNoticeState
from authserver.domain.sessions import SessionId
from authserver.storage.clients import ClientRow
from authserver.storage.database import Record, Row, UtcDateTime
from authserver.storage.grants import AuthorizationRow
from authserver.storage.sessions import SessionRow


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


# A client is told once that a session has ended, whoever ends what it left behind later.
ADD: Final[Mapping[str, Executable]] = {
    "sqlite": sqlite.insert(LogoutNoticeRow).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(LogoutNoticeRow).on_conflict_do_nothing(),
}
# Clients are held, so that none of them is deleted beside its notice; who deletes one locks it
# before its authorizations, too.
TOLD: Final = (
    select(AuthorizationRow.client_id, AuthorizationRow.session_id, AuthorizationRow.subject)
    .join(ClientRow, ClientRow.id == AuthorizationRow.client_id)
    .where(ClientRow.details["backchannel_logout_uri"].as_string().is_not(None))
    .order_by(AuthorizationRow.client_id)
    .with_for_update(key_share=True, read=True, of=ClientRow)
)
TOLD_OF_SESSION: Final = TOLD.where(AuthorizationRow.session_id == bindparam("wanted_session"))
# Of sessions that have ended before, only what was granted for offline use is still there.
TOLD_OF_SUBJECT: Final = TOLD.outerjoin(
    SessionRow, SessionRow.id == AuthorizationRow.session_id
).where(
    AuthorizationRow.subject == bindparam("wanted_subject"),
    or_(AuthorizationRow.revoked_at.is_(None), SessionRow.ended_at == bindparam("now")),
)
IS_DUE: Final = (
    select(LogoutNoticeRow.id)
    .where(LogoutNoticeRow.finished_at.is_(None), LogoutNoticeRow.due_at <= bindparam("now"))
    .limit(1)
)
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
NEWEST: Final = (
    select(LogoutNoticeRow)
    .order_by(LogoutNoticeRow.created_at.desc(), LogoutNoticeRow.id)
    .limit(bindparam("at_most"))
)
NEWEST_OF_CLIENT: Final = NEWEST.where(LogoutNoticeRow.client_id == bindparam("wanted_client"))


class LogoutNotices:
    """The logout notices of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, notice: LogoutNotice) -> None:
        """Insert a notice that is owed from now on, unless there is such a one."""
        self._add([notice])

    def owe_of_session(self, session_id: SessionId, now: datetime) -> bool:
        """Owe a notice to each client that the session was used for; tell whether there is any."""
        return self._owe(TOLD_OF_SESSION, {"wanted_session": session_id}, now)

    def owe_of_subject(self, subject: Subject, now: datetime) -> bool:
        """Do the same for the sessions of the account that have been ended at this instant.

        Call it before the authorizations are revoked: of former sessions some may be left.
        """
        return self._owe(TOLD_OF_SUBJECT, {"wanted_subject": subject, "now": now}, now)

    def is_any_due(self, now: datetime) -> bool:
        """Tell whether there is something to claim; asking needs no writer."""
        return self.connection.execute(IS_DUE, {"now": now}).one_or_none() is not None

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

    def recent(self, client_id: ClientId | None, at_most: int) -> list[LogoutNotice]:
        """Return the newest notices, of one client or of all, newest first."""
        parameters: dict[str, Any] = {"at_most": at_most}
        if client_id is None:
            rows = self.connection.execute(NEWEST, parameters)
        else:
            rows = self.connection.execute(
                NEWEST_OF_CLIENT, {**parameters, "wanted_client": client_id}
            )
        return [notice_of(row) for row in rows]

    def _owe(self, told: Executable, parameters: dict[str, Any], now: datetime) -> bool:
        rows = self.connection.execute(told, parameters).all()
        owed = {
            (row.client_id, row.session_id): LogoutNotice(
                id=notice_id(ClientId(row.client_id), SessionId(row.session_id)),
                client_id=ClientId(row.client_id),
                subject=Subject(row.subject),
                session_id=SessionId(row.session_id),
                due_at=now,
                created_at=now,
            )
            for row in rows
        }
        if owed:
            self._add(list(owed.values()))
        return bool(owed)

    def _add(self, notices: list[LogoutNotice]) -> None:
        columns = [
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
            }
            for notice in notices
        ]
        self.connection.execute(ADD[self.connection.dialect.name], columns)

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


def notice_id(client_id: ClientId, session_id: SessionId) -> LogoutNoticeId:
    """Return the id of the one notice that tells the client of the end of the session."""
    return LogoutNoticeId(sha256(f"{client_id} {session_id}".encode()).hexdigest()[:40])


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
