"""Addresses that are not written to: what operators see of them and change."""

from dataclasses import dataclass
from typing import Final

from authserver.administration.mistakes import MailInvalid
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.email_address import EmailAddress, parse_email_address
from authserver.domain.suppressions import Suppression, by_operator, suppression_event
from authserver.storage.unit_of_work import Storage

MOST_SHOWN: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSuppressions:
    """Lists, adds and removes suppressions; no page of a person ever shows one."""

    storage: Storage
    clock: Clock

    def list(self) -> list[Suppression]:
        """Return what is in force, the newest first."""
        with self.storage.reading() as work:
            return work.suppressions.list(self.clock.now(), MOST_SHOWN)

    def add(self, email: str) -> Suppression:
        """Write to the address no more, by no sender, until it is removed."""
        now = self.clock.now()
        suppression = by_operator(required_address(email).canonical, now)
        with self.storage.writing() as work:
            work.suppressions.put(suppression)
            work.record(suppression_event(suppression), now)
            work.commit()
        return suppression

    def remove(self, email: str) -> bool:
        """Write to the address again; False where it was not suppressed."""
        address = required_address(email)
        with self.storage.writing() as work:
            was_suppressed = work.suppressions.remove(address.canonical)
            if was_suppressed:
                work.record(AuditEvent(kind=AuditKind.MAIL_SUPPRESSION_REMOVED), self.clock.now())
            work.commit()
        return was_suppressed


def required_address(email: str) -> EmailAddress:
    """Return the address; raises MailInvalid for a text that is none."""
    address = parse_email_address(email)
    if address is None:
        raise MailInvalid(f"{email!r} is not one plain e-mail address.")
    return address
