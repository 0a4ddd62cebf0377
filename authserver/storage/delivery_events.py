"""What providers reported of mails after they took them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Executable, ForeignKey, String, bindparam, func, select, union
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.delivery_reports import DeliveryEvent, DeliveryReport, DeliveryStatus
from authserver.domain.outgoing_mail import MailId, MailResult, OutgoingMail
from authserver.storage.database import Record, Row, UtcDateTime
from authserver.storage.outgoing_mail import MailAttemptRow, OutgoingMailRow, mail_of


class DeliveryEventRow(Row):
    """One report that belongs to a mail; it goes with it."""

    __tablename__ = "mail_delivery_events"

    event_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    mail_id: Mapped[str] = mapped_column(
        ForeignKey("outgoing_mails.id", ondelete="CASCADE"), index=True
    )
    status: Mapped[str] = mapped_column(String(20))
    error_code: Mapped[str | None] = mapped_column(String(100))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


FIND_MAIL: Final = select(OutgoingMailRow).where(
    OutgoingMailRow.id.in_(
        union(
            select(MailAttemptRow.mail_id).where(
                MailAttemptRow.provider_id == bindparam("wanted_provider_id")
            ),
            select(OutgoingMailRow.id).where(
                OutgoingMailRow.message_token == bindparam("wanted_token")
            ),
        )
    )
)
# The same event may come twice, at once and by two processes: whoever is first keeps it.
ADD: Final[Mapping[str, Executable]] = {
    "sqlite": sqlite.insert(DeliveryEventRow)
    .on_conflict_do_nothing()
    .returning(DeliveryEventRow.event_id),
    "postgresql": postgresql.insert(DeliveryEventRow)
    .on_conflict_do_nothing()
    .returning(DeliveryEventRow.event_id),
}
OF_MAIL: Final = (
    select(DeliveryEventRow)
    .where(DeliveryEventRow.mail_id == bindparam("wanted_id"))
    .order_by(DeliveryEventRow.happened_at, DeliveryEventRow.event_id)
)
ACCEPTED_SINCE: Final = (
    select(func.count())
    .select_from(MailAttemptRow)
    .join(OutgoingMailRow, OutgoingMailRow.id == MailAttemptRow.mail_id)
    .where(
        # By the indexed column; a mail is handed over within minutes or never.
        OutgoingMailRow.created_at >= bindparam("since"),
        MailAttemptRow.sender == bindparam("wanted_sender"),
        MailAttemptRow.result == MailResult.ACCEPTED.value,
    )
)


class DeliveryEvents:
    """The delivery events of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def mail_of(self, report: DeliveryReport) -> OutgoingMail | None:
        """Return the mail that a report is about; None for somebody else's."""
        parameters = {
            "wanted_provider_id": report.provider_id,
            "wanted_token": report.message_token,
        }
        row = self.connection.execute(FIND_MAIL, parameters).first()
        return None if row is None else mail_of(row)

    def add(self, event: DeliveryEvent) -> bool:
        """Keep an event; False where it is known."""
        parameters: dict[str, Any] = {
            "event_id": event.event_id,
            "mail_id": event.mail_id,
            "status": event.status,
            "error_code": event.error_code,
            "happened_at": event.happened_at,
            "noted_at": event.noted_at,
        }
        statement = ADD[self.connection.dialect.name]
        return self.connection.execute(statement, parameters).first() is not None

    def of_mail(self, mail_id: MailId) -> tuple[DeliveryEvent, ...]:
        """Return what was reported of a mail, in the order in which it happened."""
        rows = self.connection.execute(OF_MAIL, {"wanted_id": mail_id})
        return tuple(event_of(row) for row in rows)

    def accepted_since(self, sender: str, since: datetime) -> int:
        """Return how many mails owed since then this sender has accepted."""
        parameters = {"wanted_sender": sender, "since": since}
        return self.connection.execute(ACCEPTED_SINCE, parameters).scalar_one()


def event_of(row: Record) -> DeliveryEvent:
    """Return the event that `row` describes."""
    return DeliveryEvent(
        event_id=row.event_id,
        mail_id=MailId(row.mail_id),
        status=DeliveryStatus(row.status),
        error_code=row.error_code,
        happened_at=row.happened_at,
        noted_at=row.noted_at,
    )
