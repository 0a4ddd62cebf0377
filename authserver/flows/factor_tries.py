"""Tries at a secret that only a slow hash can judge: counted before, given back if right."""

from dataclasses import dataclass
from datetime import datetime

from authserver.domain.email_address import EmailAddress
from authserver.domain.failure_budgets import BudgetKind, FailureBudget
from authserver.domain.interactions import FirstFactor, InteractionId
from authserver.domain.verifications import CodePolicy
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try that has been counted; `left` are those after it."""

    interaction_id: InteractionId
    attempt: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorTries:
    """Counts the tries at a second factor: as many for each first factor as for a code.

    Whoever has used them up has to prove the first factor again, which is limited by itself.
    """

    policy: CodePolicy

    def claim(
        self,
        work: UnitOfWork,
        interaction_id: InteractionId,
        first: FirstFactor,
        address: EmailAddress,
        kind: BudgetKind,
        now: datetime,
    ) -> Try | None:
        """Charge a failure of `kind` to the address; return the try, None where none is left.

        The caller commits before it hashes, so that simultaneous tries cannot outrun the count.
        Whichever kind is charged, one lock orders all tries at one first factor.
        """
        budget = FailureBudget(kind, address.canonical)
        work.failure_budgets.hold(FailureBudget(BudgetKind.ADDRESS, address.canonical), now)
        if kind is not BudgetKind.ADDRESS:
            work.failure_budgets.hold(budget, now)
        earlier = work.failure_budgets.tries(interaction_id)
        used = sum(failed_at >= first.proven_at for _, failed_at in earlier)
        if used >= self.policy.tries:
            return None
        attempt = 1 + max((number for number, _ in earlier), default=0)
        work.failure_budgets.charge(budget, interaction_id, attempt, now)
        return Try(
            interaction_id=interaction_id, attempt=attempt, left=self.policy.tries - used - 1
        )

    def give_back(self, work: UnitOfWork, claimed: Try) -> None:
        """Take the charge back: the secret was right."""
        work.failure_budgets.take_back(claimed.interaction_id, claimed.attempt)
