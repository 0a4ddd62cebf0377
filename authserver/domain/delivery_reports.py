"""What a provider reports of a mail after it took it, and the timeline that this completes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Final

from authserver.domain.outgoing_mail import Attempt, MailId, MailResult, MailState, OutgoingMail
from authserver.domain.suppressions import SuppressionReason


class DeliveryStatus(StrEnum):
    """How a delivery went; *delivered* means the recipient's server took it, not the inbox."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    SPAM = "spam"
    DELAYED = "delayed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """One report of a provider; the mail is named by the provider's id, else by its Message-ID.

    `error_code` is a name or number, never the provider's words, which may hold the address.
    """

    event_id: str
    status: DeliveryStatus
    provider_id: str | None = None
    message_token: str | None = None
    error_code: str | None = None
    happened_at: datetime | None = None
    suppresses: SuppressionReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFate:
    """What a provider answers about one mail to an address; it names no mail of ours."""

    status: DeliveryStatus
    at: datetime
    error_code: str | None = None
    suppresses: SuppressionReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEvent:
    """A report that belongs to one of our mails; the same `event_id` is kept once."""

    event_id: str
    mail_id: MailId
    status: DeliveryStatus
    error_code: str | None = None
    happened_at: datetime
    noted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineStep:
    """One thing that happened to a mail; `attempt` counts the tries at all senders."""

    name: str
    at: datetime
    sender: str | None = None
    attempt: int | None = None
    provider_id: str | None = None
    detail: str | None = None


# What the tries already tell.
TOLD_BY_ATTEMPTS: Final = frozenset({MailState.ACCEPTED, MailState.REFUSED})


def timeline(
    mail: OutgoingMail, attempts: Sequence[Attempt], events: Sequence[DeliveryEvent]
) -> tuple[TimelineStep, ...]:
    """Return all that is known of a mail, in the order in which it happened."""
    own = [
        TimelineStep(name=MailState.QUEUED, at=mail.created_at),
        *steps_of_attempts(attempts),
        *ending_of(mail),
    ]
    # Ours stand in the order in which they came about, whatever a clock that was set says.
    dated = list(zip(accumulate((step.at for step in own), max), own, strict=True))
    dated += [
        (
            event.happened_at,
            TimelineStep(name=event.status, at=event.happened_at, detail=event.error_code),
        )
        for event in events
    ]
    return tuple(step for _, step in sorted(dated, key=lambda pair: pair[0]))


def steps_of_attempts(attempts: Sequence[Attempt]) -> Iterator[TimelineStep]:
    """Yield the beginning and the end of each try; a suppressed one never began."""
    for number, attempt in enumerate(attempts, start=1):
        outcome = attempt.outcome
        if outcome.result is not MailResult.SUPPRESSED:
            yield TimelineStep(
                name=MailState.SENDING,
                at=attempt.started_at,
                sender=attempt.sender,
                attempt=number,
            )
        yield TimelineStep(
            name=outcome.result,
            at=attempt.started_at + attempt.duration,
            sender=attempt.sender,
            attempt=number,
            provider_id=outcome.provider_id,
            detail=outcome.error_code,
        )


def ending_of(mail: OutgoingMail) -> Iterator[TimelineStep]:
    """Yield how our own part ended, where no try says it."""
    if mail.finished_at is not None and mail.state not in TOLD_BY_ATTEMPTS:
        yield TimelineStep(name=mail.state, at=mail.finished_at, detail=mail.reason)


def standing(mail: OutgoingMail, events: Sequence[DeliveryEvent]) -> str:
    """Return the last word about a mail: that of its provider, else our own state."""
    latest = max(events, key=lambda event: event.happened_at, default=None)
    return mail.state if latest is None else latest.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One of our mails that a provider took, and when."""

    mail_id: MailId
    provider_id: str
    at: datetime


# The provider rounds to minutes, and its clock is not ours.
CLOCKS_DIFFER_BY: Final = timedelta(minutes=2)
# Later than this nobody tries any more.
DELIVERED_WITHIN: Final = timedelta(days=2)


def match_fates(accepted: Sequence[Accepted], fates: Sequence[MailFate]) -> list[DeliveryReport]:
    """Return the fates as reports on our mails to the same address, paired in order of time.

    The provider's answer names neither mail nor request, so only time tells them apart.
    """
    waiting = sorted(accepted, key=lambda each: each.at)
    reports = []
    for fate in sorted(fates, key=lambda each: each.at):
        mail = next((each for each in waiting if may_be_fate_of(each, fate)), None)
        if mail is not None:
            waiting.remove(mail)
            reports.append(
                DeliveryReport(
                    event_id=f"asked:{mail.mail_id}:{fate.status}",
                    status=fate.status,
                    provider_id=mail.provider_id,
                    error_code=fate.error_code,
                    happened_at=fate.at,
                    suppresses=fate.suppresses,
                )
            )
    return reports


def may_be_fate_of(mail: Accepted, fate: MailFate) -> bool:
    """Tell whether a mail that was taken then can have come to its end at the fate's time."""
    return -CLOCKS_DIFFER_BY <= fate.at - mail.at <= DELIVERED_WITHIN
