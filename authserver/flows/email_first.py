"""Sign-in and registration: one path from an address over a mailed code to a session.

Both begin alike. Once the mailbox is proven, each asks where the account is not what its page
promised: sign-in without an account, registration with one. The answer uses the same proof.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from authserver.domain.accounts import Account
from authserver.domain.clock import Clock
from authserver.domain.email_address import EmailAddress, parse_email_address
from authserver.domain.interactions import Interaction
from authserver.domain.sign_in_experience import SignInExperience, SignInMethod
from authserver.domain.verifications import CodeOutcome, Purpose, Verification
from authserver.flows.after_proof import AfterProof, ProvenMailbox
from authserver.flows.code_entries import CodeRefused
from authserver.flows.completion import SignedIn
from authserver.flows.email_code import EmailCode
from authserver.flows.mail_permits import MailRefused
from authserver.flows.password_sign_in import keep_address
from authserver.flows.second_step import SecondStep
from authserver.flows.steps import (
    Proceed,
    Standing,
    Step,
    may_continue,
    notice_of_refusal,
    replace_short_code,
    send_again,
)
from authserver.flows.visitor import GoOn, InteractionGone, Visitor, find_interaction
from authserver.storage.accounts import AddressTaken
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.sign_in_experience import StoredSignInExperience
from authserver.storage.unit_of_work import Storage, UnitOfWork
from authserver.storage.verifications import AlreadyLive


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailFirst:
    """The use cases behind `/sign-in`, `/register`, and `/forgot-password` as far as the proof."""

    purpose: Purpose
    storage: Storage
    clients: RegisteredClients
    experience: StoredSignInExperience
    codes: EmailCode
    after_proof: AfterProof
    second_step: SecondStep
    clock: Clock

    def look(self, visitor: Visitor) -> Standing | Proceed | InteractionGone | GoOn:
        """Return what to show; nothing is written."""
        now = self.clock.now()
        experience = self.experience.current()
        with self.storage.reading() as work:
            found = find_interaction(work, visitor, now)
            if not isinstance(found, Interaction):
                return found
            verification = self.codes.pending(work, found, self.purpose)
            step = self._page_of(work, found, verification, experience, now)
            if step is Step.ADDRESS and not self._is_open(experience):
                return Proceed(interaction_id=found.id, step=Step.SIGN_IN_INSTEAD)
            may_enter = self._may_enter_password(found, step, experience)
            comes_first = (
                may_enter
                and found.address is not None
                and not self._is_proven(verification, now)
                and self.after_proof.passwords.code_comes_first(work, found.address, visitor, now)
            )
            account = self._signed_in_as(work, visitor, now)
        registered = self.clients.find(found.client_id)
        return Standing(
            step=step,
            interaction=found,
            verification=verification,
            client=None if registered is None else registered.client,
            signed_in_as=account if may_continue(found) else None,
            experience=experience,
            may_enter_password=may_enter,
            code_comes_first=comes_first,
            now=now,
        )

    def submit_address(
        self, visitor: Visitor, typed: str, method: SignInMethod | None = None
    ) -> Proceed | MailRefused | InteractionGone | GoOn:
        """Take the address and owe it a mail, or ask for its password.

        Nothing typed means the address that was typed before.
        """
        now = self.clock.now()
        experience = self.experience.current()
        try:
            with self.storage.writing() as work:
                found = find_interaction(work, visitor, now)
                if not isinstance(found, Interaction):
                    return found
                address = parse_email_address(typed) if typed or method is None else found.address
                refused = self._refuse_address(work, found, typed, address, experience)
                if refused is not None or address is None:
                    return refused or Proceed(interaction_id=found.id, step=Step.ADDRESS)
                work.interactions.forget_first_factor(found)
                if self._asks_for_password(method, experience):
                    keep_address(work, found, address)
                    work.commit()
                    return Proceed(interaction_id=found.id, step=Step.PASSWORD)
                started = self.codes.start(work, found, self.purpose, address, visitor, now)
                return self._after_mail(work, found, started)
        except AlreadyLive:
            # A simultaneous start has won, and its mail is on the way.
            return Proceed(interaction_id=visitor.interaction_id, step=Step.CODE)

    def resend(self, visitor: Visitor) -> Proceed | MailRefused | InteractionGone | GoOn:
        """Send the same code again or, where it is dead, a new one to the same address."""
        now = self.clock.now()
        try:
            with self.storage.writing() as work:
                found = find_interaction(work, visitor, now)
                if not isinstance(found, Interaction):
                    return found
                verification = self.codes.pending(work, found, self.purpose)
                if verification is None:
                    return Proceed(interaction_id=found.id, step=Step.ADDRESS)
                if self._is_proven(verification, now):
                    return Proceed(interaction_id=found.id, step=Step.PROVEN)
                sent = send_again(self.codes, work, found, verification, visitor, now)
                return self._after_mail(work, found, sent)
        except AlreadyLive:
            return Proceed(interaction_id=visitor.interaction_id, step=Step.CODE)

    def submit_code(
        self, visitor: Visitor, entered: str
    ) -> SignedIn | Proceed | InteractionGone | GoOn:
        """Check the code; a right one signs in, or leads to the question that is left."""
        now = self.clock.now()
        experience = self.experience.current()
        try:
            with self.storage.writing() as work:
                found = find_interaction(work, visitor, now)
                if not isinstance(found, Interaction):
                    return found
                checked = self.codes.check(work, found, self.purpose, entered, visitor, now)
                if isinstance(checked, Verification):
                    proven = ProvenMailbox(
                        interaction=found,
                        verification=checked,
                        visitor=visitor,
                        experience=experience,
                        now=now,
                    )
                    return self.after_proof.go_on(work, proven)
                if checked.outcome is not CodeOutcome.LONGER_CODE_NEEDED:
                    return self._after_refusal(work, found, checked)
        except AddressTaken:
            # Another browser has just registered the address, and all of this was undone.
            return self.submit_code(visitor, entered)
        replace_short_code(self.storage, found, Step.CODE)
        return Proceed(interaction_id=found.id, step=Step.CODE)

    def go_on(
        self, visitor: Visitor, answers: Step | None = None
    ) -> SignedIn | Proceed | InteractionGone | GoOn:
        """Go on with a proof made before; `answers` is the page whose button was pressed."""
        experience = self.experience.current()
        try:
            with self.storage.writing() as work:
                found = self.find_proven(work, visitor, experience)
                if not isinstance(found, ProvenMailbox):
                    return found
                return self.after_proof.resume(work, found, answers=answers)
        except AddressTaken:
            # Somebody registered the address a moment ago, so another page is due.
            return Proceed(interaction_id=visitor.interaction_id, step=Step.PROVEN)

    def find_proven(
        self, work: UnitOfWork, visitor: Visitor, experience: SignInExperience
    ) -> ProvenMailbox | Proceed | InteractionGone | GoOn:
        """Return the mailbox that this browser has proven, or what is due instead."""
        now = self.clock.now()
        found = find_interaction(work, visitor, now)
        if not isinstance(found, Interaction):
            return found
        verification = self.codes.pending(work, found, self.purpose)
        if verification is None or not self._is_proven(verification, now):
            step = self._step(found, verification, experience, now)
            return Proceed(interaction_id=found.id, step=step)
        return ProvenMailbox(
            interaction=found,
            verification=verification,
            visitor=visitor,
            experience=experience,
            now=now,
        )

    def _after_mail(
        self, work: UnitOfWork, interaction: Interaction, sent: CodeOutcome | MailRefused
    ) -> Proceed | MailRefused:
        if isinstance(sent, MailRefused):
            return replace(sent, locale=interaction.locale, client_id=interaction.client_id)
        if sent is not CodeOutcome.PENDING:
            work.commit()
        return Proceed(interaction_id=interaction.id, step=Step.CODE)

    def _after_refusal(
        self, work: UnitOfWork, interaction: Interaction, refused: CodeRefused
    ) -> Proceed:
        """Keep the counted try and the message; the page that is due shows it."""
        match refused.outcome:
            case CodeOutcome.NOTHING_PENDING:
                return Proceed(interaction_id=interaction.id, step=Step.ADDRESS)
            case CodeOutcome.ALREADY_USED:
                return Proceed(interaction_id=interaction.id, step=Step.PROVEN)
            case _:
                work.interactions.note(interaction.id, notice_of_refusal(refused, Step.CODE))
                work.commit()
                return Proceed(interaction_id=interaction.id, step=Step.CODE)

    def _refuse_address(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        typed: str,
        address: EmailAddress | None,
        experience: SignInExperience,
    ) -> Proceed | None:
        """Return where an address that cannot be used here leads; of accounts nothing is read."""
        if not self._is_open(experience):
            return Proceed(interaction_id=interaction.id, step=Step.SIGN_IN_INSTEAD)
        if address is None:
            outcome = CodeOutcome.ADDRESS_INVALID
        elif self.purpose is Purpose.REGISTER and not experience.permits(address):
            outcome = CodeOutcome.ADDRESS_NOT_PERMITTED
        else:
            return None
        notice = {"outcome": outcome, "entered": typed[:254], "step": Step.ADDRESS}
        work.interactions.note(interaction.id, notice)
        work.commit()
        return Proceed(interaction_id=interaction.id, step=Step.ADDRESS)

    def _step(
        self,
        interaction: Interaction,
        verification: Verification | None,
        experience: SignInExperience,
        now: datetime,
    ) -> Step:
        """Return the step that is due, as far as it is known without reading accounts."""
        if self._is_proven(verification, now):
            return Step.PROVEN
        if verification is None or verification.standing(now) is CodeOutcome.ALREADY_USED:
            has_address = interaction.address is not None
            return Step.PASSWORD if has_address and self._takes(experience) else Step.ADDRESS
        return Step.CODE

    def _page_of(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        verification: Verification | None,
        experience: SignInExperience,
        now: datetime,
    ) -> Step:
        """Return the step that is due; whose mailbox is proven may know which question is left."""
        is_for_reset = self.purpose is Purpose.FORGOT_PASSWORD
        if not is_for_reset and self.second_step.is_due(work, interaction, now):
            return Step.SECOND_STEP
        step = self._step(interaction, verification, experience, now)
        if verification is None or step is not Step.PROVEN:
            return step
        account = work.accounts.find_by_address(verification.address.canonical)
        return self.after_proof.question(account, verification.address, experience)

    def _signed_in_as(self, work: UnitOfWork, visitor: Visitor, now: datetime) -> Account | None:
        lifetimes = self.second_step.completion.lifetimes
        session = work.sessions.find_live(visitor.session_secret, now, lifetimes)
        return None if session is None else work.accounts.find(session.subject)

    def _is_proven(self, verification: Verification | None, now: datetime) -> bool:
        return verification is not None and verification.proof_serves(now, self.codes.policy)

    def _is_open(self, experience: SignInExperience) -> bool:
        """Tell whether the path may be begun at all."""
        return self.purpose is not Purpose.REGISTER or experience.is_registration_open

    def _takes(self, experience: SignInExperience) -> bool:
        """Tell whether the path takes passwords."""
        return self.purpose is Purpose.SIGN_IN and experience.password_signs_in

    def _asks_for_password(self, method: SignInMethod | None, experience: SignInExperience) -> bool:
        wanted = experience.methods[0] if method is None else method
        return self._takes(experience) and wanted is SignInMethod.PASSWORD

    def _may_enter_password(
        self, interaction: Interaction, step: Step, experience: SignInExperience
    ) -> bool:
        if interaction.address is None or not self._takes(experience):
            return False
        return step in {Step.CODE, Step.PASSWORD}
