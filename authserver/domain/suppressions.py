"""Addresses that are not written to, by which sender, why and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from authserver.domain.audit_events import AuditEvent, AuditKind

EVERY_SENDER: Final = "*"
# Why such a mail is dropped.
SUPPRESSED: Final = "suppressed"
# A mailbox may exist later, and nobody tells us then.
BOUNCES_COUNT_FOR: Final = timedelta(days=30)


class SuppressionReason(StrEnum):
    """Why an address is not written to."""

    OPERATOR = "operator"
    BOUNCED = "bounced"
    PROVIDERS_LIST = "providers_list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One address, in canonical form, that a sender (or every one, `*`) does not write to."""

    address: str
    sender: str
    reason: SuppressionReason
    created_at: datetime
    expires_at: datetime | None = None


def by_operator(address: str, now: datetime) -> Suppression:
    """Return a suppression that holds for every sender until it is removed."""
    return Suppression(
        address=address, sender=EVERY_SENDER, reason=SuppressionReason.OPERATOR, created_at=now
    )


def after_bounce(address: str, now: datetime) -> Suppression:
    """Return what a hard bounce entails: the mailbox is missing, whoever writes to it."""
    return Suppression(
        address=address,
        sender=EVERY_SENDER,
        reason=SuppressionReason.BOUNCED,
        created_at=now,
        expires_at=now + BOUNCES_COUNT_FOR,
    )


def on_providers_list(address: str, sender: str, now: datetime) -> Suppression:
    """Return what a sender's own list of invalid addresses entails: others may still write."""
    return Suppression(
        address=address,
        sender=sender,
        reason=SuppressionReason.PROVIDERS_LIST,
        created_at=now,
        expires_at=now + BOUNCES_COUNT_FOR,
    )


def suppression_event(suppression: Suppression, mail_id: str | None = None) -> AuditEvent:
    """Return what the audit log says of a suppression: never the address."""
    detail = {"sender": suppression.sender, "reason": suppression.reason.value}
    if mail_id is not None:
        detail["mail"] = mail_id
    return AuditEvent(kind=AuditKind.MAIL_SUPPRESSED, detail=detail)
