"""The second step by a password or a recovery code: both are hashed slowly, outside any unit."""

from dataclasses import dataclass

from authserver.crypto.argon2_hasher import Argon2Hasher
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.failure_budgets import BudgetKind
from authserver.domain.passwords import StoredPassword
from authserver.domain.second_factors import mail_and_password, two_factors
from authserver.domain.sessions import AuthenticationMethod
from authserver.domain.verifications import CodeOutcome
from authserver.flows.code_entries import CodeRefused
from authserver.flows.completion import SignedIn
from authserver.flows.factor_secrets import EnteredCode, FactorSecrets, refusal_of
from authserver.flows.factor_tries import Try
from authserver.flows.second_step import SecondStanding, SecondStep, Way
from authserver.flows.steps import Proceed, Step
from authserver.flows.visitor import GoOn, InteractionGone, Visitor
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepSecrets:
    """Each call counts the try, commits, hashes, and then decides in a second unit."""

    step: SecondStep
    secrets: FactorSecrets
    hasher: Argon2Hasher

    def submit_password(
        self, visitor: Visitor, password: str
    ) -> SignedIn | Proceed | InteractionGone | GoOn:
        """Judge the password after a mailed code; a right one signs in."""
        now = self.step.clock.now()
        with self.step.storage.writing() as work:
            standing = self.step.standing(work, visitor, now)
            if not isinstance(standing, SecondStanding):
                return standing
            stored = standing.password
            if stored is None or standing.way is not Way.PASSWORD:
                return Proceed(interaction_id=visitor.interaction_id, step=Step.SECOND_STEP)
            claimed = self.secrets.tries.claim(
                work,
                standing.interaction.id,
                standing.first,
                standing.account.address,
                BudgetKind.PASSWORD_OF_ADDRESS,
                now,
            )
            work.commit()
        if claimed is None:
            return self._start_over(visitor)
        is_right = self.hasher.matches(stored.hash, password)
        return self._after_password(visitor, claimed, stored, is_right=is_right)

    def submit_recovery_code(
        self, visitor: Visitor, entered: str
    ) -> SignedIn | Proceed | InteractionGone | GoOn:
        """Judge the recovery code, after either first factor; a right one signs in."""
        now = self.step.clock.now()
        with self.step.storage.writing() as work:
            standing = self.step.standing(work, visitor, now)
            if not isinstance(standing, SecondStanding):
                return standing
            code = self.secrets.claim(
                work, standing.interaction, standing.first, standing.account, entered, now
            )
            if isinstance(code, CodeRefused) and code.outcome is not CodeOutcome.EXHAUSTED:
                return self.step.refuse(work, standing, code, Step.RECOVERY_CODE)
            work.commit()
        if isinstance(code, CodeRefused):
            return self._start_over(visitor)
        is_right = self.secrets.is_right(code)
        return self._after_recovery_code(visitor, code, is_right=is_right)

    def _after_password(
        self, visitor: Visitor, claimed: Try, judged: StoredPassword, *, is_right: bool
    ) -> SignedIn | Proceed | InteractionGone | GoOn:
        now = self.step.clock.now()
        with self.step.storage.writing() as work:
            standing = self.step.standing(work, visitor, now)
            if not isinstance(standing, SecondStanding):
                return standing
            if is_right and standing.password == judged:
                self.secrets.tries.give_back(work, claimed)
                authentication = mail_and_password(
                    standing.first.method, rests_on_mail=judged.rests_on_mail
                )
                return self.step.finish(work, standing, visitor, authentication)
            refused = self._refuse(work, standing, visitor, claimed, Step.SECOND_STEP)
        return refused if claimed.left else self._start_over(visitor)

    def _after_recovery_code(
        self, visitor: Visitor, code: EnteredCode, *, is_right: bool
    ) -> SignedIn | Proceed | InteractionGone | GoOn:
        now = self.step.clock.now()
        with self.step.storage.writing() as work:
            standing = self.step.standing(work, visitor, now)
            if not isinstance(standing, SecondStanding):
                return standing
            if is_right and self._spend(work, standing, visitor, code):
                first = standing.first.method
                if first is AuthenticationMethod.PASSWORD and standing.password is not None:
                    work.passwords.confirm(standing.password)
                return self.step.finish(work, standing, visitor, two_factors(first))
            refused = self._refuse(work, standing, visitor, code.claimed, Step.RECOVERY_CODE)
        return refused if code.claimed.left else self._start_over(visitor)

    def _spend(
        self, work: UnitOfWork, standing: SecondStanding, visitor: Visitor, code: EnteredCode
    ) -> bool:
        # The account before its rows, as everywhere; `finish` asks whether it is active.
        account = work.accounts.hold(standing.account.subject)
        locale = visitor.locale_in(standing.interaction)
        return account is not None and self.secrets.spend(
            work, code, account, visitor, locale, standing.now
        )

    def _start_over(self, visitor: Visitor) -> Proceed | InteractionGone | GoOn:
        """Ask for the first factor again, in a unit of its own: the try is counted already."""
        now = self.step.clock.now()
        with self.step.storage.writing() as work:
            standing = self.step.standing(work, visitor, now)
            if not isinstance(standing, SecondStanding):
                return standing
            found = standing.interaction
            if found.verification_id is not None:
                work.verifications.replace(found.verification_id)
            work.interactions.forget_address(found.id)
            notice = {"outcome": CodeOutcome.EXHAUSTED, "step": Step.ADDRESS}
            work.interactions.note(found.id, notice)
            work.commit()
        return Proceed(interaction_id=found.id, step=Step.ADDRESS)

    def _refuse(
        self,
        work: UnitOfWork,
        standing: SecondStanding,
        visitor: Visitor,
        claimed: Try,
        step: Step,
    ) -> Proceed:
        event = AuditEvent(
            kind=AuditKind.SECOND_FACTOR_REFUSED,
            subject=standing.account.subject,
            source=visitor.source,
        )
        work.record(event, standing.now)
        return self.step.refuse(work, standing, refusal_of(claimed), step)
