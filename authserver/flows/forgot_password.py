"""A new password for whoever proves the mailbox and, where there is one, the second factor.

The proof comes from the same steps as a sign-in's; here it serves once, and signs nobody in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from authserver.domain.accounts import Account
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import Client
from authserver.domain.clock import Clock
from authserver.domain.emails import UsageType
from authserver.domain.interactions import FirstFactor, Interaction
from authserver.domain.randomness import Randomness
from authserver.domain.secret import Secret
from authserver.domain.sessions import AuthenticationMethod
from authserver.domain.verifications import CodeOutcome, Purpose, Verification
from authserver.flows.code_entries import CodeRefused
from authserver.flows.email_code import EmailCode
from authserver.flows.factor_secrets import EnteredCode, FactorSecrets, refusal_of
from authserver.flows.notices import notice_to
from authserver.flows.passwords import PasswordChecks
from authserver.flows.steps import Proceed, Step, notice_of_refusal
from authserver.flows.visitor import GoOn, InteractionGone, Visitor, find_interaction, gone
from authserver.storage.endings import end_sign_ins
from authserver.storage.notices import owe_notice
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage, UnitOfWork

Elsewhere = Proceed | InteractionGone | GoOn


class ResetOutcome(StrEnum):
    """What saving a new password came to, besides the faults of the password itself."""

    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetStanding:
    """What stands of a reset whose mailbox is proven."""

    step: Step
    interaction: Interaction
    verification: Verification
    account: Account
    first: FirstFactor
    has_second_factor: bool
    client: Client | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgotPassword:
    """The use cases behind `/forgot-password` from the proof on."""

    storage: Storage
    clients: RegisteredClients
    codes: EmailCode
    secrets: FactorSecrets
    passwords: PasswordChecks
    clock: Clock
    randomness: Randomness

    def look(self, visitor: Visitor) -> ResetStanding | Elsewhere:
        """Return what to show; nothing is written."""
        with self.storage.reading() as work:
            return self._standing(work, visitor, self.clock.now())

    def submit_recovery_code(self, visitor: Visitor, entered: str) -> Elsewhere:
        """Judge the recovery code: no new password passes a second factor by."""
        now = self.clock.now()
        with self.storage.writing() as work:
            standing = self._standing(work, visitor, now)
            if not isinstance(standing, ResetStanding) or standing.step is not Step.SECOND_STEP:
                return led_on(standing)
            code = self.secrets.claim(
                work, standing.interaction, standing.first, standing.account, entered, now
            )
            if isinstance(code, CodeRefused) and code.outcome is not CodeOutcome.EXHAUSTED:
                return self._refuse(work, standing, code)
            work.commit()
        if isinstance(code, CodeRefused):
            return self._start_over(visitor)
        is_right = self.secrets.is_right(code)
        return self._after_recovery_code(visitor, code, is_right=is_right)

    def save(self, visitor: Visitor, password: str) -> Elsewhere:
        """Set the new password by the proof, once; all that was signed in ends."""
        standing = self.look(visitor)
        if not isinstance(standing, ResetStanding) or standing.step is not Step.NEW_PASSWORD:
            return led_on(standing)
        fault = self.passwords.fault(
            password,
            standing.account.address,
            has_second_factor=standing.has_second_factor,
        )
        if fault is not None:
            return self._note(visitor, {"outcome": fault, "needed": self.needed(standing)})
        hashed = self.passwords.hash(password)
        return self._store(visitor, hashed)

    def needed(self, standing: ResetStanding) -> int:
        """Return how many characters the new password needs."""
        return self.passwords.rules.least(has_second_factor=standing.has_second_factor)

    def _standing(
        self, work: UnitOfWork, visitor: Visitor, now: datetime
    ) -> ResetStanding | Elsewhere:
        found = find_interaction(work, visitor, now)
        if not isinstance(found, Interaction):
            return found
        if found.notice.get("outcome") == ResetOutcome.PASSWORD_CHANGED:
            return Proceed(interaction_id=found.id, step=Step.DONE)
        verification = self.codes.pending(work, found, Purpose.FORGOT_PASSWORD)
        if verification is None or not verification.proof_serves(now, self.codes.policy):
            return Proceed(interaction_id=found.id, step=Step.ADDRESS)
        account = work.accounts.find_by_address(verification.address.canonical)
        if account is None or not account.is_active:
            return gone(found, "expired")
        first = first_factor_of(account, verification)
        has_second_factor = bool(work.second_factors.list(account.subject))
        is_shown = not has_second_factor or found.first_factor == first
        registered = self.clients.find(found.client_id)
        return ResetStanding(
            step=Step.NEW_PASSWORD if is_shown else Step.SECOND_STEP,
            interaction=found,
            verification=verification,
            account=account,
            first=first,
            has_second_factor=has_second_factor,
            client=None if registered is None else registered.client,
            now=now,
        )

    def _after_recovery_code(
        self, visitor: Visitor, code: EnteredCode, *, is_right: bool
    ) -> Elsewhere:
        now = self.clock.now()
        with self.storage.writing() as work:
            standing = self._standing(work, visitor, now)
            if not isinstance(standing, ResetStanding) or standing.step is not Step.SECOND_STEP:
                return led_on(standing)
            account = work.accounts.hold(standing.account.subject)
            locale = visitor.locale_in(standing.interaction)
            if (
                is_right
                and account is not None
                and self.secrets.spend(work, code, account, visitor, locale, now)
            ):
                work.interactions.note_first_factor(standing.interaction.id, standing.first)
                work.commit()
                return Proceed(interaction_id=standing.interaction.id, step=Step.NEW_PASSWORD)
            event = AuditEvent(
                kind=AuditKind.SECOND_FACTOR_REFUSED,
                subject=standing.account.subject,
                source=visitor.source,
            )
            work.record(event, now)
            refused = self._refuse(work, standing, refusal_of(code.claimed))
        return refused if code.claimed.left else self._start_over(visitor)

    def _store(self, visitor: Visitor, hashed: Secret) -> Elsewhere:
        now = self.clock.now()
        with self.storage.writing() as work:
            standing = self._standing(work, visitor, now)
            if not isinstance(standing, ResetStanding) or standing.step is not Step.NEW_PASSWORD:
                return led_on(standing)
            found, verification = standing.interaction, standing.verification
            canonical = verification.address.canonical
            # Verifications before the account, as everywhere.
            work.verifications.hold_of_address(canonical)
            if not self.codes.use_proof(work, verification, found, now):
                # Used by the same form a moment ago, or ended by another: its page tells.
                return Proceed(interaction_id=found.id, step=Step.NEW_PASSWORD)
            work.verifications.cancel_for_address(canonical)
            if not self._is_unchanged(work, standing):
                return Proceed(interaction_id=found.id, step=Step.NEW_PASSWORD)
            rests_on_mail = not standing.has_second_factor
            subject = standing.account.subject
            self.passwords.store(work, subject, hashed, rests_on_mail=rests_on_mail, now=now)
            end_sign_ins(work, subject, now)
            self._tell(work, standing, visitor)
            work.interactions.forget_address(found.id)
            notice = {
                "outcome": ResetOutcome.PASSWORD_CHANGED,
                "entered": verification.address.typed,
            }
            return self._proceed(work, standing, notice, Step.DONE)

    def _is_unchanged(self, work: UnitOfWork, standing: ResetStanding) -> bool:
        """Hold the account and tell whether it still is what the step was decided by."""
        held = work.accounts.hold_by_address(standing.verification.address.canonical)
        return (
            held is not None
            and held.is_active
            and held.subject == standing.account.subject
            and bool(work.second_factors.list(held.subject)) is standing.has_second_factor
        )

    def _tell(self, work: UnitOfWork, standing: ResetStanding, visitor: Visitor) -> None:
        details = {"browser": visitor.browser}
        locale = visitor.locale_in(standing.interaction)
        notice = notice_to(standing.account, UsageType.PASSWORD_CHANGED, locale, details)
        owe_notice(work, notice, self.randomness, standing.now)
        event = AuditEvent(
            kind=AuditKind.PASSWORD_RESET,
            subject=standing.account.subject,
            source=visitor.source,
            detail={"browser": visitor.browser},
        )
        work.record(event, standing.now)

    def _start_over(self, visitor: Visitor) -> Elsewhere:
        """Ask for the mailbox again, in a unit of its own: the try is counted already."""
        now = self.clock.now()
        with self.storage.writing() as work:
            standing = self._standing(work, visitor, now)
            if not isinstance(standing, ResetStanding):
                return standing
            self.codes.use_proof(work, standing.verification, standing.interaction, now)
            work.interactions.forget_address(standing.interaction.id)
            notice = {"outcome": CodeOutcome.EXHAUSTED}
            return self._proceed(work, standing, notice, Step.ADDRESS)

    def _note(self, visitor: Visitor, notice: Mapping[str, object]) -> Proceed:
        step = Step.NEW_PASSWORD
        with self.storage.writing() as work:
            work.interactions.note(visitor.interaction_id, {**notice, "step": step})
            work.commit()
        return Proceed(interaction_id=visitor.interaction_id, step=step)

    def _refuse(self, work: UnitOfWork, standing: ResetStanding, refused: CodeRefused) -> Proceed:
        return self._proceed(
            work, standing, notice_of_refusal(refused, Step.SECOND_STEP), Step.SECOND_STEP
        )

    def _proceed(
        self, work: UnitOfWork, standing: ResetStanding, notice: Mapping[str, object], step: Step
    ) -> Proceed:
        work.interactions.note(standing.interaction.id, notice)
        work.commit()
        return Proceed(interaction_id=standing.interaction.id, step=step)


def first_factor_of(account: Account, verification: Verification) -> FirstFactor:
    """Return what an interaction keeps once a second factor was shown beside this very proof."""
    return FirstFactor(
        subject=account.subject,
        method=AuthenticationMethod.MAILED_CODE,
        rests_on_mail=False,
        proven_at=verification.verified_at or verification.created_at,
        is_for_reset=True,
    )


def led_on(standing: ResetStanding | Elsewhere) -> Elsewhere:
    """Return where to go from a step that is not due."""
    if isinstance(standing, ResetStanding):
        return Proceed(interaction_id=standing.interaction.id, step=standing.step)
    return standing
