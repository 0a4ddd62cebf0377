"""How the mails of requests fare, whomever they go to; notices go to accounts alone."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from authserver.domain.outgoing_mail import MailState
from authserver.storage.outgoing_mail import OutgoingMailRow

OVERDUE: Final = (
    select(OutgoingMailRow.id)
    .where(
        OutgoingMailRow.finished_at.is_(None),
        OutgoingMailRow.verification_id.is_not(None),
        OutgoingMailRow.due_at <= bindparam("overdue_since"),
    )
    .limit(1)
)
NEWEST_STATES: Final = (
    select(OutgoingMailRow.state)
    .where(
        OutgoingMailRow.verification_id.is_not(None),
        OutgoingMailRow.created_at > bindparam("since"),
        OutgoingMailRow.created_at <= bindparam("until"),
    )
    .order_by(OutgoingMailRow.created_at.desc())
    .limit(bindparam("at_most"))
)


class MailPaces:
    """What is known of the mails of everybody."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def is_overdue(self, since: datetime) -> bool:
        """Tell whether the mail of a request has been due since then, and nobody has taken it."""
        row = self.connection.execute(OVERDUE, {"overdue_since": since}).one_or_none()
        return row is not None

    def newest_states(self, *, since: datetime, until: datetime, at_most: int) -> list[MailState]:
        """Return where the newest mails of that time stand."""
        parameters = {"since": since, "until": until, "at_most": at_most}
        return [MailState(row.state) for row in self.connection.execute(NEWEST_STATES, parameters)]
