"""What a provider reports of mails that it took: kept once, and addresses suppressed by it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from authserver.domain.clock import Clock
from authserver.domain.delivery_reports import (
    Accepted,
    DeliveryEvent,
    DeliveryReport,
    DeliveryStatus,
    MailFate,
    match_fates,
)
from authserver.domain.email_address import EmailAddress, parse_email_address
from authserver.domain.outgoing_mail import MailResult, OutgoingMail
from authserver.domain.suppressions import (
    Suppression,
    SuppressionReason,
    after_bounce,
    on_providers_list,
    suppression_event,
)
from authserver.storage.unit_of_work import Storage, UnitOfWork

DIRECT_MAIL: Final = "aliyun"
MOST_MAILS_ASKED_FOR: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReports:
    """Adds to the timelines what providers say; `count` hears of each new event."""

    storage: Storage
    clock: Clock
    count: Callable[[DeliveryStatus], None]

    def note(self, reports: Sequence[DeliveryReport]) -> int:
        """Keep what is new about our mails, in whatever order it comes; return how much."""
        now = self.clock.now()
        with self.storage.writing() as work:
            new = [report for report in reports if self._keep(work, report, now)]
            work.commit()
        for report in new:
            self.count(report.status)
        return len(new)

    def note_fates(self, address: EmailAddress, fates: Sequence[MailFate]) -> int:
        """Keep what the provider answered about an address; return how much of it was new."""
        with self.storage.reading() as work:
            accepted = [
                Accepted(
                    mail_id=story.mail.id,
                    provider_id=attempt.outcome.provider_id,
                    at=attempt.started_at + attempt.duration,
                )
                for spelling in {address.typed, address.canonical}
                for story in work.outgoing_mails.recent(spelling, MOST_MAILS_ASKED_FOR)
                for attempt in story.attempts
                if attempt.outcome.result is MailResult.ACCEPTED and attempt.outcome.provider_id
            ]
        return self.note(match_fates(accepted, fates))

    def _keep(self, work: UnitOfWork, report: DeliveryReport, now: datetime) -> bool:
        mail = work.delivery_events.mail_of(report)
        if mail is None:
            return False
        event = event_of(report, mail, now)
        known = work.delivery_events.of_mail(mail.id)
        # Asking and being told may bring the same news under two names.
        if any(each.status is event.status for each in known) or not work.delivery_events.add(
            event
        ):
            return False
        self._suppress(work, report, mail, now)
        return True

    def _suppress(
        self, work: UnitOfWork, report: DeliveryReport, mail: OutgoingMail, now: datetime
    ) -> None:
        address = parse_email_address(mail.address)
        if report.suppresses is None or address is None:
            return
        suppression = suppression_of(report.suppresses, address.canonical, now)
        work.suppressions.put(suppression)
        work.record(suppression_event(suppression, mail.id), now)


def event_of(report: DeliveryReport, mail: OutgoingMail, now: datetime) -> DeliveryEvent:
    """Return a report as an event of its mail; its time lies within the life of the mail."""
    happened_at = report.happened_at or now
    return DeliveryEvent(
        event_id=report.event_id,
        mail_id=mail.id,
        status=report.status,
        error_code=report.error_code,
        happened_at=max(mail.created_at, min(happened_at, now)),
        noted_at=now,
    )


def suppression_of(reason: SuppressionReason, address: str, now: datetime) -> Suppression:
    """Return the suppression that a report entails."""
    if reason is SuppressionReason.PROVIDERS_LIST:
        return on_providers_list(address, DIRECT_MAIL, now)
    return after_bounce(address, now)
