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
        return self._refuse(CodeOutcome.SOURCE_LIMITED, work.limits.wait(starts, now))

    def owe(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        verification: Verification,
        visitor: Visitor,
        now: datetime,
    ) -> MailRefused | None:
        """Count a mail of the verification against the limits of its address and write it."""
        for limit in self._limits_of_mails(verification, visitor):
            if not work.limits.charge(limit, now):
                return self._refuse(CodeOutcome.ADDRESS_LIMITED, work.limits.wait(limit, now))
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

    def seal(
        self, work: UnitOfWork, verification: Verification, now: datetime
    ) -> MailRefused | None:
        """Count the mail of the instance, last of all, so that nobody waits long for its rows."""
        most = self.policy.mails_per_day
        if work.instance_mails.charge(most, verification.id, now):
            return None
        wait = work.instance_mails.wait(most, now)
        return self._refuse(CodeOutcome.INSTANCE_LIMITED, wait)

    def _limits_of_mails(self, verification: Verification, visitor: Visitor) -> tuple[Limit, ...]:
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
        # Whoever shares the owner's network must not use up what is kept for the owner.
        return (to_address,) if is_recognised else (to_address, of_source)

    def _refuse(self, outcome: CodeOutcome, wait: timedelta) -> MailRefused:
        # Rounded up, so that the wait does not tell when somebody else asked.
        rounded = -(-wait // COARSE_WAIT) * COARSE_WAIT
        return MailRefused(outcome=outcome, wait=max(rounded, COARSE_WAIT))
