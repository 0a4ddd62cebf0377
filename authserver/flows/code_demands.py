"""How long a code must be: what the failures of strangers and the spray alarm demand."""

from dataclasses import dataclass
from datetime import datetime

from authserver.domain.email_address import EmailAddress
from authserver.domain.failure_budgets import BudgetKind, FailureBudget, budget_of
from authserver.domain.verifications import CodeClass, CodePolicy, Verification, longest
from authserver.flows.visitor import Visitor
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDemands:
    """Counts failures against the numbers in force."""

    policy: CodePolicy

    def recognised(
        self, work: UnitOfWork, address: EmailAddress, visitor: Visitor, now: datetime
    ) -> str | None:
        """Return the id of the browser where the owner of the address has signed in before.

        After too many failures of its own it counts as a stranger until its next success.
        """
        browser = work.recognised_browsers.find(visitor.device_secret, now)
        if browser is None or browser.canonical_address != address.canonical:
            return None
        own = budget_of(address, browser.id)
        return browser.id if self.in_force(work, own, address, now) == own else None

    def in_force(
        self, work: UnitOfWork, own: FailureBudget, address: EmailAddress, now: datetime
    ) -> FailureBudget:
        """Return the budget that counts: that of strangers once a browser has failed too often."""
        if own.kind is BudgetKind.ADDRESS:
            return own
        failures = work.failure_budgets.count(own, now - self.policy.budget_window)
        return own if failures < self.policy.device_stop_at else budget_of(address, None)

    def class_of_new(self, work: UnitOfWork, budget: FailureBudget, now: datetime) -> CodeClass:
        """Return the class of a new code; an alarm reaches the new codes of strangers alone."""
        if budget.kind is BudgetKind.BROWSER:
            return self.policy.start_class
        since = now - self.policy.budget_window
        failures, holds_until = work.spray_alarm.strain(budget, since)
        needed = self.policy.class_after(failures)
        if holds_until is None or holds_until <= now:
            return needed
        return longest(needed, self.policy.spray_class)

    def failures_of_strangers(self, work: UnitOfWork, budget: FailureBudget, now: datetime) -> int:
        """Return the failures by which codes grow; those of a recognised browser do not."""
        if budget.kind is BudgetKind.BROWSER:
            return 0
        return work.failure_budgets.count(budget, now - self.policy.budget_window)

    def is_long_enough(self, work: UnitOfWork, verification: Verification, now: datetime) -> bool:
        """Tell whether a code of this class would still be compared; it may change at once."""
        own = budget_of(verification.address, verification.recognised_browser_id)
        budget = self.in_force(work, own, verification.address, now)
        needed = self.policy.class_after(self.failures_of_strangers(work, budget, now))
        return verification.code_class.symbols >= needed.symbols
