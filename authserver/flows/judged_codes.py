"""What follows the comparison of a code: failures, longer codes, and the spray alarm."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.emails import UsageType
from authserver.domain.failure_budgets import BudgetKind, FailureBudget
from authserver.domain.randomness import Randomness
from authserver.domain.verifications import CodePolicy, Verification
from authserver.flows.visitor import Visitor
from authserver.storage.notices import MailedNotice, owe_notice
from authserver.storage.unit_of_work import UnitOfWork

# An alarm that holds is prolonged at most so often, or all wrong codes would queue for its row.
PROLONGED_EVERY: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCodes:
    """Keeps what became of each code that was compared."""

    policy: CodePolicy
    randomness: Randomness

    def right(
        self, work: UnitOfWork, verification: Verification, budget: FailureBudget, now: datetime
    ) -> None:
        """Keep a right code: it clears the failures of a recognised browser, of no stranger."""
        if budget.kind is BudgetKind.BROWSER:
            work.failure_budgets.clear(budget)
        else:
            self._count(work, verification, now, is_wrong=False)

    def wrong(
        self,
        work: UnitOfWork,
        claimed: Verification,
        budget: FailureBudget,
        failures: int,
        visitor: Visitor,
        now: datetime,
    ) -> None:
        """Charge a wrong code to its budget, which has had `failures`; it may raise the alarm."""
        work.failure_budgets.charge(budget, claimed.id, claimed.attempts, now)
        if budget.kind is BudgetKind.ADDRESS:
            self._note_step_up(work, claimed, failures, visitor, now)
            self._count(work, claimed, now, is_wrong=True)
            self._watch(work, now)
        kind = AuditKind.CODE_REFUSED if claimed.tries_left else AuditKind.CODE_EXHAUSTED
        event = AuditEvent(kind=kind, client_id=claimed.client_id, source=visitor.source)
        work.record(event, now)

    def _note_step_up(
        self,
        work: UnitOfWork,
        claimed: Verification,
        failures: int,
        visitor: Visitor,
        now: datetime,
    ) -> None:
        """Tell the owner of an address, once, when the failure after `failures` makes codes grow.

        Whether the address has an account is not looked up here: the mail is dropped if not.
        """
        grown = self.policy.class_after(failures + 1)
        if grown is self.policy.class_after(failures):
            return
        if not work.limits.charge(self.policy.step_up(claimed.address.canonical, grown), now):
            return
        event = AuditEvent(
            kind=AuditKind.LONGER_CODES_DEMANDED,
            client_id=claimed.client_id,
            source=visitor.source,
            detail={"class": grown},
        )
        work.record(event, now)
        notice = MailedNotice(
            usage_type=UsageType.LONGER_CODES,
            address=claimed.address.canonical,
        )
        owe_notice(work, notice, self.randomness, now)

    def _count(
        self, work: UnitOfWork, verification: Verification, now: datetime, *, is_wrong: bool
    ) -> None:
        windows = [rule.window for rule in self.policy.spray_rules]
        slot = sum(verification.id.encode())
        work.spray_alarm.count(windows, slot, now, is_wrong=is_wrong)

    def _watch(self, work: UnitOfWork, now: datetime) -> None:
        """Raise the alarm, or prolong it, where the numbers of a window are reached."""
        rules = self.policy.spray_rules
        standing = work.spray_alarm.standing([rule.window for rule in rules], now)
        reached = [
            (rule, tally)
            for rule, tally in zip(rules, standing.tallies, strict=True)
            if rule.is_reached(tally)
        ]
        if not reached:
            return
        until = now + self.policy.spray_hold
        if standing.holds_until is not None and standing.holds_until > now:
            if standing.holds_until <= until - PROLONGED_EVERY:
                work.spray_alarm.extend(until)
            return
        if not work.spray_alarm.begin(now, until):
            return
        rule, tally = reached[0]
        event = AuditEvent(
            kind=AuditKind.SPRAY_ALARM_RAISED,
            detail={
                "wrong": str(tally.wrong),
                "evaluated": str(tally.evaluated),
                "minutes": str(rule.window.length // timedelta(minutes=1)),
            },
        )
        work.record(event, now)
        for admin in work.accounts.admins():
            notice = MailedNotice(usage_type=UsageType.SPRAY_ALARM, address=admin.address.typed)
            owe_notice(work, notice, self.randomness, now)
