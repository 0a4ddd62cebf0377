"""Passwords as flows use them: chosen under the rules, guessed at under a budget."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from authserver.crypto.argon2_hasher import Argon2Hasher
from authserver.domain.accounts import Account, Subject
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.branding import shown_name
from authserver.domain.email_address import EmailAddress
from authserver.domain.failure_budgets import BudgetKind, FailureBudget, password_budget_of
from authserver.domain.password_policy import PasswordFault, PasswordPolicy
from authserver.domain.passwords import StoredPassword
from authserver.domain.randomness import Randomness, new_identifier
from authserver.domain.secret import Secret
from authserver.domain.verifications import CodePolicy
from authserver.flows.visitor import Visitor
from authserver.storage.brands import StoredBrands
from authserver.storage.unit_of_work import UnitOfWork

THE_ONE: Final = 1
NOBODY: Final = Subject("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A guess that is counted already, as if it were wrong; a right one takes it back.

    `stored` is missing where there is nothing to sign in with: then a decoy is compared.
    """

    slot: str
    attempt: int = THE_ONE
    address: EmailAddress
    budget: FailureBudget
    stored: StoredPassword | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RightGuess:
    """The password was that of `judged`; `fresh` is its hash under newer parameters."""

    guess: Guess
    judged: StoredPassword
    fresh: Secret | None = None


@dataclass(frozen=True, slots=True)
class MailProof:
    """A mailed code that came first; it is worth as many guesses as a code has tries."""

    id: str
    since: datetime

    @property
    def slot(self) -> str:
        """Return the name under which its guesses are counted, apart from those at its code."""
        return f"pwd-{self.id}"


@dataclass(frozen=True, slots=True)
class CodeComesFirst:
    """Too many guesses: a mailed code is asked for before the next password is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChecks:
    """Judges and keeps passwords.

    Hashing takes its time and memory on purpose, so it never happens within a unit of work. A
    guess goes: `claim` in a unit, commit; `compare` outside of any; `accept` in a second unit.
    """

    hasher: Argon2Hasher
    rules: PasswordPolicy
    codes: CodePolicy
    brands: StoredBrands
    randomness: Randomness
    code_first_from: int

    def fault(
        self, password: str, address: EmailAddress, *, has_second_factor: bool = False
    ) -> PasswordFault | None:
        """Return what is wrong with a new password for the account of `address`."""
        return self.rules.fault(
            password,
            account_address=address,
            brand=shown_name(self.brands.all().instance),
            has_second_factor=has_second_factor,
        )

    def hash(self, password: str) -> Secret:
        """Return the hash of a new password; never from within a unit of work."""
        return self.hasher.hash(password)

    def store(
        self,
        work: UnitOfWork,
        subject: Subject,
        hashed: Secret,
        *,
        rests_on_mail: bool,
        now: datetime,
    ) -> None:
        """Set the account's password."""
        work.passwords.put(
            StoredPassword(
                subject=subject, hash=hashed, rests_on_mail=rests_on_mail, changed_at=now
            )
        )

    def code_comes_first(
        self, work: UnitOfWork, address: EmailAddress, visitor: Visitor, now: datetime
    ) -> bool:
        """Tell whether a code is asked for before a password; it may change at once."""
        own = self._own_budget(work, address, visitor, now)
        since = now - self.codes.budget_window
        if work.failure_budgets.count(own, since) < self._most(own):
            return False
        strangers = of_strangers(address)
        return own == strangers or (
            work.failure_budgets.count(strangers, since) >= self._most(strangers)
        )

    def claim(
        self,
        work: UnitOfWork,
        address: EmailAddress,
        visitor: Visitor,
        now: datetime,
        *,
        proof: MailProof | None = None,
    ) -> Guess | CodeComesFirst:
        """Count a guess before it is compared, so that guesses at one time cannot outrun the limit.

        Where the budget is spent, a mailed code that came first is worth some more. Every
        address costs the same statements, whether it has an account or not.
        """
        budget = self._own_budget(work, address, visitor, now)
        slot, attempt = new_identifier(self.randomness), THE_ONE
        while True:
            work.failure_budgets.hold(budget, now)
            failures = work.failure_budgets.count(budget, now - self.codes.budget_window)
            if failures < self._most(budget):
                break
            if budget.kind is BudgetKind.PASSWORD_OF_ADDRESS:
                further = None if proof is None else self._next_attempt(work, proof)
                if proof is None or further is None:
                    return CodeComesFirst()
                slot, attempt = proof.slot, further
                break
            # A browser that has failed too often counts as a stranger.
            budget = of_strangers(address)
        work.failure_budgets.charge(budget, slot, attempt, now)
        account = work.accounts.find_by_address(address.canonical)
        stored = work.passwords.find(NOBODY if account is None else account.subject)
        return Guess(
            slot=slot,
            attempt=attempt,
            address=address,
            budget=budget,
            stored=stored if may_use_password(account) else None,
        )

    def compare(self, guess: Guess, password: str) -> RightGuess | None:
        """Compare the password, slowly; None where it is wrong or there is none."""
        stored = guess.stored
        matches = self.hasher.matches(
            self.hasher.decoy if stored is None else stored.hash, password
        )
        if stored is None or not matches:
            return None
        fresh = self.hasher.hash(password) if self.hasher.is_aged(stored.hash) else None
        return RightGuess(guess=guess, judged=stored, fresh=fresh)

    def accept(self, work: UnitOfWork, right: RightGuess, now: datetime) -> Account | None:
        """Take the failure back and return the account, held until the commit.

        None where the password was changed or removed, or its account suspended, meanwhile.
        """
        account = work.accounts.hold_by_address(right.guess.address.canonical)
        if account is None or not may_use_password(account):
            return None
        present = work.passwords.find(account.subject)
        if present is None or present.hash != right.judged.hash:
            return None
        work.failure_budgets.take_back(right.guess.slot, right.guess.attempt)
        if right.guess.budget.kind is BudgetKind.PASSWORD_IN_BROWSER:
            work.failure_budgets.clear(right.guess.budget)
        if right.fresh is not None:
            work.passwords.rehash(right.judged, right.fresh)
        return account

    def withdraw(self, work: UnitOfWork, guess: Guess) -> None:
        """Take back a guess that is judged anew."""
        work.failure_budgets.take_back(guess.slot, guess.attempt)

    def refuse(self, work: UnitOfWork, visitor: Visitor, client_id: str, now: datetime) -> None:
        """Note that a password was wrong; the failure itself was counted before."""
        event = AuditEvent(
            kind=AuditKind.PASSWORD_REFUSED, client_id=client_id, source=visitor.source
        )
        work.record(event, now)

    def _next_attempt(self, work: UnitOfWork, proof: MailProof) -> int | None:
        """Return the number of the next guess beside a proof; None where it is worth no more.

        The budget of all strangers to the address is held, so that no two guesses get one number.
        """
        earlier = work.failure_budgets.tries(proof.slot)
        used = sum(failed_at >= proof.since for _, failed_at in earlier)
        if used >= self.codes.tries:
            return None
        return 1 + max((number for number, _ in earlier), default=0)

    def _own_budget(
        self, work: UnitOfWork, address: EmailAddress, visitor: Visitor, now: datetime
    ) -> FailureBudget:
        """Return the budget of the owner's recognised browser, else that of all strangers."""
        browser = work.recognised_browsers.find(visitor.device_secret, now)
        if browser is None or browser.canonical_address != address.canonical:
            return of_strangers(address)
        return password_budget_of(browser.id)

    def _most(self, budget: FailureBudget) -> int:
        """Return from how many failures on a budget is spent."""
        is_browser = budget.kind is BudgetKind.PASSWORD_IN_BROWSER
        return self.codes.device_stop_at if is_browser else self.code_first_from


def of_strangers(address: EmailAddress) -> FailureBudget:
    """Return the budget that all strangers to an address share."""
    return FailureBudget(BudgetKind.PASSWORD_OF_ADDRESS, address.canonical)


def may_use_password(account: Account | None) -> bool:
    """Tell whether a password may sign in: to an account that is active and proven."""
    return account is not None and account.is_active and account.email_proven_at is not None
