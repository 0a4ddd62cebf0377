"""The log of events worth keeping; rows are only ever added."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Connection, Index, Integer, String, insert
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.audit_events import AuditEvent
from authserver.storage.database import Row, UtcDateTime


class AuditEventRow(Row):
    """One event."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_happened_at", "happened_at"),
        Index("ix_audit_events_subject", "subject"),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str | None] = mapped_column(String(40))
    client_id: Mapped[str | None] = mapped_column(String(40))
    source: Mapped[str | None] = mapped_column(String(50))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


ADD: Final = insert(AuditEventRow)


class AuditEvents:
    """The audit log of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, event: AuditEvent, now: datetime) -> None:
        """Append `event`; its order among others is that of the commits."""
        self.connection.execute(
            ADD,
            {
                "happened_at": now,
                "kind": event.kind,
                "subject": event.subject,
                "client_id": event.client_id,
                "source": event.source,
                "detail": dict(event.detail),
            },
        )
