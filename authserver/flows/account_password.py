"""The password of an account: set, changed and removed by its owner."""

from dataclasses import dataclass
from datetime import datetime

from authserver.domain.accounts import Account
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import ACCOUNT_CLIENT
from authserver.domain.clock import Clock
from authserver.domain.emails import UsageType
from authserver.domain.interactions import InteractionId
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.sessions import AuthenticationMethod
from authserver.flows.account_entry import (
    Actor,
    Refused,
    Said,
    SignedInAccount,
    hold_confirmed,
)
from authserver.flows.notices import SecondFactorChange, tell_of_second_factor
from authserver.flows.passwords import CodeComesFirst, Guess, MailProof, PasswordChecks, RightGuess
from authserver.storage.notices import MailedNotice, owe_notice
from authserver.storage.sign_in_experience import StoredSignInExperience
from authserver.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordStanding:
    """What the section shows."""

    has_password: bool
    least_length: int
    is_removable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPassword:
    """The use cases of the section `password`.

    The present password is judged as at sign-in: counted before it is compared, and compared
    outside of any unit of work.
    """

    storage: Storage
    passwords: PasswordChecks
    experience: StoredSignInExperience
    clock: Clock
    lifetimes: Lifetimes

    def look(self, entered: SignedInAccount) -> PasswordStanding:
        """Return what the section shows."""
        with self.storage.reading() as work:
            stored = work.passwords.find(entered.account.subject)
            factors = work.second_factors.list(entered.account.subject)
        return PasswordStanding(
            has_password=stored is not None,
            least_length=self.passwords.rules.least(has_second_factor=bool(factors)),
            is_removable=stored is not None and self.experience.current().code_signs_in,
        )

    def change(self, actor: Actor, present: str, wanted: str) -> Said | Refused:
        """Set or replace the password; the present one, where there is one, must be right.

        Here, and not in a page, it is enforced that nobody sets one that could not sign in.
        """
        if not self.experience.current().password_signs_in:
            return Said(outcome="unknown")
        judged = self._judge(actor, present, wanted)
        if isinstance(judged, Said | Refused):
            return judged
        hashed = self.passwords.hash(wanted)
        now = self.clock.now()
        with self.storage.writing() as work:
            held = self._accept(work, actor, judged, now)
            if not isinstance(held, Account):
                return held
            # Nothing but mail may stand behind a first password; a new one rests on what the
            # former one rested on.
            rests = judged is None or judged.judged.rests_on_mail
            self.passwords.store(work, held.subject, hashed, rests_on_mail=rests, now=now)
            self._tell(work, held, actor, now)
            work.commit()
        return Said(outcome="password_changed")

    def remove(self, actor: Actor, present: str) -> Said | Refused:
        """Forget the password, and the second step with it, which only follows passwords."""
        if not self.experience.current().code_signs_in:
            return Said(outcome="unknown")
        judged = self._judge(actor, present, None)
        if isinstance(judged, Said | Refused):
            return judged
        now = self.clock.now()
        with self.storage.writing() as work:
            held = self._accept(work, actor, judged, now)
            if not isinstance(held, Account):
                return held
            work.passwords.remove(held.subject)
            had_second_factor = bool(work.second_factors.list(held.subject))
            work.second_factors.remove_all(held.subject)
            self._tell(work, held, actor, now)
            if had_second_factor:
                change = SecondFactorChange(
                    change="off", browser=actor.browser, source=actor.source
                )
                randomness = self.passwords.randomness
                tell_of_second_factor(work, held, actor.locale_for(held), change, randomness, now)
            work.commit()
        return Said(outcome="password_removed")

    def _judge(
        self, actor: Actor, present: str, wanted: str | None
    ) -> RightGuess | Said | Refused | None:
        """Return the guess at the present password that was right; None where there is none."""
        claimed = self._claim(actor, present, wanted)
        if not isinstance(claimed, Guess):
            return claimed
        right = self.passwords.compare(claimed, present)
        if right is not None:
            return right
        now = self.clock.now()
        with self.storage.writing() as work:
            visitor = actor.visitor(InteractionId(""))
            self.passwords.refuse(work, visitor, ACCOUNT_CLIENT, now)
            work.commit()
        return Said(outcome="wrong_present_password")

    def _claim(
        self, actor: Actor, present: str, wanted: str | None
    ) -> Guess | Said | Refused | None:
        now = self.clock.now()
        with self.storage.writing() as work:
            entered = hold_confirmed(work, actor.session_secret, now, self.lifetimes)
            if isinstance(entered, Refused):
                return entered
            stored = work.passwords.find(entered.account.subject)
            has_factor = bool(work.second_factors.list(entered.account.subject))
        fault = self._fault(entered.account, wanted, has_factor=has_factor)
        if fault is None and stored is not None and not present:
            fault = Said(outcome="present_password_missing")
        if fault is None and stored is None and wanted is None:
            fault = Said(outcome="unknown")
        if fault is not None or stored is None:
            return fault
        return self._count(actor, entered, now)

    def _count(self, actor: Actor, entered: SignedInAccount, now: datetime) -> Guess | Said:
        visitor, address = actor.visitor(InteractionId("")), entered.account.address
        # A mailed code of these minutes came first: strangers keep nobody from the change.
        session = entered.session
        came = AuthenticationMethod.MAILED_CODE in session.amr
        proof = MailProof(session.id, session.authenticated_at) if came else None
        with self.storage.writing() as work:
            guess = self.passwords.claim(work, address, visitor, now, proof=proof)
            if isinstance(guess, CodeComesFirst):
                return Said(outcome="code_comes_first")
            work.commit()
        return guess

    def _fault(self, account: Account, wanted: str | None, *, has_factor: bool) -> Said | None:
        if wanted is None:
            return None
        fault = self.passwords.fault(wanted, account.address, has_second_factor=has_factor)
        if fault is None:
            return None
        least = self.passwords.rules.least(has_second_factor=has_factor)
        return Said(outcome=fault, details={"needed": str(least)})

    def _accept(
        self, work: UnitOfWork, actor: Actor, judged: RightGuess | None, now: datetime
    ) -> Account | Said | Refused:
        """Return the account, held, while what was judged still is as it was."""
        if judged is not None and self.passwords.accept(work, judged, now) is None:
            return Said(outcome="wrong_present_password")
        held = hold_confirmed(work, actor.session_secret, now, self.lifetimes)
        if isinstance(held, Refused):
            return held
        if judged is None and work.passwords.find(held.account.subject) is not None:
            # Another browser has just set one.
            return Said(outcome="present_password_missing")
        return held.account

    def _tell(self, work: UnitOfWork, account: Account, actor: Actor, now: datetime) -> None:
        notice = MailedNotice(
            usage_type=UsageType.PASSWORD_CHANGED,
            address=account.address.typed,
            locale=actor.locale_for(account),
            details={"browser": actor.browser},
        )
        owe_notice(work, notice, self.passwords.randomness, now)
        event = AuditEvent(
            kind=AuditKind.PASSWORD_CHANGED, subject=account.subject, source=actor.source
        )
        work.record(event, now)
