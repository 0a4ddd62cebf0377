"""One mail owed to one address, the attempts to hand it over, and what follows an attempt."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from authserver.domain.emails import UsageType
from authserver.domain.secret import Secret, fingerprint
from authserver.domain.verifications import VerificationId

MailId = NewType("MailId", str)
MESSAGE_TOKEN_OCTETS: Final = 16

# A comma or semicolon would make two recipients of one, a line break a header of its own.
SINGLE_RECIPIENT: Final = re.compile(
    r'[^\s\x00-\x1f\x7f-\x9f<>,;"@]+@[^\s\x00-\x1f\x7f-\x9f<>,;"@]+'
)
CONTROL_CHARACTER: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def message_token(mail_id: str) -> str:
    """Return the left side of a mail's `Message-ID`: the same over all tries, also after a restart.

    Reports of a provider that name a mail by it find it again.
    """
    return fingerprint(f"message-id {mail_id}")[:MESSAGE_TOKEN_OCTETS].hex()


class MailState(StrEnum):
    """Where an outgoing mail stands."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DROPPED = "dropped"
    GIVEN_UP = "given_up"


class MailResult(StrEnum):
    """The classes of what one attempt at one sender can come to.

    `suppressed` is none: the sender was not asked, because it refuses the address anyway.
    """

    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    REFUSED = "refused"
    RECIPIENT_REFUSED = "recipient_refused"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOutcome:
    """What one attempt came to; never holds the provider's own words, which may echo the mail."""

    result: MailResult
    provider_id: str | None = None
    error_code: str | None = None
    status: int | None = None
    request_id: str | None = None
    retry_after: timedelta | None = None
    is_configuration_fault: bool = False
    another_sender_may_try: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to hand a mail over to one sender."""

    sender: str
    started_at: datetime
    duration: timedelta
    outcome: MailOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """One mail owed to one address; `claims` counts how often a dispatcher has taken it.

    `usage_type` is what was asked for; which mail leaves is chosen when it is claimed. A notice
    belongs to no verification; `details` are what it says, never a secret.
    """

    id: MailId
    verification_id: VerificationId | None = None
    usage_type: UsageType
    address: str
    locale: str
    details: Mapping[str, str] = field(default_factory=dict)
    state: MailState = MailState.QUEUED
    reason: str | None = None
    claims: int = 0
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None = None

    @property
    def is_notice(self) -> bool:
        """Tell whether it tells somebody of something, and carries no code."""
        return self.verification_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedMail:
    """A mail ready to be handed over: one recipient, text and HTML with the same content."""

    message_id: str
    to: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    locale: str
    usage_type: UsageType
    created_at: datetime
    code: Secret | None = None

    def __post_init__(self) -> None:
        if not SINGLE_RECIPIENT.fullmatch(self.to):
            raise ValueError("a mail has exactly one plain recipient")
        for line in (self.message_id, self.subject, self.locale):
            if CONTROL_CHARACTER.search(line):
                raise ValueError("a mail's header must not hold line breaks or control characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What becomes of a mail after an attempt: a final state, or another claim after a wait."""

    state: MailState
    wait: timedelta | None = None


REFUSED_FOR_GOOD: Final = frozenset({MailResult.SUPPRESSED, MailResult.RECIPIENT_REFUSED})


def deciding(attempts: Sequence[Attempt]) -> MailOutcome | None:
    """Return the outcome that settles a mail: the last one, as a rule.

    Where that only says that one sender refuses the address, whoever failed before it may
    still take the mail.
    """
    if not attempts:
        return None
    last = attempts[-1].outcome
    if last.result is MailResult.SUPPRESSED or last.another_sender_may_try:
        for attempt in reversed(attempts):
            if attempt.outcome.result not in REFUSED_FOR_GOOD:
                return attempt.outcome
    return last


WAITS_BETWEEN_CLAIMS: Final = tuple(timedelta(seconds=wait) for wait in (2, 10, 30, 60))
# A code that comes later than that is of no use; a notice may be the only warning there is, so
# it outlives an outage of a day.
WAITS_OF_NOTICES: Final = (
    *WAITS_BETWEEN_CLAIMS,
    *(timedelta(minutes=wait) for wait in (5, 15, 30, 60, 120, 240, 480, 480)),
)


def next_step(outcome: MailOutcome, claims: int, *, is_notice: bool = False) -> NextStep:
    """Decide what follows the last attempt of the `claims`-th claim.

    What is known to be accepted is never sent again; what may not have arrived is tried
    again with the same code, because a duplicate is harmless and a missing mail is not.
    """
    match outcome.result:
        case MailResult.ACCEPTED:
            return NextStep(state=MailState.ACCEPTED)
        case MailResult.RECIPIENT_REFUSED:
            return NextStep(state=MailState.REFUSED)
        case MailResult.SUPPRESSED:
            return NextStep(state=MailState.DROPPED)
        case MailResult.NOT_ACCEPTED | MailResult.REFUSED | MailResult.UNKNOWN:
            waits = WAITS_OF_NOTICES if is_notice else WAITS_BETWEEN_CLAIMS
            if claims > len(waits):
                return NextStep(state=MailState.GIVEN_UP)
            return NextStep(state=MailState.QUEUED, wait=waits[claims - 1])
