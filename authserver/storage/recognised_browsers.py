"""Browsers recognised by a device cookie, of which only the digest is stored."""

from datetime import datetime
from typing import Final

from sqlalchemy import (
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Subject
from authserver.domain.recognised_browsers import RecognisedBrowser, RecognisedBrowserId
from authserver.domain.secret import fingerprint
from authserver.storage.database import Record, Row, UtcDateTime


class RecognisedBrowserRow(Row):
    """One browser that completed a sign-in; the address is copied so that accounts stay unread."""

    __tablename__ = "recognised_browsers"
    __table_args__ = (
        Index("uq_recognised_browsers_digest", "digest", unique=True),
        Index("ix_recognised_browsers_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    subject: Mapped[str] = mapped_column(
        ForeignKey("accounts.subject", ondelete="CASCADE"), index=True
    )
    canonical_address: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(60))
    first_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


ADD: Final = insert(RecognisedBrowserRow)
FIND: Final = select(RecognisedBrowserRow).where(
    RecognisedBrowserRow.digest == bindparam("wanted_digest"),
    RecognisedBrowserRow.expires_at > bindparam("now"),
)
LIST: Final = (
    select(RecognisedBrowserRow)
    .where(
        RecognisedBrowserRow.subject == bindparam("wanted_subject"),
        RecognisedBrowserRow.expires_at > bindparam("now"),
    )
    .order_by(RecognisedBrowserRow.last_used_at.desc(), RecognisedBrowserRow.id)
)
RENEW: Final = (
    update(RecognisedBrowserRow)
    .where(RecognisedBrowserRow.id == bindparam("wanted_id"))
    .values(
        digest=bindparam("new_digest"),
        last_used_at=bindparam("now"),
        expires_at=bindparam("until"),
    )
)
ABANDON: Final = delete(RecognisedBrowserRow).where(
    RecognisedBrowserRow.id.in_(
        select(RecognisedBrowserRow.id)
        .where(RecognisedBrowserRow.id == bindparam("wanted_id"))
        .with_for_update(skip_locked=True)
    )
)
FORGET: Final = delete(RecognisedBrowserRow).where(
    RecognisedBrowserRow.id == bindparam("wanted_id"),
    RecognisedBrowserRow.subject == bindparam("wanted_subject"),
)
FORGET_ALL: Final = delete(RecognisedBrowserRow).where(
    RecognisedBrowserRow.subject == bindparam("wanted_subject")
)


class RecognisedBrowsers:
    """The recognised browsers of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, browser: RecognisedBrowser, secret: str) -> None:
        """Insert a browser whose device cookie holds `secret`."""
        self.connection.execute(
            ADD,
            {
                "id": browser.id,
                "digest": fingerprint(secret),
                "subject": browser.subject,
                "canonical_address": browser.canonical_address,
                "name": browser.name,
                "first_used_at": browser.first_used_at,
                "last_used_at": browser.last_used_at,
                "expires_at": browser.expires_at,
            },
        )

    def find(self, secret: str | None, now: datetime) -> RecognisedBrowser | None:
        """Return the browser whose device cookie holds `secret`, while it is recognised."""
        if secret is None:
            return None
        parameters = {"wanted_digest": fingerprint(secret), "now": now}
        row = self.connection.execute(FIND, parameters).one_or_none()
        return None if row is None else browser_of(row)

    def list(self, subject: Subject, now: datetime) -> list[RecognisedBrowser]:
        """Return the account's browsers, the last used first."""
        parameters = {"wanted_subject": subject, "now": now}
        return [browser_of(row) for row in self.connection.execute(LIST, parameters)]

    def renew(
        self, browser_id: RecognisedBrowserId, secret: str, now: datetime, until: datetime
    ) -> None:
        """Note a sign-in by the browser, whose device cookie holds another secret from now on."""
        parameters = {
            "wanted_id": browser_id,
            "new_digest": fingerprint(secret),
            "now": now,
            "until": until,
        }
        self.connection.execute(RENEW, parameters)

    def abandon(self, browser_id: RecognisedBrowserId) -> None:
        """Drop a browser whose cookie gives way to another, unless its row is in use just now.

        It may belong to an account that this unit does not hold, so nobody waits for it.
        """
        self.connection.execute(ABANDON, {"wanted_id": browser_id})

    def forget(self, browser_id: RecognisedBrowserId, subject: Subject) -> bool:
        """Make a stranger of one browser of the account; False where it has none like it."""
        parameters = {"wanted_id": browser_id, "wanted_subject": subject}
        return self.connection.execute(FORGET, parameters).rowcount == 1

    def forget_all(self, subject: Subject) -> None:
        """Make strangers of every browser of the account."""
        self.connection.execute(FORGET_ALL, {"wanted_subject": subject})


def browser_of(row: Record) -> RecognisedBrowser:
    """Return the recognised browser that `row` describes."""
    return RecognisedBrowser(
        id=RecognisedBrowserId(row.id),
        subject=Subject(row.subject),
        canonical_address=row.canonical_address,
        name=row.name,
        first_used_at=row.first_used_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
    )
