"""Creating an account on a page of its own: with a password, with a tick, or by one press."""

from dataclasses import dataclass
from typing import Final

from authserver.domain.email_address import EmailAddress
from authserver.domain.secret import Secret
from authserver.domain.sign_in_experience import SignInExperience
from authserver.flows.after_proof import ProvenMailbox
from authserver.flows.completion import SignedIn
from authserver.flows.email_first import EmailFirst
from authserver.flows.passwords import PasswordChecks
from authserver.flows.steps import Proceed, Step
from authserver.flows.visitor import GoOn, InteractionGone, Visitor
from authserver.storage.accounts import AddressTaken

TERMS_NOT_AGREED: Final = "terms_not_agreed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was typed and ticked for a new account."""

    new_password: str
    has_agreed: bool

    def __repr__(self) -> str:
        return "Wanted(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """The use case behind the page that creates an account."""

    path: EmailFirst
    passwords: PasswordChecks

    def create(
        self, visitor: Visitor, wanted: Wanted
    ) -> SignedIn | Proceed | InteractionGone | GoOn:
        """Make the account of the proven mailbox and sign in to it, or say what is missing.

        The password is hashed between two units; before the proof nothing is hashed.
        """
        experience = self.path.experience.current()
        with self.path.storage.reading() as work:
            found = self.path.find_proven(work, visitor, experience)
        if not isinstance(found, ProvenMailbox):
            return found
        missing = self._missing(found.address, wanted, experience)
        if missing is not None:
            return self._note(visitor, found, missing)
        hashed = self.passwords.hash(wanted.new_password) if experience.creates_password else None
        return self._make(visitor, experience, hashed)

    def _make(
        self, visitor: Visitor, experience: SignInExperience, hashed: Secret | None
    ) -> SignedIn | Proceed | InteractionGone | GoOn:
        try:
            with self.path.storage.writing() as work:
                found = self.path.find_proven(work, visitor, experience)
                if not isinstance(found, ProvenMailbox):
                    return found
                return self.path.after_proof.create(work, found, hashed)
        except AddressTaken:
            # Somebody registered the address a moment ago, so another page is due.
            return Proceed(interaction_id=visitor.interaction_id, step=Step.PROVEN)

    def _missing(
        self, address: EmailAddress, wanted: Wanted, experience: SignInExperience
    ) -> dict[str, object] | None:
        """Return the message of what is missing, or None."""
        if experience.creates_password:
            fault = self.passwords.fault(wanted.new_password, address)
            if fault is not None:
                needed = self.passwords.rules.least(has_second_factor=False)
                return {"outcome": fault, "needed": needed, "has_agreed": wanted.has_agreed}
        if experience.terms_are_ticked and not wanted.has_agreed:
            return {"outcome": TERMS_NOT_AGREED}
        return None

    def _note(self, visitor: Visitor, proven: ProvenMailbox, notice: dict[str, object]) -> Proceed:
        with self.path.storage.writing() as work:
            work.interactions.note(visitor.interaction_id, notice)
            work.commit()
        return proven.leads_to(Step.CREATE_ACCOUNT)
