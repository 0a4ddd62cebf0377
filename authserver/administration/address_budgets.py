"""What strangers' wrong codes have done to an address, and an operator's release of it."""

from dataclasses import dataclass
from typing import Final

from authserver.administration.mistakes import AccountInvalid
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.email_address import EmailAddress, mask, parse_email_address
from authserver.domain.failure_budgets import BudgetKind, FailureBudget
from authserver.domain.verifications import CodeClass, CodePolicy
from authserver.storage.unit_of_work import Storage

OF_ADDRESSES: Final = (BudgetKind.ADDRESS, BudgetKind.PASSWORD_OF_ADDRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """The failures of strangers in the window, and the class that their new codes have by them."""

    failures: int
    code_class: CodeClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """An address whose failures are forgotten, and how many there were."""

    address: EmailAddress
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressBudgets:
    """Shows and releases failure budgets of addresses, whether or not they have an account."""

    storage: Storage
    clock: Clock
    policy: CodePolicy

    def state(self, address: EmailAddress) -> BudgetState:
        """Return how the budget of wrong codes for the address stands."""
        budget = FailureBudget(BudgetKind.ADDRESS, address.canonical)
        since = self.clock.now() - self.policy.budget_window
        with self.storage.reading() as work:
            failures = work.failure_budgets.count(budget, since)
        return BudgetState(failures=failures, code_class=self.policy.class_after(failures))

    def release(self, email: str) -> Released:
        """Forget what strangers did to the address; raises AccountInvalid where it is none."""
        address = parse_email_address(email)
        if address is None:
            raise AccountInvalid(f"{email!r} is not one plain e-mail address.")
        now = self.clock.now()
        failures = 0
        with self.storage.writing() as work:
            for kind in OF_ADDRESSES:
                budget = FailureBudget(kind, address.canonical)
                work.failure_budgets.hold(budget, now)
                failures += work.failure_budgets.count(budget, now - self.policy.budget_window)
                work.failure_budgets.clear(budget)
            for grown in CodeClass:
                # Should codes grow once more, the owner is told once more.
                work.limits.forget(self.policy.step_up(address.canonical, grown))
            account = work.accounts.find_by_address(address.canonical)
            event = AuditEvent(
                kind=AuditKind.FAILURES_RELEASED,
                subject=None if account is None else account.subject,
                detail={"address": mask(address.canonical), "failures": str(failures)},
            )
            work.record(event, now)
            work.commit()
        return Released(address=address, failures=failures)
