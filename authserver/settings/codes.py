"""Settings of verification codes: `AUTHSERVER_CODES__*`."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from authserver.domain.verifications import CodeClass, CodePolicy
from authserver.settings.fields import Duration, Durations, Switch, between

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

LifeOfCode = Annotated[Duration, between(SECOND, 10 * MINUTE)]
Wait = Annotated[Duration, between(timedelta(0), 10 * MINUTE)]


class Group(BaseModel):
    """A group of settings; unknown names are faults, nothing changes after the start."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class MailLimits(Group):
    """How many mails leave, and what they look like."""

    cooldown: Annotated[tuple[Wait, ...], *Durations.__metadata__] = Field(
        default=(30 * SECOND, MINUTE, 2 * MINUTE),
        min_length=1,
        description="wait before the second, third, fourth and every later mail",
    )
    per_verification: Annotated[int, between(1, 10)] = Field(
        default=5, description="mails that may carry one code"
    )
    per_address_day: Annotated[int, between(1, 1000)] = Field(
        default=10, description="mails to one address in 24 hours, all purposes"
    )
    device_share: Annotated[int, between(0, 999)] = Field(
        default=3, description="of these, mails kept for recognised browsers"
    )
    per_source_and_address: Annotated[int, between(1, 1000)] = Field(
        default=3, description="of these, mails that one source may cause"
    )
    per_day: Annotated[int, between(1, 10_000_000)] = Field(
        default=1600, description="mails of this instance in 24 hours: 80 % of the provider's quota"
    )
    min_life_left: Annotated[Duration, between(timedelta(0), 5 * MINUTE)] = Field(
        default=60 * SECOND, description="a mail whose code has less life left is not sent"
    )
    to_unknown: Switch = Field(
        default=True, description="whether addresses that get no code are told so by mail"
    )
    code_in_subject: Switch = Field(
        default=True, description="whether the code stands in the subject"
    )


class StartLimits(Group):
    """How often somebody may begin."""

    per_source_hour: Annotated[int, between(1, 100_000)] = Field(
        default=50, description="verifications begun by one source in an hour"
    )
    ipv6_prefix: Annotated[int, between(48, 64)] = Field(
        default=64, description="length of the prefix that makes one source of IPv6 addresses"
    )


class CodeSettings(Group):
    """The engine of verification codes."""

    life: LifeOfCode = Field(
        default=10 * MINUTE, description="life of a code from its first issue, never extended"
    )
    proof_life: LifeOfCode = Field(
        default=10 * MINUTE, description="how long a proven mailbox may be used in its interaction"
    )
    tries: Annotated[int, between(1, 10)] = Field(default=5, description="tries for one code")
    start_class: CodeClass = Field(
        default=CodeClass.DIGITS6, description="length of codes: digits6, digits8 or base32"
    )
    mails: MailLimits = MailLimits()
    starts: StartLimits = StartLimits()
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
            mails_min_life_left=self.mails.min_life_left,
            mails_to_unknown=self.mails.to_unknown,
            starts_per_source_hour=self.starts.per_source_hour,
        )
