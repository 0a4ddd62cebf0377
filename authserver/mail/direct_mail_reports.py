"""How Direct Mail says what became of a mail: events that it pushes, and answers to questions.

Addresses, subjects and the provider's words in them are never looked at, so nothing can keep
or log them.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from authserver.domain.delivery_reports import DeliveryReport, DeliveryStatus, MailFate
from authserver.domain.secret import fingerprint
from authserver.domain.suppressions import SuppressionReason

MOST_EVENTS_AT_ONCE: Final = 100
SAFE_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
MESSAGE_TOKEN: Final = re.compile(r"<?([0-9a-f]{32})@")

DELIVERED: Final = "dm:Deliver:Succeed"
NOT_DELIVERED: Final = "dm:Deliver:Fail"
COMPLAINED_OF: Final = "dm:Feedback:FblReport"

# Classes of failures. The mailbox is missing; the provider's own lists hold the address; spam.
NO_MAILBOX: Final = frozenset({"SmtpNxBox"})
ON_PROVIDERS_LIST: Final = frozenset(
    {"SysOutRcptOnAccountLevelBounceList", "SysOutInvRcpt", "SysIncomingInvRcpt"}
)
TAKEN_FOR_SPAM: Final = frozenset({"SmtpContSpam", "SmtpMiscSpam", "SysOutRecipientReportedSpam"})
FAILURES: Final = {
    "2": DeliveryStatus.BOUNCED,
    "3": DeliveryStatus.SPAM,
    "4": DeliveryStatus.FAILED,
}
STATUSES: Final = {"0": DeliveryStatus.DELIVERED, **FAILURES}
SECONDS: Final = re.compile(r"[0-9]{1,10}")


class EventMalformed(ValueError):
    """What was sent is none of the provider's events; the text says why, in our words."""


def read_events(body: bytes) -> list[DeliveryReport]:
    """Return the reports of one event, or of a list of events; other kinds are passed over.

    Raises EventMalformed.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise EventMalformed("the body is not JSON") from fault
    events = document if isinstance(document, list) else [document]
    if len(events) > MOST_EVENTS_AT_ONCE:
        raise EventMalformed(f"there are more than {MOST_EVENTS_AT_ONCE} events")
    reports = (report_of(event) for event in events)
    return [report for report in reports if report is not None]


def report_of(event: object) -> DeliveryReport | None:
    """Return the report of one event (CloudEvents 1.0), or None where it reports no delivery."""
    if not isinstance(event, Mapping):
        raise EventMalformed("an event must be an object")
    kind, identifier, data = event.get("type"), event.get("id"), event.get("data")
    if not isinstance(kind, str) or not isinstance(identifier, str) or not identifier:
        raise EventMalformed("an event must have an id and a type")
    if kind not in {DELIVERED, NOT_DELIVERED, COMPLAINED_OF}:
        return None
    if not isinstance(data, Mapping):
        raise EventMalformed("data must be an object")
    failure = name_in(data, "failed_type")
    status, suppresses = judged(kind, name_in(data, "status"), failure)
    return DeliveryReport(
        event_id=f"aliyun:{fingerprint(identifier).hex()}",
        status=status,
        provider_id=name_in(data, "env_id") or name_in(data, "envid"),
        message_token=message_token_in(data),
        error_code=None
        if status is DeliveryStatus.DELIVERED
        else failure or name_in(data, "err_code"),
        happened_at=instant_of(event.get("time")),
        suppresses=suppresses,
    )


def judged(
    kind: str, status: str | None, failure: str | None
) -> tuple[DeliveryStatus, SuppressionReason | None]:
    """Return what an event says of its mail, and whether its address is not written to again."""
    if kind == DELIVERED:
        return DeliveryStatus.DELIVERED, None
    if kind == COMPLAINED_OF:
        # Whoever complains of one mail may still ask for a code.
        return DeliveryStatus.SPAM, None
    return failed_how(FAILURES.get(status or "", DeliveryStatus.FAILED), failure)


def failed_how(
    status: DeliveryStatus, failure: str | None
) -> tuple[DeliveryStatus, SuppressionReason | None]:
    """Return how a delivery failed: the class of the failure says more than the status."""
    if failure in ON_PROVIDERS_LIST:
        return DeliveryStatus.BOUNCED, SuppressionReason.PROVIDERS_LIST
    if failure in NO_MAILBOX:
        return DeliveryStatus.BOUNCED, SuppressionReason.BOUNCED
    if failure in TAKEN_FOR_SPAM:
        return DeliveryStatus.SPAM, None
    if status is DeliveryStatus.BOUNCED and failure is None:
        return status, SuppressionReason.BOUNCED
    return status, None


def fate_of(detail: Mapping[str, object]) -> MailFate | None:
    """Return what one line of an answer says of a mail, or None where it cannot be read."""
    status = STATUSES.get(name_in(detail, "Status") or "")
    at = instant_of(detail.get("UtcLastUpdateTime")) or instant_of(detail.get("LastUpdateTime"))
    if status is None or at is None:
        return None
    if status is DeliveryStatus.DELIVERED:
        return MailFate(status=status, at=at)
    failure = name_in(detail, "ErrorClassification")
    found, suppresses = failed_how(status, failure)
    return MailFate(status=found, at=at, error_code=failure, suppresses=suppresses)


def name_in(members: Mapping[str, object], name: str) -> str | None:
    """Return a member that is a number or looks like a name, else None."""
    value = members.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        # A number of thousands of digits cannot even be written out.
        value = str(value) if abs(value) < 10**30 else None
    return value if isinstance(value, str) and SAFE_NAME.fullmatch(value) else None


def message_token_in(data: Mapping[str, object]) -> str | None:
    """Return the left side of the `Message-ID` that an event names, where it can be ours."""
    value = data.get("msg_id") or data.get("message_id")
    found = MESSAGE_TOKEN.match(value) if isinstance(value, str) else None
    return found.group(1) if found else None


def instant_of(value: object) -> datetime | None:
    """Return an instant written as in RFC 3339, or in seconds since 1970."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    try:
        if SECONDS.fullmatch(text):
            return datetime.fromtimestamp(int(text), UTC)
        written = datetime.fromisoformat(text)
        return None if written.tzinfo is None else written.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
