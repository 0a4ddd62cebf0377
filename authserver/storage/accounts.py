"""Accounts and the one-time links that operators make for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import (
    Account,
    AccountOrigin,
    AccountStatus,
    SignInLink,
    Subject,
)
from authserver.domain.email_address import EmailAddress
from authserver.storage.database import Record, Row, UtcDateTime


class AccountRow(Row):
    """A person's record; the canonical address is unique."""

    __tablename__ = "accounts"
    __table_args__ = (Index("uq_accounts_canonical_address", "canonical_address", unique=True),)

    subject: Mapped[str] = mapped_column(String(40), primary_key=True)
    address: Mapped[str] = mapped_column(String(254))
    canonical_address: Mapped[str] = mapped_column(String(254))
    status: Mapped[str] = mapped_column(String(20))
    is_admin: Mapped[bool]
    email_proven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claims: Mapped[dict[str, Any]] = mapped_column(JSON)
    origin: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInLinkRow(Row):
    """A one-time link, found by the digest of its token."""

    __tablename__ = "sign_in_links"
    __table_args__ = (Index("ix_sign_in_links_expires_at", "expires_at"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    subject: Mapped[str] = mapped_column(
        ForeignKey("accounts.subject", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AddressTaken(Exception):
    """Another account owns the canonical address."""


ADD: Final = insert(AccountRow)
FIND: Final = select(AccountRow).where(AccountRow.subject == bindparam("wanted_subject"))
FIND_BY_ADDRESS: Final = select(AccountRow).where(
    AccountRow.canonical_address == bindparam("wanted_address")
)
# The lock orders a sign-in after or before a suspension, never beside it. A share lock would
# let two sign-ins hold the row, and neither could note its first proof while the other does.
FIND_AND_HOLD: Final = FIND_BY_ADDRESS.with_for_update(key_share=True)
FIND_SUBJECT_AND_HOLD: Final = FIND.with_for_update(key_share=True)
LIST: Final = select(AccountRow).order_by(AccountRow.created_at, AccountRow.subject)
ADMINS: Final = LIST.where(AccountRow.is_admin, AccountRow.status == AccountStatus.ACTIVE.value)
COUNT_ADMINS: Final = select(func.count()).where(AccountRow.is_admin)
MARK_PROVEN: Final = (
    update(AccountRow)
    .where(AccountRow.subject == bindparam("wanted_subject"), AccountRow.email_proven_at.is_(None))
    .values(email_proven_at=bindparam("now"), updated_at=bindparam("now"))
)
SET_STATUS: Final = (
    update(AccountRow)
    .where(
        AccountRow.subject == bindparam("wanted_subject"),
        AccountRow.status != bindparam("new_status"),
    )
    .values(status=bindparam("new_status"), updated_at=bindparam("now"))
)
SET_ADMIN: Final = (
    update(AccountRow)
    .where(
        AccountRow.subject == bindparam("wanted_subject"),
        AccountRow.is_admin != bindparam("wanted"),
    )
    .values(is_admin=bindparam("wanted"), updated_at=bindparam("now"))
)
SET_CLAIMS: Final = (
    update(AccountRow)
    .where(AccountRow.subject == bindparam("wanted_subject"))
    .values(claims=bindparam("new_claims", type_=JSON), updated_at=bindparam("now"))
)
CHANGE_ADDRESS: Final = (
    update(AccountRow)
    .where(
        AccountRow.subject == bindparam("wanted_subject"),
        AccountRow.canonical_address == bindparam("old_canonical"),
    )
    .values(
        address=bindparam("new_address"),
        canonical_address=bindparam("new_canonical"),
        email_proven_at=bindparam("new_proven_at"),
        updated_at=bindparam("now"),
    )
)
DELETE: Final = delete(AccountRow).where(AccountRow.subject == bindparam("wanted_subject"))
ADD_LINK: Final = insert(SignInLinkRow)
FIND_LINK: Final = select(SignInLinkRow).where(SignInLinkRow.digest == bindparam("wanted_digest"))
FORGET_LINKS: Final = delete(SignInLinkRow).where(
    SignInLinkRow.subject == bindparam("wanted_subject")
)
USE_LINK: Final = (
    update(SignInLinkRow)
    .where(
        SignInLinkRow.digest == bindparam("wanted_digest"),
        SignInLinkRow.used_at.is_(None),
        SignInLinkRow.expires_at > bindparam("now"),
    )
    .values(used_at=bindparam("now"))
    .returning(SignInLinkRow.subject)
)


class Accounts:
    """The accounts of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, account: Account) -> None:
        """Insert `account`; raises AddressTaken, after which the unit can only be undone."""
        try:
            self.connection.execute(
                ADD,
                {
                    "subject": account.subject,
                    "address": account.address.typed,
                    "canonical_address": account.address.canonical,
                    "status": account.status,
                    "is_admin": account.is_admin,
                    "email_proven_at": account.email_proven_at,
                    "claims": dict(account.claims),
                    "origin": account.origin,
                    "created_at": account.created_at,
                    "updated_at": account.updated_at,
                },
            )
        except IntegrityError as fault:
            raise AddressTaken from fault

    def find(self, subject: Subject) -> Account | None:
        """Return the account with `subject`."""
        return self._one(FIND, wanted_subject=subject)

    def find_by_address(self, canonical: str) -> Account | None:
        """Return the account that owns the canonical address."""
        return self._one(FIND_BY_ADDRESS, wanted_address=canonical)

    def hold_by_address(self, canonical: str) -> Account | None:
        """Return the account of the address; until the commit nobody can change its status."""
        return self._one(FIND_AND_HOLD, wanted_address=canonical)

    def hold(self, subject: Subject) -> Account | None:
        """Return the account; until the commit nobody can change its status."""
        return self._one(FIND_SUBJECT_AND_HOLD, wanted_subject=subject)

    def list(self) -> list[Account]:
        """Return every account, oldest first."""
        return [account_of(row) for row in self.connection.execute(LIST)]

    def admins(self) -> Sequence[Account]:
        """Return the accounts of administrators that may sign in, oldest first."""
        return [account_of(row) for row in self.connection.execute(ADMINS)]

    def has_admin(self) -> bool:
        """Tell whether some account is an administrator's."""
        return self.connection.execute(COUNT_ADMINS).scalar_one() > 0

    def mark_proven(self, subject: Subject, now: datetime) -> None:
        """Note the first proof of the account's mailbox; later proofs change nothing."""
        self.connection.execute(MARK_PROVEN, {"wanted_subject": subject, "now": now})

    def set_status(self, subject: Subject, status: AccountStatus, now: datetime) -> bool:
        """Change the status; False where it is so already or nobody is there."""
        changed = self.connection.execute(
            SET_STATUS, {"wanted_subject": subject, "new_status": status, "now": now}
        )
        return changed.rowcount == 1

    def set_admin(self, subject: Subject, now: datetime, *, is_admin: bool) -> bool:
        """Make the account an administrator's, or no longer; False where it is so already."""
        parameters = {"wanted_subject": subject, "wanted": is_admin, "now": now}
        return self.connection.execute(SET_ADMIN, parameters).rowcount == 1

    def set_claims(self, subject: Subject, claims: Mapping[str, object], now: datetime) -> None:
        """Replace the account's standard claims; hold the account while deciding on them."""
        parameters = {"wanted_subject": subject, "new_claims": dict(claims), "now": now}
        self.connection.execute(SET_CLAIMS, parameters)

    def change_address(
        self,
        subject: Subject,
        old: EmailAddress,
        new: EmailAddress,
        now: datetime,
        *,
        proven_at: datetime | None,
    ) -> bool:
        """Switch to another address, proven or not yet; False where `old` is gone.

        Raises AddressTaken, after which the unit can only be undone.
        """
        parameters = {
            "wanted_subject": subject,
            "old_canonical": old.canonical,
            "new_address": new.typed,
            "new_canonical": new.canonical,
            "new_proven_at": proven_at,
            "now": now,
        }
        try:
            return self.connection.execute(CHANGE_ADDRESS, parameters).rowcount == 1
        except IntegrityError as fault:
            raise AddressTaken from fault

    def delete(self, subject: Subject) -> bool:
        """Delete the account with its sessions, authorizations and tokens."""
        return self.connection.execute(DELETE, {"wanted_subject": subject}).rowcount == 1

    def add_sign_in_link(self, link: SignInLink) -> None:
        """Insert a one-time link."""
        self.connection.execute(
            ADD_LINK,
            {
                "digest": link.digest,
                "subject": link.subject,
                "created_at": link.created_at,
                "expires_at": link.expires_at,
                "used_at": link.used_at,
            },
        )

    def find_sign_in_link(self, digest: bytes) -> SignInLink | None:
        """Return the link with `digest`, used or not."""
        row = self.connection.execute(FIND_LINK, {"wanted_digest": digest}).one_or_none()
        if row is None:
            return None
        return SignInLink(
            digest=row.digest,
            subject=Subject(row.subject),
            created_at=row.created_at,
            expires_at=row.expires_at,
            used_at=row.used_at,
        )

    def use_sign_in_link(self, digest: bytes, now: datetime) -> Subject | None:
        """Use the link up and return whom it signs in; None where it cannot be used."""
        parameters = {"wanted_digest": digest, "now": now}
        subject = self.connection.execute(USE_LINK, parameters).scalar_one_or_none()
        return None if subject is None else Subject(subject)

    def forget_sign_in_links(self, subject: Subject) -> None:
        """Delete every link made for the account."""
        self.connection.execute(FORGET_LINKS, {"wanted_subject": subject})

    def _one(self, statement: Any, **parameters: object) -> Account | None:
        row = self.connection.execute(statement, parameters).one_or_none()
        return None if row is None else account_of(row)


def account_of(row: Record) -> Account:
    """Return the account that `row` describes."""
    return Account(
        subject=Subject(row.subject),
        address=EmailAddress(typed=row.address, canonical=row.canonical_address),
        status=AccountStatus(row.status),
        is_admin=row.is_admin,
        email_proven_at=row.email_proven_at,
        claims=row.claims,
        origin=AccountOrigin(row.origin),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
