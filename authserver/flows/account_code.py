"""Mailed codes of the account page: it is still you, and the new address is yours."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from authserver.domain.account_sections import Confirmation, Section
from authserver.domain.clock import Clock
from authserver.domain.email_address import EmailAddress
from authserver.domain.interactions import Interaction
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.verifications import (
    CodeOutcome,
    Purpose,
    Verification,
    VerificationState,
)
from authserver.flows.account_address import AddressSwitch, usable_address
from authserver.flows.account_confirmation import Confirmed, IdentityConfirmation
from authserver.flows.account_entry import (
    Actor,
    Refused,
    Said,
    SignedInAccount,
    confirmation_of,
    find_signed_in,
)
from authserver.flows.account_interaction import OpenInteraction, SectionInteractions
from authserver.flows.code_entries import CodeRefused
from authserver.flows.email_code import EmailCode
from authserver.flows.mail_permits import MailRefused
from authserver.flows.steps import notice_of_refusal, replace_short_code, send_again
from authserver.flows.visitor import Visitor
from authserver.storage.accounts import AddressTaken
from authserver.storage.sign_in_experience import StoredSignInExperience
from authserver.storage.unit_of_work import Storage, UnitOfWork
from authserver.storage.verifications import AlreadyLive

PURPOSES: Final = (Purpose.USER_PERMISSION_VALIDATION, Purpose.BIND_NEW_IDENTIFIER)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDue:
    """The code page follows; a new interaction is bound to the browser by its cookie."""

    opened: OpenInteraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInDue:
    """A mailed code would not do: the whole sign-in is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeStanding:
    """What the code page shows."""

    entered: SignedInAccount
    interaction: Interaction
    visitor: Visitor
    verification: Verification
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCodes:
    """The use cases of `/account/{section}/code`, and what leads there."""

    storage: Storage
    codes: EmailCode
    interactions: SectionInteractions
    confirmation: IdentityConfirmation
    switch: AddressSwitch
    experience: StoredSignInExperience
    clock: Clock

    @property
    def lifetimes(self) -> Lifetimes:
        """Return the lifetimes in force."""
        return self.interactions.lifetimes

    def confirm(
        self, actor: Actor, section: Section
    ) -> CodeDue | SignInDue | MailRefused | Refused:
        """Ask the person for a fresh proof: a mailed code, or the whole sign-in."""
        now = self.clock.now()
        try:
            with self.storage.writing() as work:
                entered = find_signed_in(work, actor.session_secret, now, self.lifetimes)
                if entered is None:
                    return Refused.SIGNED_OUT
                due = confirmation_of(work, entered, now)
                if due is Confirmation.SIGN_IN:
                    return SignInDue()
                opened = self.interactions.open(work, actor, entered, section, now)
                if due is Confirmation.NONE and (
                    section is not Section.ADDRESS or self._proves_old(opened.interaction, now)
                ):
                    return Refused.NOTHING_DUE
                purpose, address = PURPOSES[0], entered.account.address
                return self._begin(work, opened, purpose, address, now)
        except AlreadyLive:
            # A simultaneous start has won, and its mail is on the way.
            return CodeDue()

    def propose(self, actor: Actor, typed: str) -> CodeDue | MailRefused | Said | Refused:
        """Take the new address, once the old mailbox is proven, and owe it a mail."""
        now = self.clock.now()
        experience = self.experience.current()
        try:
            with self.storage.writing() as work:
                entered = find_signed_in(work, actor.session_secret, now, self.lifetimes)
                if entered is None:
                    return Refused.SIGNED_OUT
                opened = self.interactions.find(work, actor, entered, Section.ADDRESS, now)
                is_fresh = confirmation_of(work, entered, now) is Confirmation.NONE
                if opened is None or not is_fresh or not self._proves_old(opened.interaction, now):
                    return Refused.CONFIRM_FIRST
                address = usable_address(typed, entered.account, experience)
                if isinstance(address, Said):
                    return address
                return self._begin(work, opened, PURPOSES[1], address, now)
        except AlreadyLive:
            return CodeDue()

    def due(self, actor: Actor, entered: SignedInAccount, section: Section) -> Confirmation:
        """Return what the section asks for before anything in it can be changed."""
        now = self.clock.now()
        with self.storage.reading() as work:
            due = confirmation_of(work, entered, now)
            if due is Confirmation.NONE and section is Section.ADDRESS:
                found = self.interactions.find(work, actor, entered, section, now)
                if found is None or not self._proves_old(found.interaction, now):
                    return Confirmation.CODE
        return due

    def look(self, actor: Actor, section: Section) -> CodeStanding | Refused:
        """Return what the code page shows; nothing is written."""
        now = self.clock.now()
        with self.storage.reading() as work:
            entered = find_signed_in(work, actor.session_secret, now, self.lifetimes)
            if entered is None:
                return Refused.SIGNED_OUT
            found = self.interactions.find(work, actor, entered, section, now)
            verification = None if found is None else self._pending(work, found.interaction)
        if found is None or verification is None:
            return Refused.NOTHING_DUE
        return CodeStanding(
            entered=entered,
            interaction=found.interaction,
            visitor=found.visitor,
            verification=verification,
            now=now,
        )

    def resend(
        self, visitor: Visitor, section: Section
    ) -> CodeDue | MailRefused | Refused | Confirmed:
        """Send the same code again or, where it is dead, a new one to the same address."""
        now = self.clock.now()
        try:
            with self.storage.writing() as work:
                found = self._posted(work, visitor, section, now)
                if not isinstance(found, Interaction):
                    return found
                verification = self._pending(work, found)
                if verification is None:
                    return Refused.NOTHING_DUE
                sent = send_again(self.codes, work, found, verification, visitor, now)
                if isinstance(sent, MailRefused):
                    return replace(sent, locale=found.locale)
                if sent is not CodeOutcome.PENDING:
                    work.commit()
                return CodeDue()
        except AlreadyLive:
            return CodeDue()

    def submit_code(
        self, visitor: Visitor, section: Section, entered: str
    ) -> Confirmed | CodeDue | Said | Refused:
        """Check the code; a right one does what its purpose says."""
        now = self.clock.now()
        try:
            with self.storage.writing() as work:
                found = self._posted(work, visitor, section, now)
                if not isinstance(found, Interaction):
                    return found
                checked = self._check(work, found, entered, visitor, now)
                if isinstance(checked, Verification):
                    return self._proven(work, found, checked, visitor, now)
                if checked.outcome is not CodeOutcome.LONGER_CODE_NEEDED:
                    return self._after_refusal(work, found, checked)
        except AddressTaken:
            # Somebody else got the address a moment ago, and all of this was undone.
            return self.submit_code(visitor, section, entered)
        replace_short_code(self.storage, found)
        return CodeDue()

    def cancel(self, visitor: Visitor, section: Section) -> Refused | Confirmed:
        """Give the verification up, or go back to enter another address."""
        now = self.clock.now()
        with self.storage.writing() as work:
            found = self._posted(work, visitor, section, now)
            if not isinstance(found, Interaction):
                return found
            if found.verification_id is not None:
                work.verifications.replace(found.verification_id)
            work.interactions.forget_address(found.id)
            work.commit()
        return Refused.NOTHING_DUE

    def _begin(
        self,
        work: UnitOfWork,
        opened: OpenInteraction,
        purpose: Purpose,
        address: EmailAddress,
        now: datetime,
    ) -> CodeDue | MailRefused:
        interaction, visitor = opened.interaction, opened.visitor
        started = self.codes.start(work, interaction, purpose, address, visitor, now)
        if isinstance(started, MailRefused):
            return replace(started, locale=visitor.locale_in(interaction))
        if started is not CodeOutcome.PENDING:
            work.commit()
        return CodeDue(opened=opened)

    def _check(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        entered: str,
        visitor: Visitor,
        now: datetime,
    ) -> Verification | CodeRefused:
        pending = self._pending(work, interaction)
        if pending is None:
            return CodeRefused(outcome=CodeOutcome.NOTHING_PENDING)
        if pending.purpose is Purpose.BIND_NEW_IDENTIFIER:
            self.switch.prepare(work, interaction)
        return self.codes.check(work, interaction, pending.purpose, entered, visitor, now)

    def _after_refusal(
        self, work: UnitOfWork, interaction: Interaction, refused: CodeRefused
    ) -> CodeDue | Refused:
        """Keep the counted try and the message; the page that is due shows it."""
        if refused.outcome in {CodeOutcome.NOTHING_PENDING, CodeOutcome.ALREADY_USED}:
            return Refused.NOTHING_DUE
        work.interactions.note(interaction.id, notice_of_refusal(refused))
        work.commit()
        return CodeDue()

    def _proven(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        verification: Verification,
        visitor: Visitor,
        now: datetime,
    ) -> Confirmed | Said | Refused:
        if verification.purpose is Purpose.BIND_NEW_IDENTIFIER:
            return self.switch.switch(work, interaction, verification, visitor, now)
        return self.confirmation.confirm(work, interaction, verification, visitor, now)

    def _posted(
        self, work: UnitOfWork, visitor: Visitor, section: Section, now: datetime
    ) -> Interaction | Refused | Confirmed:
        found = self.interactions.find_posted(work, visitor, section, now)
        if found is Refused.SIGNED_OUT:
            return self.confirmation.hand_out_again(work, visitor, section, now) or found
        return found

    def _pending(self, work: UnitOfWork, interaction: Interaction) -> Verification | None:
        """Return the verification whose code is asked for, dead ones included."""
        for purpose in PURPOSES:
            verification = self.codes.pending(work, interaction, purpose)
            if verification is not None:
                is_over = verification.state is VerificationState.VERIFIED
                return None if is_over else verification
        return None

    def _proves_old(self, interaction: Interaction, now: datetime) -> bool:
        """Tell whether the old mailbox has been proven here, not too long ago."""
        proven = interaction.signed_in_at
        return proven is not None and now < proven + self.codes.policy.proof_life
