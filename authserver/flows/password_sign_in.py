"""Signing in with a password: counted before it is compared, compared outside of any unit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from authserver.domain.clock import Clock
from authserver.domain.email_address import EmailAddress, parse_email_address
from authserver.domain.interactions import FirstFactor, Interaction
from authserver.domain.sessions import AuthenticationMethod
from authserver.domain.verifications import CodeOutcome, CodePolicy, Purpose
from authserver.flows.completion import SignedIn
from authserver.flows.passwords import CodeComesFirst, Guess, MailProof, PasswordChecks, RightGuess
from authserver.flows.second_step import SecondStep
from authserver.flows.steps import Proceed, Step
from authserver.flows.visitor import GoOn, InteractionGone, Visitor, find_interaction
from authserver.storage.sign_in_experience import StoredSignInExperience
from authserver.storage.unit_of_work import Storage, UnitOfWork

WRONG: Final = "wrong_password"
MISSING: Final = "password_missing"
# A password that is changed or rehashed at the very moment is judged again, and again once more.
MOST_COMPARISONS: Final = 3

Ended = SignedIn | Proceed | InteractionGone | GoOn


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSignIn:
    """The use case behind `/sign-in/{interaction}/password`."""

    storage: Storage
    experience: StoredSignInExperience
    passwords: PasswordChecks
    second_step: SecondStep
    policy: CodePolicy
    clock: Clock

    def submit(self, visitor: Visitor, typed_address: str, password: str | None) -> Ended:
        """Judge the password of the address, of the one typed before where none is typed now.

        Without a password its page follows. Wrong passwords, addresses without account or
        password, and suspended accounts get one answer at one price.
        """
        for _ in range(MOST_COMPARISONS):
            claimed = self._claim(visitor, typed_address, password)
            if not isinstance(claimed, Guess):
                return claimed
            right = self.passwords.compare(claimed, password or "")
            if right is None:
                break
            ended = self._sign_in(visitor, right)
            if isinstance(ended, Proceed) and ended.step is Step.SECOND_STEP:
                # Where no mail is permitted just now, the page of the second step offers it.
                self.second_step.ask_for_mail(visitor)
            if ended is not None:
                return ended
        return self._refuse(visitor)

    def _claim(
        self, visitor: Visitor, typed_address: str, password: str | None
    ) -> Guess | Proceed | InteractionGone | GoOn:
        """Note the address and count the guess; the commit comes before the comparison."""
        now = self.clock.now()
        experience = self.experience.current()
        with self.storage.writing() as work:
            found = find_interaction(work, visitor, now)
            if not isinstance(found, Interaction):
                return found
            address = parse_email_address(typed_address) if typed_address else found.address
            if address is None and typed_address:
                notice = {
                    "outcome": CodeOutcome.ADDRESS_INVALID,
                    "entered": typed_address[:254],
                    "step": Step.ADDRESS,
                }
                work.interactions.note(found.id, notice)
                work.commit()
            if address is None or not experience.password_signs_in:
                return Proceed(interaction_id=found.id, step=Step.ADDRESS)
            keep_address(work, found, address)
            if password == "":
                work.interactions.note(found.id, {"outcome": MISSING, "step": Step.PASSWORD})
            claimed = (
                self.passwords.claim(
                    work,
                    address,
                    visitor,
                    now,
                    proof=self._proof(work, found, address, now),
                )
                if password
                else None
            )
            if isinstance(claimed, CodeComesFirst) and found.verification_id is not None:
                # A proof that has served for all its guesses is over: another code is due.
                proven_after = now - self.policy.proof_life
                work.verifications.use_proof(found.verification_id, found.id, proven_after, now)
            work.commit()
        if isinstance(claimed, Guess):
            return claimed
        return Proceed(interaction_id=found.id, step=Step.PASSWORD)

    def _sign_in(self, visitor: Visitor, right: RightGuess) -> Ended | None:
        """Sign in; None where the password was changed while it was compared."""
        now = self.clock.now()
        with self.storage.writing() as work:
            found = find_interaction(work, visitor, now)
            if not isinstance(found, Interaction):
                return found
            account = self.passwords.accept(work, right, now)
            if account is None:
                # Judged once more, and then counted once.
                self.passwords.withdraw(work, right.guess)
                work.commit()
                return None
            first = FirstFactor(
                subject=account.subject,
                method=AuthenticationMethod.PASSWORD,
                rests_on_mail=right.judged.rests_on_mail,
                proven_at=now,
            )
            return self.second_step.after_first_factor(work, found, visitor, account, first)

    def _refuse(self, visitor: Visitor) -> Proceed | InteractionGone | GoOn:
        now = self.clock.now()
        with self.storage.writing() as work:
            found = find_interaction(work, visitor, now)
            if not isinstance(found, Interaction):
                return found
            work.interactions.note(found.id, {"outcome": WRONG, "step": Step.PASSWORD})
            self.passwords.refuse(work, visitor, found.client_id, now)
            work.commit()
        return Proceed(interaction_id=found.id, step=Step.PASSWORD)

    def _proof(
        self, work: UnitOfWork, interaction: Interaction, address: EmailAddress, now: datetime
    ) -> MailProof | None:
        """Return the mailed code that came first, in this interaction and for this address."""
        if interaction.verification_id is None:
            return None
        verification = work.verifications.find(interaction.verification_id)
        if (
            verification is None
            or verification.purpose is not Purpose.SIGN_IN
            or verification.address.canonical != address.canonical
            or not verification.proof_serves(now, self.policy)
        ):
            return None
        return MailProof(verification.id, verification.created_at)


def keep_address(work: UnitOfWork, interaction: Interaction, address: EmailAddress) -> None:
    """Note the address whose password is asked for; a code for another one is over."""
    if interaction.address is not None and interaction.address.canonical == address.canonical:
        work.interactions.note(interaction.id, {})
        return
    if interaction.verification_id is not None:
        work.verifications.replace(interaction.verification_id)
    work.interactions.note_address(interaction.id, address)
