"""Proof of one mailbox, asked for one purpose, from one browser, for one client."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from authserver.domain.email_address import EmailAddress
from authserver.domain.interactions import InteractionId
from authserver.domain.limits import DAY, Limit, LimitKind, RollingWindow
from authserver.domain.spray_alarm import SprayRule, fast_window

VerificationId = NewType("VerificationId", str)

CROCKFORD_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE32_BITS: Final = 65
BASE32_GROUPS: Final = ((0, 4), (4, 8), (8, 13))
MAC_BITS: Final = 256
LABEL_LENGTH: Final = 3


class Purpose(StrEnum):
    """What a verification is for; the spelling of the usage type of its mail."""

    SIGN_IN = "SignIn"
    REGISTER = "Register"
    FORGOT_PASSWORD = "ForgotPassword"  # noqa: S105 - the name of a purpose
    BIND_NEW_IDENTIFIER = "BindNewIdentifier"
    USER_PERMISSION_VALIDATION = "UserPermissionValidation"
    MFA_VERIFICATION = "MfaVerification"
    GENERIC = "Generic"


class VerificationState(StrEnum):
    """The stored states; expired and exhausted are derived, nothing returns to live."""

    LIVE = "live"
    VERIFIED = "verified"
    REPLACED = "replaced"
    CANCELLED = "cancelled"


class CodeClass(StrEnum):
    """A code's length and alphabet."""

    DIGITS6 = "digits6"
    DIGITS8 = "digits8"
    BASE32 = "base32"

    @property
    def symbols(self) -> int:
        """Return how many symbols a code of this class has."""
        return {CodeClass.DIGITS6: 6, CodeClass.DIGITS8: 8, CodeClass.BASE32: 13}[self]

    def spell(self, mac: int) -> str:
        """Return the code that a 256-bit MAC stands for, without separators."""
        if self is not CodeClass.BASE32:
            return f"{mac % 10**self.symbols:0{self.symbols}d}"
        bits = mac >> (MAC_BITS - BASE32_BITS)
        return "".join(
            CROCKFORD_ALPHABET[(bits >> (5 * place)) & 31] for place in reversed(range(13))
        )

    def show(self, code: str) -> str:
        """Return `code` as people see it: `XXXX-XXXX-XXXXX` for base32, else unchanged."""
        if self is not CodeClass.BASE32:
            return code
        return "-".join(code[start:end] for start, end in BASE32_GROUPS)


class CodeOutcome(StrEnum):
    """What asking for a mail or submitting a code came to, in codes that pages translate."""

    ADDRESS_INVALID = "address_invalid"
    ADDRESS_NOT_PERMITTED = "address_not_permitted"
    ACCEPTED = "accepted"
    PENDING = "pending"
    COOLING_DOWN = "cooling_down"
    SOURCE_LIMITED = "source_limited"
    VERIFICATION_MAILS_SPENT = "verification_mails_spent"
    ADDRESS_LIMITED = "address_limited"
    INSTANCE_LIMITED = "instance_limited"
    INTERACTION_UNKNOWN = "interaction_unknown"
    NOTHING_PENDING = "nothing_pending"
    ALREADY_USED = "already_used"
    REPLACED = "replaced"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    LONGER_CODE_NEEDED = "longer_code_needed"
    MALFORMED = "malformed"
    WRONG = "wrong"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePolicy:
    """The numbers in force; names and ranges are those of the settings `AUTHSERVER_CODES__*`."""

    life: timedelta = timedelta(minutes=10)
    proof_life: timedelta = timedelta(minutes=10)
    tries: int = 5
    start_class: CodeClass = CodeClass.DIGITS6
    cooldown: tuple[timedelta, ...] = (
        timedelta(seconds=30),
        timedelta(seconds=60),
        timedelta(seconds=120),
    )
    mails_per_verification: int = 5
    mails_per_address_day: int = 10
    mails_device_share: int = 3
    mails_per_source_and_address: int = 3
    mails_per_day: int = 1600
    mails_known_share: float = 0.3
    mails_min_life_left: timedelta = timedelta(seconds=60)
    mails_to_unknown: bool = True
    starts_per_source_hour: int = 50
    budget_window: timedelta = timedelta(days=30)
    budget_digits8_from: int = 20
    budget_base32_from: int = 40
    device_stop_at: int = 20
    device_life: timedelta = timedelta(days=180)
    devices_max: int = 10
    finish_elsewhere: bool = False
    spray_window: timedelta = timedelta(minutes=5)
    spray_min_wrong: int = 25
    spray_ratio: float = 0.5
    spray_day_wrong: int = 200
    spray_day_ratio: float = 0.2
    spray_class: CodeClass = CodeClass.DIGITS8
    spray_hold: timedelta = timedelta(hours=1)

    def wait_after(self, mails: int) -> timedelta:
        """Return the wait before the next mail once `mails` (at least one) have been permitted."""
        return self.cooldown[min(mails, len(self.cooldown)) - 1]

    def class_after(self, failures: int) -> CodeClass:
        """Return the least class that strangers' `failures` in the window demand.

        Wrong codes lock nobody out: codes grow until guessing is hopeless, and so is shutting
        an owner out by failing on purpose.
        """
        if failures >= self.budget_base32_from:
            return CodeClass.BASE32
        if failures >= self.budget_digits8_from:
            return longest(self.start_class, CodeClass.DIGITS8)
        return self.start_class

    @property
    def spray_rules(self) -> tuple[SprayRule, SprayRule]:
        """Return what raises the spray alarm: the fast pair of numbers, and the slow one."""
        return (
            SprayRule(
                window=fast_window(self.spray_window),
                wrong=self.spray_min_wrong,
                ratio=self.spray_ratio,
            ),
            SprayRule(window=DAY, wrong=self.spray_day_wrong, ratio=self.spray_day_ratio),
        )

    def step_up(self, canonical: str, grown: CodeClass) -> Limit:
        """Return the limit by which the owner of an address is told once of a class."""
        return Limit(
            kind=LimitKind.NOTICES_OF_LONGER_CODES,
            key=f"{grown} {canonical}",
            most=1,
            window=RollingWindow(length=self.budget_window, part=timedelta(days=1)),
        )

    @property
    def open_seats(self) -> Limit:
        """Return how many mails a day go to addresses without account: what is not kept."""
        kept = math.floor(round(self.mails_per_day * self.mails_known_share, 6))
        return Limit(
            kind=LimitKind.MAILS_WITHOUT_ACCOUNT,
            key="instance",
            most=self.mails_per_day - kept,
            window=DAY,
        )

    @property
    def mails_per_address_of_strangers(self) -> int:
        """Return how many mails a day an address gets from browsers that are not recognised."""
        return self.mails_per_address_day - self.mails_device_share

    @property
    def least_life_to_send(self) -> timedelta:
        """Return the life that a code must have left for a mail to be worth sending."""
        return min(self.mails_min_life_left, self.life / 10)


def longest(one: CodeClass, other: CodeClass) -> CodeClass:
    """Return the class whose codes have more symbols."""
    return one if one.symbols >= other.symbols else other


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One verification; it holds no code, only what the code is derived from.

    `mails_before` counts the mails of earlier verifications of the same interaction and
    address: a new one does not restart the ladder of waits.
    """

    id: VerificationId
    interaction_id: InteractionId
    purpose: Purpose
    address: EmailAddress
    client_id: str
    code_class: CodeClass
    key_id: str
    label: str
    source: str
    browser: str
    recognised_browser_id: str | None = None
    state: VerificationState = VerificationState.LIVE
    attempts: int = 0
    attempt_limit: int
    mails: int = 0
    mails_before: int = 0
    mail_limit: int
    next_mail_at: datetime
    code_mailed: bool = False
    created_at: datetime
    expires_at: datetime
    verified_at: datetime | None = None
    proof_used_at: datetime | None = None

    @property
    def mails_left(self) -> int:
        """Return how many more mails may carry this code."""
        return max(0, self.mail_limit - self.mails)

    @property
    def tries_left(self) -> int:
        """Return how many codes may still be submitted."""
        return max(0, self.attempt_limit - self.attempts)

    def facts(self) -> tuple[str, ...]:
        """Return what the code is a MAC of, besides its version."""
        return (self.id, self.purpose, self.address.canonical, self.code_class)

    def standing(self, now: datetime) -> CodeOutcome | None:
        """Return why no code can be submitted any more, or None while one can."""
        match self.state:
            case VerificationState.VERIFIED:
                return CodeOutcome.ALREADY_USED
            case VerificationState.REPLACED | VerificationState.CANCELLED:
                return CodeOutcome.REPLACED
            case VerificationState.LIVE if now >= self.expires_at:
                return CodeOutcome.EXPIRED
            case VerificationState.LIVE if self.tries_left == 0:
                return CodeOutcome.EXHAUSTED
            case VerificationState.LIVE:
                return None

    def proof_ran_out(self, now: datetime, policy: CodePolicy) -> bool:
        """Tell whether the mailbox was proven and nothing came of it in time."""
        is_unused = self.state is VerificationState.VERIFIED and self.proof_used_at is None
        return is_unused and not self.proof_serves(now, policy)

    def proof_serves(self, now: datetime, policy: CodePolicy) -> bool:
        """Tell whether the proven mailbox may still be used for the next step."""
        return (
            self.state is VerificationState.VERIFIED
            and self.verified_at is not None
            and self.proof_used_at is None
            and now < self.verified_at + policy.proof_life
        )
