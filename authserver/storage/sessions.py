"""Sessions of browsers, found by the digest of their cookie."""

from datetime import datetime
from typing import Final

from sqlalchemy import (
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Subject
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.secret import fingerprint
from authserver.domain.sessions import (
    AuthenticationContext,
    AuthenticationMethod,
    Session,
    SessionId,
)
from authserver.storage.database import Record, Row, UtcDateTime


class SessionRow(Row):
    """One sign-in of one browser."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("uq_sessions_digest", "digest", unique=True),
        Index("ix_sessions_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    subject: Mapped[str] = mapped_column(
        ForeignKey("accounts.subject", ondelete="CASCADE"), index=True
    )
    authenticated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    amr: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acr: Mapped[str | None] = mapped_column(String(60))
    source: Mapped[str | None] = mapped_column(String(50))
    browser: Mapped[str | None] = mapped_column(String(60))


ADD: Final = insert(SessionRow)
FIND: Final = select(SessionRow).where(SessionRow.id == bindparam("wanted_id"))
FIND_BY_DIGEST: Final = select(SessionRow).where(SessionRow.digest == bindparam("wanted_digest"))
RENEW: Final = (
    update(SessionRow)
    .where(SessionRow.id == bindparam("wanted_id"), SessionRow.ended_at.is_(None))
    .values(
        digest=bindparam("new_digest"),
        authenticated_at=bindparam("now"),
        last_used_at=bindparam("now"),
        amr=bindparam("new_amr"),
        acr=bindparam("new_acr"),
        source=bindparam("new_source"),
        browser=bindparam("new_browser"),
    )
)
HOLD: Final = (
    update(SessionRow)
    .where(SessionRow.id == bindparam("wanted_id"), SessionRow.ended_at.is_(None))
    .values(last_used_at=bindparam("now"))
)
END: Final = (
    update(SessionRow)
    .where(SessionRow.id == bindparam("wanted_id"), SessionRow.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)
LIST_OF_SUBJECT: Final = (
    select(SessionRow)
    .where(
        SessionRow.subject == bindparam("wanted_subject"),
        SessionRow.ended_at.is_(None),
        SessionRow.expires_at > bindparam("now"),
    )
    .order_by(SessionRow.last_used_at.desc(), SessionRow.id)
)
END_ALL: Final = (
    update(SessionRow)
    .where(SessionRow.subject == bindparam("wanted_subject"), SessionRow.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)


class Sessions:
    """The sessions of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, session: Session, digest: bytes, expires_at: datetime) -> None:
        """Insert a session whose cookie has `digest`; it is pruned some time after its end."""
        self.connection.execute(
            ADD,
            {
                "id": session.id,
                "digest": digest,
                "subject": session.subject,
                "authenticated_at": session.authenticated_at,
                "amr": " ".join(session.amr),
                "created_at": session.created_at,
                "last_used_at": session.last_used_at,
                "expires_at": expires_at,
                "ended_at": session.ended_at,
                "acr": session.acr,
                "source": session.source,
                "browser": session.browser,
            },
        )

    def find(self, session_id: SessionId) -> Session | None:
        """Return the session, live or not."""
        row = self.connection.execute(FIND, {"wanted_id": session_id}).one_or_none()
        return None if row is None else session_of(row)

    def find_by_digest(self, digest: bytes) -> Session | None:
        """Return the session whose cookie has `digest`, live or not."""
        row = self.connection.execute(FIND_BY_DIGEST, {"wanted_digest": digest}).one_or_none()
        return None if row is None else session_of(row)

    def find_live(self, secret: str | None, now: datetime, lifetimes: Lifetimes) -> Session | None:
        """Return the live session whose cookie holds `secret`; None for any other value."""
        if secret is None:
            return None
        session = self.find_by_digest(fingerprint(secret))
        return session if session is not None and session.is_live(now, lifetimes) else None

    def renew(self, session_id: SessionId, digest: bytes, fresh: Session) -> bool:
        """Take over a fresh sign-in of the same person; the former cookie is dead (ASVS 7.2.4)."""
        parameters = {
            "wanted_id": session_id,
            "new_digest": digest,
            "new_amr": " ".join(fresh.amr),
            "new_acr": fresh.acr,
            "new_source": fresh.source,
            "new_browser": fresh.browser,
            "now": fresh.authenticated_at,
        }
        return self.connection.execute(RENEW, parameters).rowcount == 1

    def hold(self, session_id: SessionId, now: datetime) -> bool:
        """Note a use and keep the session from ending until the commit; False if it has ended."""
        return self.connection.execute(HOLD, {"wanted_id": session_id, "now": now}).rowcount == 1

    def end(self, session_id: SessionId, now: datetime) -> bool:
        """End the session; False where it has ended before."""
        return self.connection.execute(END, {"wanted_id": session_id, "now": now}).rowcount == 1

    def list(self, subject: Subject, now: datetime, lifetimes: Lifetimes) -> list[Session]:
        """Return the live sessions of the account, the last used first."""
        parameters = {"wanted_subject": subject, "now": now}
        found = map(session_of, self.connection.execute(LIST_OF_SUBJECT, parameters))
        return [session for session in found if session.is_live(now, lifetimes)]

    def end_all(self, subject: Subject, now: datetime) -> int:
        """End every session of the account and return how many there were."""
        parameters = {"wanted_subject": subject, "now": now}
        return self.connection.execute(END_ALL, parameters).rowcount


def session_of(row: Record) -> Session:
    """Return the session that `row` describes."""
    return Session(
        id=SessionId(row.id),
        subject=Subject(row.subject),
        authenticated_at=row.authenticated_at,
        amr=tuple(map(AuthenticationMethod, row.amr.split())),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        ended_at=row.ended_at,
        acr=AuthenticationContext(row.acr or AuthenticationContext.ONE_FACTOR),
        source=row.source or "",
        browser=row.browser or "",
    )
