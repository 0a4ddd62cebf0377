"""Everything that is stored about a person, handed to that person."""

from dataclasses import dataclass

from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.lifetimes import Lifetimes
from authserver.flows.account_entry import Actor, Refused, hold_signed_in
from authserver.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountExport:
    """The use case of the section `export`."""

    storage: Storage
    clock: Clock
    lifetimes: Lifetimes

    def export(self, actor: Actor) -> dict[str, object] | Refused:
        """Return the document; that it was fetched is recorded."""
        now = self.clock.now()
        with self.storage.writing() as work:
            held = hold_signed_in(work, actor.session_secret, now, self.lifetimes)
            if held is None:
                return Refused.SIGNED_OUT
            event = AuditEvent(
                kind=AuditKind.ACCOUNT_EXPORTED,
                subject=held.account.subject,
                source=actor.source,
            )
            work.record(event, now)
            parts = work.personal_records.collect(held.account)
            work.commit()
        return {"exported_at": now.isoformat(), **parts}
