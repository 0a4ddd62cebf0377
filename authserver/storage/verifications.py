"""Verifications: counted before they are compared, consumed once."""

from dataclasses import fields
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
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.email_address import EmailAddress
from authserver.domain.interactions import InteractionId
from authserver.domain.verifications import (
    CodeClass,
    Purpose,
    Verification,
    VerificationId,
    VerificationState,
)
from authserver.storage.database import Record, Row, UtcDateTime

LIVE: Final = VerificationState.LIVE.value


class VerificationRow(Row):
    """Proof of one mailbox; holds no code, only what it is derived from."""

    __tablename__ = "verifications"
    __table_args__ = (
        Index(
            "uq_verifications_live",
            "interaction_id",
            "purpose",
            unique=True,
            sqlite_where=text("state = 'live'"),
            postgresql_where=text("state = 'live'"),
        ),
        Index("ix_verifications_canonical_address", "canonical_address"),
        Index("ix_verifications_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    interaction_id: Mapped[str] = mapped_column(
        ForeignKey("interactions.id", ondelete="CASCADE"), index=True
    )
    purpose: Mapped[str] = mapped_column(String(30))
    address: Mapped[str] = mapped_column(String(254))
    canonical_address: Mapped[str] = mapped_column(String(254))
    client_id: Mapped[str] = mapped_column(String(40))
    code_class: Mapped[str] = mapped_column(String(10))
    key_id: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(50))
    browser: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int]
    attempt_limit: Mapped[int]
    mails: Mapped[int]
    mails_before: Mapped[int]
    mail_limit: Mapped[int]
    next_mail_at: Mapped[datetime] = mapped_column(UtcDateTime)
    code_mailed: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    proof_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recognised_browser_id: Mapped[str | None] = mapped_column(String(40))


class AlreadyLive(Exception):
    """A simultaneous start of the same interaction and purpose has won."""


ADD: Final = insert(VerificationRow)
FIND: Final = select(VerificationRow).where(VerificationRow.id == bindparam("wanted_id"))
NEWEST: Final = (
    select(VerificationRow)
    .where(
        VerificationRow.interaction_id == bindparam("wanted_interaction"),
        VerificationRow.canonical_address == bindparam("wanted_address"),
    )
    .order_by(VerificationRow.created_at.desc(), VerificationRow.mails_before.desc())
    .limit(1)
)
CHANGE: Final = update_rows(VerificationRow)
CHANGE_LIVE: Final = CHANGE.where(
    VerificationRow.id == bindparam("wanted_id"), VerificationRow.state == LIVE
)
PERMIT_MAIL: Final = (
    CHANGE_LIVE.where(
        VerificationRow.expires_at > bindparam("now"),
        VerificationRow.mails < VerificationRow.mail_limit,
        VerificationRow.next_mail_at <= bindparam("now"),
    )
    .values(mails=VerificationRow.mails + 1, next_mail_at=bindparam("then"))
    .returning(VerificationRow.mails)
)
CLAIM_TRY: Final = (
    CHANGE_LIVE.where(
        VerificationRow.attempts < VerificationRow.attempt_limit,
        VerificationRow.expires_at > bindparam("now"),
    )
    .values(attempts=VerificationRow.attempts + 1)
    .returning(VerificationRow)
)
MARK_MAILED: Final = CHANGE_LIVE.where(VerificationRow.expires_at > bindparam("now")).values(
    code_mailed=True
)
CONSUME: Final = CHANGE_LIVE.where(
    VerificationRow.expires_at > bindparam("now"), VerificationRow.code_mailed
).values(state=VerificationState.VERIFIED.value, verified_at=bindparam("now"))
EXPIRE: Final = CHANGE_LIVE.values(expires_at=bindparam("now"))
REPLACE: Final = CHANGE_LIVE.values(state=VerificationState.REPLACED.value)
IS_PROOF: Final = (VerificationRow.state == VerificationState.VERIFIED.value) & (
    VerificationRow.proof_used_at.is_(None)
)
# In one order, so that two who cancel never wait for each other.
HOLD_FOR_ADDRESSES: Final = (
    select(VerificationRow.id)
    .where(
        (VerificationRow.canonical_address == bindparam("one_address"))
        | (VerificationRow.canonical_address == bindparam("other_address")),
        (VerificationRow.state == LIVE) | IS_PROOF,
    )
    .order_by(VerificationRow.id)
    .with_for_update()
)
CANCEL_FOR_ADDRESS: Final = CHANGE.where(
    VerificationRow.canonical_address == bindparam("wanted_address"),
    (VerificationRow.state == LIVE) | IS_PROOF,
).values(state=VerificationState.CANCELLED.value)
HOLD_PROOF: Final = (
    select(VerificationRow.id)
    .where(VerificationRow.id == bindparam("wanted_id"), IS_PROOF)
    .with_for_update()
)
HOLD_OF_ADDRESS: Final = (
    select(VerificationRow.id)
    .where(VerificationRow.canonical_address == bindparam("wanted_address"))
    .order_by(VerificationRow.id)
    .with_for_update()
)
USE_PROOF: Final = CHANGE.where(
    VerificationRow.id == bindparam("wanted_id"),
    VerificationRow.interaction_id == bindparam("wanted_interaction"),
    VerificationRow.state == VerificationState.VERIFIED.value,
    VerificationRow.proof_used_at.is_(None),
    VerificationRow.verified_at > bindparam("proven_after"),
).values(proof_used_at=bindparam("now"))


class Verifications:
    """The verifications of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, verification: Verification) -> None:
        """Insert a live verification; raises AlreadyLive where a simultaneous start has won."""
        try:
            self.connection.execute(ADD, parameters_of(verification))
        except IntegrityError as fault:
            raise AlreadyLive from fault

    def find(self, verification_id: str) -> Verification | None:
        """Return the verification, whatever its state."""
        row = self.connection.execute(FIND, {"wanted_id": verification_id}).one_or_none()
        return None if row is None else verification_of(row)

    def find_newest(self, interaction_id: InteractionId, canonical: str) -> Verification | None:
        """Return the interaction's newest verification of an address, whatever its state."""
        parameters = {"wanted_interaction": interaction_id, "wanted_address": canonical}
        row = self.connection.execute(NEWEST, parameters).one_or_none()
        return None if row is None else verification_of(row)

    def permit_mail(self, verification_id: VerificationId, now: datetime, then: datetime) -> bool:
        """Count one more mail where one is due now; the next one is due `then`."""
        parameters = {"wanted_id": verification_id, "now": now, "then": then}
        return self.connection.execute(PERMIT_MAIL, parameters).one_or_none() is not None

    def claim_try(self, verification_id: VerificationId, now: datetime) -> Verification | None:
        """Count one try and return the verification; None where no try is left."""
        parameters = {"wanted_id": verification_id, "now": now}
        row = self.connection.execute(CLAIM_TRY, parameters).one_or_none()
        return None if row is None else verification_of(row)

    def mark_mailed(self, verification_id: VerificationId, now: datetime) -> bool:
        """Note that a mail with the code leaves; False where the code is dead."""
        parameters = {"wanted_id": verification_id, "now": now}
        return self.connection.execute(MARK_MAILED, parameters).rowcount == 1

    def consume(self, verification_id: VerificationId, now: datetime) -> bool:
        """Turn a live verification into a verified one; only one caller is told True."""
        parameters = {"wanted_id": verification_id, "now": now}
        return self.connection.execute(CONSUME, parameters).rowcount == 1

    def expire(self, verification_id: VerificationId, now: datetime) -> None:
        """End a verification before its time, because its secret key is gone."""
        self.connection.execute(EXPIRE, {"wanted_id": verification_id, "now": now})

    def replace(self, verification_id: str) -> None:
        """End a verification whose place a newer one takes, if it is live."""
        self.connection.execute(REPLACE, {"wanted_id": verification_id})

    def hold_for_addresses(self, one: str, other: str) -> None:
        """Lock every live verification and unused proof of two addresses until the commit."""
        parameters = {"one_address": one, "other_address": other}
        self.connection.execute(HOLD_FOR_ADDRESSES, parameters)

    def cancel_for_address(self, canonical: str) -> None:
        """End every live verification and unused proof of an address whose account changed."""
        self.hold_for_addresses(canonical, canonical)
        self.connection.execute(CANCEL_FOR_ADDRESS, {"wanted_address": canonical})

    def hold_of_address(self, canonical: str) -> None:
        """Lock every verification of an address, in an order that all who do so keep."""
        self.connection.execute(HOLD_OF_ADDRESS, {"wanted_address": canonical}).all()

    def hold_proof(self, verification_id: str) -> bool:
        """Keep an unused proof as it is until the commit; False where it is used or cancelled."""
        found = self.connection.execute(HOLD_PROOF, {"wanted_id": verification_id})
        return found.one_or_none() is not None

    def use_proof(
        self,
        verification_id: str,
        interaction_id: InteractionId,
        proven_after: datetime,
        now: datetime,
    ) -> bool:
        """Use the proven mailbox up, once, in the interaction that proved it."""
        parameters = {
            "wanted_id": verification_id,
            "wanted_interaction": interaction_id,
            "proven_after": proven_after,
            "now": now,
        }
        return self.connection.execute(USE_PROOF, parameters).rowcount == 1


def parameters_of(verification: Verification) -> dict[str, object]:
    """Return the values of the row that describes `verification`."""
    values = {field.name: getattr(verification, field.name) for field in fields(verification)}
    address = verification.address
    return values | {"address": address.typed, "canonical_address": address.canonical}


def verification_of(row: Record) -> Verification:
    """Return the verification that `row` describes."""
    return Verification(
        id=VerificationId(row.id),
        interaction_id=InteractionId(row.interaction_id),
        purpose=Purpose(row.purpose),
        address=EmailAddress(typed=row.address, canonical=row.canonical_address),
        client_id=row.client_id,
        code_class=CodeClass(row.code_class),
        key_id=row.key_id,
        label=row.label,
        source=row.source,
        browser=row.browser,
        recognised_browser_id=row.recognised_browser_id,
        state=VerificationState(row.state),
        attempts=row.attempts,
        attempt_limit=row.attempt_limit,
        mails=row.mails,
        mails_before=row.mails_before,
        mail_limit=row.mail_limit,
        next_mail_at=row.next_mail_at,
        code_mailed=row.code_mailed,
        created_at=row.created_at,
        expires_at=row.expires_at,
        verified_at=row.verified_at,
        proof_used_at=row.proof_used_at,
    )
