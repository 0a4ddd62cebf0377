"""Whether one more mail may leave: every limit is counted in the unit that owes the mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from authserver.domain.emails import UsageType
from authserver.domain.interactions import Interaction
from authserver.domain.limits import DAY, HOUR, Limit, LimitKind
from authserver.domain.outgoing_mail import MailId, OutgoingMail
from authserver.domain.randomness import Randomness, new_identifier
from authserver.domain.verifications import CodeOutcome, CodePolicy, Verification
from authserver.flows.visitor import Visitor
from authserver.storage.unit_of_work import Notice, UnitOfWork

INSTANCE: Final = "instance"
COARSE_WAIT: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRefused:
    """No mail now; the unit must be undone, so that nothing is counted."""

    outcome: CodeOutcome
    wait: timedelta
    locale: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPermits:
    """Counts starts and mails against their limits."""

    policy: CodePolicy
    randomness: Randomness

    def start(self, work: UnitOfWork, visitor: Visitor, now: datetime) -> MailRefused | None:
        """Count a new verification of the visitor's source."""
        starts = Limit(
            kind=LimitKind.STARTS_OF_SOURCE,
            key=visitor.source,
            most=self.policy.starts_per_source_hour,
            window=HOUR,
        )
        if work.limits.charge(starts, now):
            return None
        return self._refuse(work, CodeOutcome.SOURCE_LIMITED, starts, now)

    def owe(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        verification: Verification,
        visitor: Visitor,
        now: datetime,
    ) -> MailRefused | None:
        """Count a mail against every limit and write it."""
        mails = verification.mails_before + verification.mails + 1
        then = now + self.policy.wait_after(mails)
        if not work.verifications.permit_mail(verification.id, now, then):
            return MailRefused(outcome=CodeOutcome.COOLING_DOWN, wait=then - now)
        for outcome, limit in self._limits_of_mails(verification, visitor):
            if not work.limits.charge(limit, now):
                return self._refuse(work, outcome, limit, now)
        work.outgoing_mails.add(
            OutgoingMail(
                id=MailId(new_identifier(self.randomness)),
                verification_id=verification.id,
                usage_type=UsageType(verification.purpose.value),
                address=verification.address.typed,
                locale=visitor.locale_in(interaction),
                due_at=now,
                created_at=now,
            )
        )
        work.announce(Notice.MAIL_OWED)
        return None

    def _limits_of_mails(
        self, verification: Verification, visitor: Visitor
    ) -> tuple[tuple[CodeOutcome, Limit], ...]:
        address = verification.address
        is_recognised = verification.recognised_browser_id is not None
        to_address = Limit(
            kind=LimitKind.MAILS_TO_ADDRESS,
            key=address.canonical,
            most=self.policy.mails_per_address_day
            if is_recognised
            else self.policy.mails_per_address_of_strangers,
            window=DAY,
        )
        of_source = Limit(
            kind=LimitKind.MAILS_OF_SOURCE_TO_ADDRESS,
            key=f"{visitor.source} {address.canonical}",
            most=self.policy.mails_per_source_and_address,
            window=DAY,
        )
        of_instance = Limit(
            kind=LimitKind.MAILS_OF_INSTANCE,
            key=INSTANCE,
            most=self.policy.mails_per_day,
            window=DAY,
        )
        # Whoever shares the owner's network must not use up what is kept for the owner.
        of_strangers = () if is_recognised else ((CodeOutcome.ADDRESS_LIMITED, of_source),)
        return (
            (CodeOutcome.ADDRESS_LIMITED, to_address),
            *of_strangers,
            (CodeOutcome.INSTANCE_LIMITED, of_instance),
        )

    def _refuse(
        self, work: UnitOfWork, outcome: CodeOutcome, limit: Limit, now: datetime
    ) -> MailRefused:
        # Rounded up, so that the wait does not tell when somebody else asked.
        wait = work.limits.wait(limit, now)
        return MailRefused(outcome=outcome, wait=-(-wait // COARSE_WAIT) * COARSE_WAIT)
