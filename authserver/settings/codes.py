"""Settings of verification codes: `AUTHSERVER_CODES__*`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from authserver.domain.verifications import CodeClass, CodePolicy
from authserver.settings.fields import (
    Duration,
    Number,
    Ratio,
    Switch,
    between,
    not_empty,
    read_list,
)

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

LifeOfCode = Annotated[Duration, between(SECOND, 10 * MINUTE)]
Wait = Annotated[Duration, between(timedelta(0), 10 * MINUTE)]
Failures = Annotated[Number, between(5, 100)]
Share = Annotated[Ratio, between(0.05, 1.0)]


class Group(BaseModel):
    """A group of settings; unknown names are faults, nothing changes after the start."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class BudgetLimits(Group):
    """How many failures demand longer codes."""

    window: Annotated[Duration, between(DAY, 90 * DAY)] = Field(
        default=30 * DAY, description="rolling window in which failures are counted"
    )
    digits8_from: Failures = Field(
        default=20, description="failures of strangers from which codes have 8 digits"
    )
    base32_from: Failures = Field(
        default=40, description="failures of strangers from which codes are base32"
    )
    device_stop_at: Failures = Field(
        default=20, description="failures after which a recognised browser counts as a stranger"
    )


class DeviceLimits(Group):
    """Browsers that are recognised."""

    life: Annotated[Duration, between(DAY, 400 * DAY)] = Field(
        default=180 * DAY, description="how long a browser is recognised after its last sign-in"
    )
    max: Annotated[Number, between(1, 50)] = Field(
        default=10, description="recognised browsers of one account"
    )


class MailLimits(Group):
    """How many mails leave, and what they look like."""

    cooldown: Annotated[tuple[Wait, ...], BeforeValidator(read_list), AfterValidator(not_empty)] = (
        Field(
            default=(30 * SECOND, MINUTE, 2 * MINUTE),
            description="wait before the second, third, fourth and every later mail",
        )
    )
    per_verification: Annotated[Number, between(1, 10)] = Field(
        default=5, description="mails that may carry one code"
    )
    per_address_day: Annotated[Number, between(1, 1000)] = Field(
        default=10, description="mails to one address in 24 hours, all purposes"
    )
    device_share: Annotated[Number, between(0, 999)] = Field(
        default=3, description="of these, mails kept for recognised browsers; less than all"
    )
    per_source_and_address: Annotated[Number, between(1, 1000)] = Field(
        default=3, description="of these, mails that strangers of one source may cause; at most all"
    )
    per_day: Annotated[Number, between(1, 10_000_000)] = Field(
        default=1600, description="mails of this instance in 24 hours: 80 % of the provider's quota"
    )
    known_share: Annotated[Ratio, between(0.0, 0.9)] = Field(
        default=0.3, description="share of these kept for addresses with an account"
    )
    min_life_left: Annotated[Duration, between(timedelta(0), 5 * MINUTE)] = Field(
        default=60 * SECOND,
        description="a mail whose code has less life left is not sent; a tenth of the code's life "
        "if that is less",
    )
    to_unknown: Switch = Field(
        default=True, description="whether addresses that get no code are told so by mail"
    )
    code_in_subject: Switch = Field(
        default=True, description="whether the code comes first in the subject"
    )


class StartLimits(Group):
    """How often somebody may begin."""

    per_source_hour: Annotated[Number, between(1, 100_000)] = Field(
        default=50, description="verifications begun by one source in an hour"
    )
    ipv6_prefix: Annotated[Number, between(48, 64)] = Field(
        default=64, description="length of the prefix that makes one source of IPv6 addresses"
    )


class SprayAlarm(Group):
    """When many addresses are guessed at, a little each."""

    window: Annotated[Duration, between(MINUTE, HOUR)] = Field(
        default=5 * MINUTE, description="window of the alarm"
    )
    min_wrong: Annotated[Number, between(5, 10_000)] = Field(
        default=25, description="wrong codes in the window that raise the alarm, with the share"
    )
    ratio: Share = Field(default=0.5, description="share of wrong codes among those judged")
    day_wrong: Annotated[Number, between(20, 100_000)] = Field(
        default=200, description="wrong codes in 24 hours that raise the slow alarm, with its share"
    )
    day_ratio: Share = Field(default=0.2, description="share of the slow alarm")
    class_: CodeClass = Field(
        default=CodeClass.DIGITS8, description="least class of strangers' new codes in an alarm"
    )
    hold: Annotated[Duration, between(5 * MINUTE, 24 * HOUR)] = Field(
        default=HOUR, description="how long an alarm holds after what raised it last"
    )


class CodeSettings(Group):
    """The engine of verification codes."""

    life: LifeOfCode = Field(
        default=10 * MINUTE, description="life of a code from its first issue, never extended"
    )
    proof_life: LifeOfCode = Field(
        default=10 * MINUTE, description="how long a proven mailbox may be used in its interaction"
    )
    tries: Annotated[Number, between(1, 10)] = Field(default=5, description="tries for one code")
    start_class: CodeClass = Field(
        default=CodeClass.DIGITS6, description="length of codes when nothing is wrong"
    )
    budget: BudgetLimits = BudgetLimits()
    devices: DeviceLimits = DeviceLimits()
    mails: MailLimits = MailLimits()
    starts: StartLimits = StartLimits()
    finish_elsewhere: Switch = Field(
        default=False,
        description="whether mails have a link too, by which another device finishes the first tab",
    )
    spray: SprayAlarm = SprayAlarm()
    keep: Annotated[Duration, between(HOUR, 30 * DAY)] = Field(
        default=DAY, description="how long ended verifications are kept"
    )
    keep_timeline: Annotated[Duration, between(DAY, 90 * DAY)] = Field(
        default=30 * DAY, description="how long the delivery timeline of a mail is kept"
    )

    def policy(self) -> CodePolicy:
        """Return the numbers as the engine takes them."""
        return CodePolicy(
            life=self.life,
            proof_life=self.proof_life,
            tries=self.tries,
            start_class=self.start_class,
            cooldown=self.mails.cooldown,
            mails_per_verification=self.mails.per_verification,
            mails_per_address_day=self.mails.per_address_day,
            mails_device_share=self.mails.device_share,
            mails_per_source_and_address=self.mails.per_source_and_address,
            mails_per_day=self.mails.per_day,
            mails_known_share=self.mails.known_share,
            mails_min_life_left=self.mails.min_life_left,
            mails_to_unknown=self.mails.to_unknown,
            starts_per_source_hour=self.starts.per_source_hour,
            budget_window=self.budget.window,
            budget_digits8_from=self.budget.digits8_from,
            budget_base32_from=self.budget.base32_from,
            device_stop_at=self.budget.device_stop_at,
            device_life=self.devices.life,
            devices_max=self.devices.max,
            finish_elsewhere=self.finish_elsewhere,
            spray_window=self.spray.window,
            spray_min_wrong=self.spray.min_wrong,
            spray_ratio=self.spray.ratio,
            spray_day_wrong=self.spray.day_wrong,
            spray_day_ratio=self.spray.day_ratio,
            spray_class=self.spray.class_,
            spray_hold=self.spray.hold,
        )

    def faults(self) -> Iterator[str]:
        """Yield what is wrong between several of these settings, a sentence each."""
        mails, budget = self.mails, self.budget
        if mails.device_share >= mails.per_address_day:
            yield (
                "AUTHSERVER_CODES__MAILS__DEVICE_SHARE: must be less than "
                "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY"
            )
        if mails.per_source_and_address > mails.per_address_day:
            yield (
                "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS: must be at most "
                "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY"
            )
        if budget.base32_from < budget.digits8_from:
            yield (
                "AUTHSERVER_CODES__BUDGET__BASE32_FROM: must be at least "
                "AUTHSERVER_CODES__BUDGET__DIGITS8_FROM"
            )
