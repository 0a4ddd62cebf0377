"""What a proven mailbox leads to: a session, a new account, or the question that is left."""

from dataclasses import dataclass
from datetime import datetime

from authserver.domain.accounts import Account
from authserver.domain.email_address import EmailAddress
from authserver.domain.interactions import FirstFactor, Interaction
from authserver.domain.randomness import Randomness
from authserver.domain.secret import Secret
from authserver.domain.sign_in_experience import SignInExperience
from authserver.domain.verifications import Purpose, Verification
from authserver.flows.completion import SignedIn
from authserver.flows.email_code import EmailCode
from authserver.flows.passwords import PasswordChecks
from authserver.flows.registration import register
from authserver.flows.second_step import SecondStep
from authserver.flows.steps import Proceed, Step
from authserver.flows.visitor import GoOn, Visitor
from authserver.storage.endings import wipe_unproven
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenMailbox:
    """Who has proven which mailbox, and what holds at that moment."""

    interaction: Interaction
    verification: Verification
    visitor: Visitor
    experience: SignInExperience
    now: datetime

    @property
    def address(self) -> EmailAddress:
        """Return the address of the mailbox."""
        return self.verification.address

    def leads_to(self, step: Step) -> Proceed:
        """Return where the person goes on."""
        return Proceed(interaction_id=self.interaction.id, step=step)


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterProof:
    """Goes on where a mailbox is proven; all of it in the unit that proved it, or later."""

    purpose: Purpose
    codes: EmailCode
    passwords: PasswordChecks
    second_step: SecondStep
    randomness: Randomness

    def question(
        self, account: Account | None, address: EmailAddress, experience: SignInExperience
    ) -> Step:
        """Return the page that is due after the proof; `PROVEN` where nothing is left to ask."""
        if self.purpose is Purpose.FORGOT_PASSWORD:
            return Step.NEW_PASSWORD
        is_signing_in = self.purpose is Purpose.SIGN_IN
        if account is None:
            if not experience.admits(address):
                return Step.NO_ACCOUNT
            asks = is_signing_in or experience.creates_password or experience.terms_are_ticked
            return Step.CREATE_ACCOUNT if asks else Step.PROVEN
        if not is_signing_in:
            return Step.EXISTING
        return Step.PROVEN if experience.code_signs_in else Step.PASSWORD

    def go_on(
        self, work: UnitOfWork, proven: ProvenMailbox, *, answers: Step | None = None
    ) -> SignedIn | Proceed | GoOn:
        """Sign in or register where nothing is left to ask, or the person answers just that."""
        account = work.accounts.hold_by_address(proven.address.canonical)
        question = self.question(account, proven.address, proven.experience)
        if question is Step.EXISTING and answers is question:
            # Asked for by registering, and a code may not be enough to sign in.
            question = Step.PROVEN if proven.experience.code_signs_in else Step.PASSWORD
        if question is Step.PROVEN:
            return self._finish(work, proven, account)
        if question in {Step.PASSWORD, Step.NEW_PASSWORD} and account is not None:
            if not account.is_active:
                return begin_anew(work, proven)
            prove(work, account, proven.now)
        work.interactions.note(proven.interaction.id, {})
        work.commit()
        return proven.leads_to(question)

    def resume(
        self, work: UnitOfWork, proven: ProvenMailbox, *, answers: Step | None = None
    ) -> SignedIn | Proceed | GoOn:
        """Go on in a later unit than the one that proved the mailbox."""
        # The proof before the account, as by those who end both: or they wait for each other.
        if not work.verifications.hold_proof(proven.verification.id):
            return proven.leads_to(Step.ADDRESS)
        return self.go_on(work, proven, answers=answers)

    def create(
        self, work: UnitOfWork, proven: ProvenMailbox, hashed: Secret | None
    ) -> SignedIn | Proceed | GoOn:
        """Make the account that the person asked for, with its password; or say what is due.

        An account that was made meanwhile is signed in to as ever: what was typed for a new one
        is not merged into it.
        """
        if not work.verifications.hold_proof(proven.verification.id):
            return proven.leads_to(Step.ADDRESS)
        account = work.accounts.hold_by_address(proven.address.canonical)
        question = self.question(account, proven.address, proven.experience)
        if question is not Step.CREATE_ACCOUNT:
            return self.go_on(work, proven)
        return self._finish(work, proven, None, hashed)

    def _finish(
        self,
        work: UnitOfWork,
        proven: ProvenMailbox,
        account: Account | None,
        hashed: Secret | None = None,
    ) -> SignedIn | Proceed | GoOn:
        """Use the proof up and sign in to the account of the address, made now if need be."""
        now = proven.now
        if not self.codes.use_proof(work, proven.verification, proven.interaction, now):
            return proven.leads_to(Step.ADDRESS)
        if account is None:
            account = register(
                work, proven.address, proven.experience, self.randomness, proven.visitor, now
            )
            if account is None:
                return proven.leads_to(Step.NO_ACCOUNT)
            if hashed is not None:
                self.passwords.store(work, account.subject, hashed, rests_on_mail=True, now=now)
        if not account.is_active:
            return begin_anew(work, proven)
        prove(work, account, now)
        first = FirstFactor.by_mail(account.subject, now)
        return self.second_step.after_first_factor(
            work, proven.interaction, proven.visitor, account, first
        )


def begin_anew(work: UnitOfWork, proven: ProvenMailbox) -> Proceed:
    """Lead to the first step: the account was suspended since the proof, and a mail says so."""
    work.interactions.forget_address(proven.interaction.id)
    work.commit()
    return proven.leads_to(Step.ADDRESS)


def prove(work: UnitOfWork, account: Account, now: datetime) -> None:
    """Note the proof of the account's mailbox; the first one ends what was there before."""
    if account.email_proven_at is None:
        # Whoever was in before the owner of the mailbox came goes.
        wipe_unproven(work, account.subject, now)
        work.accounts.mark_proven(account.subject, now)
