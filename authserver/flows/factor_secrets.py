"""Recovery codes as they are entered: the try is counted, judged outside a unit, then spent."""

from dataclasses import dataclass
from datetime import datetime

from authserver.domain.accounts import Account
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.code_entry import MalformedCode, read_recovery_code
from authserver.domain.emails import UsageType
from authserver.domain.failure_budgets import BudgetKind
from authserver.domain.interactions import FirstFactor, Interaction
from authserver.domain.randomness import Randomness
from authserver.domain.second_factors import SELECTOR_LENGTH, RecoveryCode
from authserver.domain.secret import Secret
from authserver.domain.verifications import CodeOutcome
from authserver.flows.code_entries import CodeRefused
from authserver.flows.factor_tries import FactorTries, Try
from authserver.flows.notices import notice_to
from authserver.flows.recovery_codes import RecoveryCodes
from authserver.flows.visitor import Visitor
from authserver.storage.notices import owe_notice
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredCode:
    """A recovery code whose try has been counted; `kept` is the one it claims to be."""

    claimed: Try
    kept: RecoveryCode | None
    code: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSecrets:
    """What sign-in and reset have in common where a recovery code is entered."""

    tries: FactorTries
    recovery_codes: RecoveryCodes
    randomness: Randomness

    def claim(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        first: FirstFactor,
        account: Account,
        entered: str,
        now: datetime,
    ) -> EnteredCode | CodeRefused:
        """Count a try at a recovery code; what has not the shape of one costs none.

        The caller commits, and only then asks `is_right`.
        """
        code = read_recovery_code(entered)
        if isinstance(code, MalformedCode):
            return CodeRefused(outcome=CodeOutcome.MALFORMED, malformed=code)
        claimed = self.tries.claim(
            work, interaction.id, first, account.address, BudgetKind.ADDRESS, now
        )
        if claimed is None:
            return CodeRefused(outcome=CodeOutcome.EXHAUSTED)
        kept = work.second_factors.find_code(account.subject, code[:SELECTOR_LENGTH])
        return EnteredCode(claimed=claimed, kept=kept, code=Secret(code))

    def is_right(self, entered: EnteredCode) -> bool:
        """Judge the code; it hashes, so no unit of work may be open."""
        return self.recovery_codes.matches(entered.kept, entered.code.reveal())

    def spend(
        self,
        work: UnitOfWork,
        entered: EnteredCode,
        account: Account,
        visitor: Visitor,
        page_locale: str,
        now: datetime,
    ) -> bool:
        """Use a right code up and tell the owner; False where somebody has used it meanwhile."""
        if entered.kept is None or not work.second_factors.use_code(entered.kept, now):
            return False
        self.tries.give_back(work, entered.claimed)
        details = {"change": "recovery_code_used", "browser": visitor.browser}
        notice = notice_to(account, UsageType.SECOND_FACTOR_CHANGED, page_locale, details)
        owe_notice(work, notice, self.randomness, now)
        event = AuditEvent(
            kind=AuditKind.RECOVERY_CODE_USED, subject=account.subject, source=visitor.source
        )
        work.record(event, now)
        return True


def refusal_of(claimed: Try) -> CodeRefused:
    """Return what a wrong secret comes to."""
    outcome = CodeOutcome.WRONG if claimed.left else CodeOutcome.EXHAUSTED
    return CodeRefused(outcome=outcome, tries_left=claimed.left)
