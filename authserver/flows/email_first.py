"""Sign-in and registration: one path from an address over a mailed code to a session.

Both begin alike. Once the mailbox is proven, each asks where the account is not what its page
promised: sign-in without an account, registration with one. The answer uses the same proof.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from authserver.domain.accounts import Account
from authserver.domain.clock import Clock
from authserver.domain.email_address import parse_email_address
from authserver.domain.interactions import Interaction, InteractionState
from authserver.domain.randomness import Randomness
from authserver.domain.sessions import Authentication, AuthenticationMethod
from authserver.domain.verifications import CodeOutcome, Purpose, Verification
from authserver.flows.code_entries import CodeRefused, replace_short_code
from authserver.flows.completion import Completion, SignedIn
from authserver.flows.email_code import EmailCode
from authserver.flows.mail_permits import MailRefused
from authserver.flows.registration import register
from authserver.flows.steps import Proceed, Standing, Step, may_continue, notice_of_refusal
from authserver.flows.visitor import GoOn, InteractionGone, Visitor, find_interaction
from authserver.storage.accounts import AddressTaken
from authserver.storage.endings import wipe_unproven
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage, UnitOfWork
from authserver.storage.verifications import AlreadyLive

MAILED_CODE: Final = Authentication(amr=(AuthenticationMethod.MAILED_CODE,))


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailFirst:
    """The use cases behind `/sign-in` or, with another purpose, `/register`."""

    purpose: Purpose
    storage: Storage
    clients: RegisteredClients
    codes: EmailCode
    completion: Completion
    clock: Clock
    randomness: Randomness

    def look(self, visitor: Visitor) -> Standing | InteractionGone | GoOn:
        """Return what to show; nothing is written."""
        now = self.clock.now()
        with self.storage.reading() as work:
            found = find_interaction(work, visitor, now)
            if not isinstance(found, Interaction):
                return found
            verification = self.codes.pending(work, found, self.purpose)
            step = self._page_of(work, verification, now)
            session = work.sessions.find_live(
                visitor.session_secret, now, self.completion.lifetimes
            )
            account = None if session is None else work.accounts.find(session.subject)
        registered = self.clients.find(found.client_id)
        return Standing(
            step=step,
            interaction=found,
            verification=verification,
            client=None if registered is None else registered.client,
            signed_in_as=account if may_continue(found) else None,
            now=now,
        )

    def submit_address(
        self, visitor: Visitor, typed: str
    ) -> Proceed | MailRefused | InteractionGone | GoOn:
        """Take the address and owe it a mail."""
        address = parse_email_address(typed)
        now = self.clock.now()
        try:
            with self.storage.writing() as work:
                found = find_interaction(work, visitor, now)
                if not isinstance(found, Interaction):
                    return found
                if address is None:
                    notice = {"outcome": CodeOutcome.ADDRESS_INVALID, "entered": typed[:254]}
                    work.interactions.note(found.id, notice)
                    work.commit()
                    return Proceed(interaction_id=found.id, step=Step.ADDRESS)
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
                if self._step(verification, now) is Step.DECISION:
                    return Proceed(interaction_id=found.id, step=Step.DECISION)
                is_live = verification.standing(now) is None
                if is_live and self.codes.is_long_enough(work, verification, now):
                    sent = self.codes.resend(work, found, verification, visitor, now)
                    return self._after_mail(work, found, sent)
                started = self.codes.start(
                    work, found, self.purpose, verification.address, visitor, now
                )
                return self._after_mail(work, found, started)
        except AlreadyLive:
            return Proceed(interaction_id=visitor.interaction_id, step=Step.CODE)

    def submit_code(
        self, visitor: Visitor, entered: str
    ) -> SignedIn | Proceed | InteractionGone | GoOn:
        """Check the code; a right one signs in, or leads to the question that is left."""
        now = self.clock.now()
        try:
            with self.storage.writing() as work:
                found = find_interaction(work, visitor, now)
                if not isinstance(found, Interaction):
                    return found
                checked = self.codes.check(work, found, self.purpose, entered, visitor, now)
                if isinstance(checked, Verification):
                    return self._after_proof(work, found, checked, visitor, now)
                if checked.outcome is not CodeOutcome.LONGER_CODE_NEEDED:
                    return self._after_refusal(work, found, checked)
        except AddressTaken:
            # Another browser has just registered the address, and all of this was undone.
            return self.submit_code(visitor, entered)
        replace_short_code(self.storage, found)
        return Proceed(interaction_id=found.id, step=Step.CODE)

    def decide(
        self, visitor: Visitor, *, was_asked: bool = True
    ) -> SignedIn | Proceed | InteractionGone | GoOn:
        """Do what the page offered after the proof: create the account, or sign in to it.

        Where nothing `was_asked`, the question may still be left.
        """
        now = self.clock.now()
        try:
            with self.storage.writing() as work:
                found = find_interaction(work, visitor, now)
                if not isinstance(found, Interaction):
                    return found
                verification = self.codes.pending(work, found, self.purpose)
                if verification is None or self._step(verification, now) is not Step.DECISION:
                    return Proceed(interaction_id=found.id, step=self._step(verification, now))
                go_on = self._finish if was_asked else self._after_proof
                return go_on(work, found, verification, visitor, now)
        except AddressTaken:
            # Somebody registered the address a moment ago: the button now signs in.
            return Proceed(interaction_id=visitor.interaction_id, step=Step.DECISION)

    def restart(self, visitor: Visitor) -> Proceed | InteractionGone | GoOn:
        """Lead back to the first step, to use another address."""
        with self.storage.writing() as work:
            found = find_interaction(work, visitor, self.clock.now())
            if not isinstance(found, Interaction):
                return found
            if found.verification_id is not None:
                work.verifications.replace(found.verification_id)
            work.interactions.forget_address(found.id)
            work.commit()
        return Proceed(interaction_id=found.id, step=Step.ADDRESS)

    def cancel(self, visitor: Visitor) -> InteractionGone | GoOn:
        """Refuse the client's request on behalf of the person."""
        now = self.clock.now()
        with self.storage.writing() as work:
            found = find_interaction(work, visitor, now)
            if not isinstance(found, Interaction):
                return found
            work.interactions.settle(found.id, InteractionState.REFUSED, now)
            work.commit()
        return GoOn(interaction_id=found.id)

    def continue_as(self, visitor: Visitor) -> Proceed | InteractionGone | GoOn:
        """Go on with the session that this browser has already."""
        now = self.clock.now()
        with self.storage.writing() as work:
            found = find_interaction(work, visitor, now)
            if not isinstance(found, Interaction):
                return found
            session = work.sessions.find_live(
                visitor.session_secret, now, self.completion.lifetimes
            )
            if session is None or not may_continue(found):
                return Proceed(interaction_id=found.id, step=Step.ADDRESS)
            work.interactions.note_choice(found.id, session.id)
            work.commit()
        return GoOn(interaction_id=found.id)

    def _after_proof(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        verification: Verification,
        visitor: Visitor,
        now: datetime,
    ) -> SignedIn | Proceed | GoOn:
        """Sign in or register at once where the page promised just that; else ask."""
        account = work.accounts.hold_by_address(verification.address.canonical)
        if self._leaves_question(account):
            work.interactions.note(interaction.id, {})
            work.commit()
            return Proceed(interaction_id=interaction.id, step=Step.DECISION)
        return self._finish(work, interaction, verification, visitor, now, held=account)

    def _finish(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        verification: Verification,
        visitor: Visitor,
        now: datetime,
        *,
        held: Account | None = None,
    ) -> SignedIn | Proceed | GoOn:
        """Use the proof up and sign in to the account of the address, made now if need be."""
        if not self.codes.use_proof(work, verification, interaction, now):
            return Proceed(interaction_id=interaction.id, step=Step.ADDRESS)
        account = held or work.accounts.hold_by_address(verification.address.canonical)
        if account is None:
            account = register(work, verification.address, self.randomness, visitor, now)
        if not account.is_active:
            # Suspended since the proof: the path begins anew, and its mail says why.
            work.interactions.forget_address(interaction.id)
            work.commit()
            return Proceed(interaction_id=interaction.id, step=Step.ADDRESS)
        if account.email_proven_at is None:
            # Whoever was in before the owner of the mailbox came goes.
            wipe_unproven(work, account.subject, now)
            work.accounts.mark_proven(account.subject, now)
        signed_in = self.completion.sign_in(work, visitor, account, MAILED_CODE, now)
        if signed_in is None:
            return GoOn(interaction_id=interaction.id)
        work.commit()
        return signed_in

    def _after_mail(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        sent: CodeOutcome | MailRefused,
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
                return Proceed(interaction_id=interaction.id, step=Step.DECISION)
            case _:
                work.interactions.note(interaction.id, notice_of_refusal(refused))
                work.commit()
                return Proceed(interaction_id=interaction.id, step=Step.CODE)

    def _step(self, verification: Verification | None, now: datetime) -> Step:
        if verification is None:
            return Step.ADDRESS
        if verification.proof_serves(now, self.codes.policy):
            return Step.DECISION
        if verification.standing(now) is CodeOutcome.ALREADY_USED:
            return Step.ADDRESS
        return Step.CODE

    def _page_of(self, work: UnitOfWork, verification: Verification | None, now: datetime) -> Step:
        """Return the step that is due; whose mailbox is proven may know which question is left."""
        step = self._step(verification, now)
        if verification is None or step is not Step.DECISION:
            return step
        account = work.accounts.find_by_address(verification.address.canonical)
        return Step.DECISION if self._leaves_question(account) else Step.PROVEN

    def _leaves_question(self, account: Account | None) -> bool:
        """Tell whether the account is not what the page promised."""
        return (account is None) is (self.purpose is Purpose.SIGN_IN)
