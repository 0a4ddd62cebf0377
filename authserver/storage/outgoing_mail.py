"""Mails owed, claimed with a lease by one dispatcher at a time, and their attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
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

from authserver.domain.delivery_reports import DeliveryEvent, TimelineStep, standing, timeline
from authserver.domain.emails import UsageType
from authserver.domain.outgoing_mail import (
    Attempt,
    MailId,
    MailOutcome,
    MailResult,
    MailState,
    OutgoingMail,
    message_token,
)
from authserver.domain.verifications import VerificationId
from authserver.storage.database import Record, Row, UtcDateTime

MILLISECOND: Final = timedelta(milliseconds=1)
# A provider's name for a fault may be longer: the attempts have it whole.
LONGEST_REASON: Final = 40


class OutgoingMailRow(Row):
    """One mail owed to one address; holds neither code nor text.

    `due_at` is when it may be claimed: for a mail in sending, when its lease runs out.
    """

    __tablename__ = "outgoing_mails"
    __table_args__ = (
        Index(
            "ix_outgoing_mails_due_at",
            "due_at",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index("ix_outgoing_mails_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    verification_id: Mapped[str | None] = mapped_column(String(40), index=True)
    usage_type: Mapped[str] = mapped_column(String(30))
    address: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(LONGEST_REASON))
    claims: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    message_token: Mapped[str | None] = mapped_column(String(40), index=True)


class MailAttemptRow(Row):
    """One try to hand a mail over to one sender."""

    __tablename__ = "mail_attempts"

    mail_id: Mapped[str] = mapped_column(
        ForeignKey("outgoing_mails.id", ondelete="CASCADE"), primary_key=True
    )
    claim: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    sender: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    milliseconds: Mapped[int]
    result: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[str | None] = mapped_column(String(200), index=True)
    error_code: Mapped[str | None] = mapped_column(String(100))
    status: Mapped[int | None]
    request_id: Mapped[str | None] = mapped_column(String(100))


ADD: Final = insert(OutgoingMailRow)
# A common table expression, because PostgreSQL may run a limited sub-select more than once.
DUE: Final = (
    select(OutgoingMailRow.id)
    .where(
        OutgoingMailRow.finished_at.is_(None),
        OutgoingMailRow.due_at <= bindparam("now"),
    )
    .order_by(OutgoingMailRow.due_at)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
CLAIM_DUE: Final = (
    update_rows(OutgoingMailRow)
    .where(OutgoingMailRow.id.in_(select(DUE.c.id)))
    .values(
        state=MailState.SENDING.value,
        claims=OutgoingMailRow.claims + 1,
        due_at=bindparam("lease_until"),
    )
    .returning(OutgoingMailRow)
)
# The number of claims tells one holder of the lease from the next.
SETTLE: Final = (
    update_rows(OutgoingMailRow)
    .where(
        OutgoingMailRow.id == bindparam("wanted_id"),
        OutgoingMailRow.claims == bindparam("my_claim"),
        OutgoingMailRow.finished_at.is_(None),
    )
    .values(
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        due_at=bindparam("new_due_at"),
        finished_at=bindparam("new_finished_at"),
    )
)
ADD_ATTEMPT: Final = insert(MailAttemptRow)
ATTEMPTS: Final = (
    select(MailAttemptRow)
    .where(MailAttemptRow.mail_id == bindparam("wanted_id"))
    .order_by(MailAttemptRow.claim, MailAttemptRow.number)
)
RECENT: Final = (
    select(OutgoingMailRow).order_by(OutgoingMailRow.created_at.desc()).limit(bindparam("at_most"))
)
RECENT_TO: Final = (
    select(OutgoingMailRow)
    .where(OutgoingMailRow.address == bindparam("wanted_address"))
    .order_by(OutgoingMailRow.created_at.desc())
    .limit(bindparam("at_most"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailStory:
    """One mail with all that was tried, and what its provider reported then."""

    mail: OutgoingMail
    attempts: tuple[Attempt, ...]
    events: tuple[DeliveryEvent, ...] = ()

    @property
    def timeline(self) -> tuple[TimelineStep, ...]:
        """Return all of it in the order in which it happened."""
        return timeline(self.mail, self.attempts, self.events)

    @property
    def standing(self) -> str:
        """Return the last word about the mail."""
        return standing(self.mail, self.events)


class OutgoingMails:
    """The outgoing mails of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, mail: OutgoingMail) -> None:
        """Insert a mail that is owed from now on."""
        self.connection.execute(
            ADD,
            {
                "id": mail.id,
                "verification_id": mail.verification_id,
                "usage_type": mail.usage_type,
                "address": mail.address,
                "locale": mail.locale,
                "state": mail.state,
                "reason": mail.reason,
                "claims": mail.claims,
                "due_at": mail.due_at,
                "created_at": mail.created_at,
                "finished_at": mail.finished_at,
                "details": dict(mail.details) or None,
                "message_token": message_token(mail.id),
            },
        )

    def claim_due(self, now: datetime, lease_until: datetime, at_most: int) -> list[OutgoingMail]:
        """Take due mails for oneself until `lease_until`, each for one caller only."""
        parameters = {"now": now, "lease_until": lease_until, "at_most": at_most}
        return [mail_of(row) for row in self.connection.execute(CLAIM_DUE, parameters)]

    def finish(
        self, mail: OutgoingMail, state: MailState, now: datetime, reason: str | None = None
    ) -> bool:
        """Note the final state of a mail one has claimed; False where the lease was lost."""
        kept = None if reason is None else reason[:LONGEST_REASON]
        return self._settle(mail, state, due_at=mail.due_at, finished_at=now, reason=kept)

    def put_back(self, mail: OutgoingMail, due_at: datetime) -> bool:
        """Let a claimed mail be claimed again from `due_at`; False where the lease was lost."""
        return self._settle(mail, MailState.QUEUED, due_at=due_at, finished_at=None, reason=None)

    def add_attempts(self, mail: OutgoingMail, attempts: Sequence[Attempt]) -> None:
        """Keep what was tried under the present claim."""
        for number, attempt in enumerate(attempts, start=1):
            self.connection.execute(
                ADD_ATTEMPT,
                {
                    "mail_id": mail.id,
                    "claim": mail.claims,
                    "number": number,
                    "sender": attempt.sender,
                    "started_at": attempt.started_at,
                    "milliseconds": attempt.duration // MILLISECOND,
                    "result": attempt.outcome.result,
                    "provider_id": attempt.outcome.provider_id,
                    "error_code": attempt.outcome.error_code,
                    "status": attempt.outcome.status,
                    "request_id": attempt.outcome.request_id,
                },
            )

    def recent(self, address: str | None, at_most: int) -> list[MailStory]:
        """Return the newest mails, to one stored address or to all, with their attempts."""
        parameters: dict[str, Any] = {"at_most": at_most}
        statement = RECENT
        if address is not None:
            statement, parameters["wanted_address"] = RECENT_TO, address
        mails = [mail_of(row) for row in self.connection.execute(statement, parameters)]
        return [MailStory(mail=mail, attempts=self._attempts(mail)) for mail in mails]

    def _attempts(self, mail: OutgoingMail) -> tuple[Attempt, ...]:
        rows = self.connection.execute(ATTEMPTS, {"wanted_id": mail.id})
        return tuple(attempt_of(row) for row in rows)

    def _settle(
        self,
        mail: OutgoingMail,
        state: MailState,
        *,
        due_at: datetime,
        finished_at: datetime | None,
        reason: str | None,
    ) -> bool:
        parameters = {
            "wanted_id": mail.id,
            "my_claim": mail.claims,
            "new_state": state,
            "new_reason": reason,
            "new_due_at": due_at,
            "new_finished_at": finished_at,
        }
        return self.connection.execute(SETTLE, parameters).rowcount == 1


def mail_of(row: Record) -> OutgoingMail:
    """Return the mail that `row` describes."""
    return OutgoingMail(
        id=MailId(row.id),
        verification_id=row.verification_id and VerificationId(row.verification_id),
        usage_type=UsageType(row.usage_type),
        address=row.address,
        locale=row.locale,
        details=row.details or {},
        state=MailState(row.state),
        reason=row.reason,
        claims=row.claims,
        due_at=row.due_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def attempt_of(row: Record) -> Attempt:
    """Return the attempt that `row` describes."""
    return Attempt(
        sender=row.sender,
        started_at=row.started_at,
        duration=row.milliseconds * MILLISECOND,
        outcome=MailOutcome(
            result=MailResult(row.result),
            provider_id=row.provider_id,
            error_code=row.error_code,
            status=row.status,
            request_id=row.request_id,
        ),
    )
