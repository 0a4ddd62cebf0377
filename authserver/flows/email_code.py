"""Start, resend and check a verification: what every flow with a mailed code does."""

from dataclasses import dataclass, replace
from datetime import datetime

from authserver.crypto.deriver import Deriver
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.code_entry import MalformedCode
from authserver.domain.email_address import EmailAddress
from authserver.domain.failure_budgets import BudgetKind, FailureBudget, budget_of
from authserver.domain.interactions import Interaction
from authserver.domain.randomness import Randomness, new_identifier
from authserver.domain.verifications import (
    CROCKFORD_ALPHABET,
    LABEL_LENGTH,
    CodeClass,
    CodeOutcome,
    CodePolicy,
    Purpose,
    Verification,
    VerificationId,
)
from authserver.flows.code_entries import CodeRefused, Entry, MailedCode
from authserver.flows.mail_permits import MailPermits, MailRefused
from authserver.flows.visitor import Visitor
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailCode:
    """The engine: derived codes, counted tries, limited mails."""

    policy: CodePolicy
    permits: MailPermits
    deriver: Deriver
    randomness: Randomness

    def start(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        purpose: Purpose,
        address: EmailAddress,
        visitor: Visitor,
        now: datetime,
    ) -> CodeOutcome | MailRefused:
        """Begin a verification of `address` and owe its first mail.

        Accounts are not read here: every address gets the same rows and the same answer.
        """
        # The ladder of waits belongs to interaction and address, also after other addresses.
        earlier = work.verifications.find_newest(interaction.id, address.canonical)
        if earlier is not None and earlier.purpose is purpose and earlier.standing(now) is None:
            if now < earlier.next_mail_at:
                return CodeOutcome.PENDING
            if self.is_long_enough(work, earlier, now):
                return self.resend(work, interaction, earlier, visitor, now)
        if earlier is not None and now < earlier.next_mail_at:
            return MailRefused(outcome=CodeOutcome.COOLING_DOWN, wait=earlier.next_mail_at - now)
        recognised = self._recognised(work, address, visitor, now)
        refused = None if recognised else self.permits.start(work, visitor, now)
        if refused is not None:
            return refused
        verification = replace(
            self._new(interaction, purpose, address, visitor, earlier, now),
            code_class=self._class_now(work, budget_of(address, recognised), now),
            recognised_browser_id=recognised,
        )
        if interaction.verification_id is not None:
            work.verifications.replace(interaction.verification_id)
        work.verifications.add(verification)
        refused = self.permits.owe(work, interaction, verification, visitor, now)
        if refused is not None:
            return refused
        work.interactions.note_verification(interaction.id, address, verification.id)
        event = AuditEvent(
            kind=AuditKind.VERIFICATION_STARTED,
            client_id=interaction.client_id,
            source=visitor.source,
            detail={"purpose": purpose},
        )
        work.record(event, now)
        return CodeOutcome.ACCEPTED

    def resend(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        verification: Verification,
        visitor: Visitor,
        now: datetime,
    ) -> CodeOutcome | MailRefused:
        """Owe one more mail with the same code, where one is due."""
        if verification.mails_left == 0:
            return MailRefused(
                outcome=CodeOutcome.VERIFICATION_MAILS_SPENT, wait=verification.expires_at - now
            )
        if now < verification.next_mail_at:
            return MailRefused(
                outcome=CodeOutcome.COOLING_DOWN, wait=verification.next_mail_at - now
            )
        refused = self.permits.owe(work, interaction, verification, visitor, now)
        return CodeOutcome.ACCEPTED if refused is None else refused

    def check(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        purpose: Purpose,
        entered: str,
        visitor: Visitor,
        now: datetime,
    ) -> Verification | CodeRefused:
        """Return the verification that the code has just verified, or why it has not."""
        verification = self.pending(work, interaction, purpose)
        if verification is None:
            return CodeRefused(outcome=CodeOutcome.NOTHING_PENDING)
        return self.prove(work, verification, MailedCode(entered), visitor, now)

    def prove(
        self,
        work: UnitOfWork,
        verification: Verification,
        entry: Entry,
        visitor: Visitor,
        now: datetime,
    ) -> Verification | CodeRefused:
        """Return the verification that the entry has just verified, or why it has not.

        The try is counted before the comparison; the order is that of the written policy.
        """
        code = self._read(work, verification, entry, now)
        if isinstance(code, CodeRefused):
            return code
        claimed = work.verifications.claim_try(verification.id, now)
        if claimed is None:
            return self._lost(work, verification, now)
        return self._judge(work, claimed, entry, code, visitor, now)

    def _judge(
        self,
        work: UnitOfWork,
        claimed: Verification,
        entry: Entry,
        code: str,
        visitor: Visitor,
        now: datetime,
    ) -> Verification | CodeRefused:
        """Ask the failure budget, compare, and consume or charge."""
        own = budget_of(claimed.address, claimed.recognised_browser_id)
        work.failure_budgets.hold(own, now)
        budget = self._in_force(work, own, claimed.address, now)
        if budget != own:
            # Its codes may be older than the failures that have made it a stranger.
            work.failure_budgets.hold(budget, now)
        needed = self._class_now(work, budget, now)
        if needed.symbols > claimed.code_class.symbols:
            # Nothing was compared: the caller undoes the unit, and the try with it.
            return CodeRefused(outcome=CodeOutcome.LONGER_CODE_NEEDED)
        # A lucky guess of a code that was never mailed proves no mailbox.
        if not entry.matches(self.deriver, claimed, code) or not claimed.code_mailed:
            work.failure_budgets.charge(budget, claimed.id, claimed.attempts, now)
            return self._wrong(work, claimed, visitor, now)
        if not work.verifications.consume(claimed.id, now):
            return self._lost(work, claimed, now)
        if budget.kind is BudgetKind.BROWSER:
            work.failure_budgets.clear(budget)
        return claimed

    def is_long_enough(self, work: UnitOfWork, verification: Verification, now: datetime) -> bool:
        """Tell whether a code of this class would still be compared; it may change at once."""
        own = budget_of(verification.address, verification.recognised_browser_id)
        budget = self._in_force(work, own, verification.address, now)
        return verification.code_class.symbols >= self._class_now(work, budget, now).symbols

    def pending(
        self, work: UnitOfWork, interaction: Interaction, purpose: Purpose
    ) -> Verification | None:
        """Return the interaction's verification for `purpose`, whatever its state."""
        if interaction.verification_id is None:
            return None
        verification = work.verifications.find(interaction.verification_id)
        return verification if verification and verification.purpose is purpose else None

    def use_proof(
        self, work: UnitOfWork, verification: Verification, interaction: Interaction, now: datetime
    ) -> bool:
        """Use the proven mailbox for the one step that it serves."""
        proven_after = now - self.policy.proof_life
        return work.verifications.use_proof(verification.id, interaction.id, proven_after, now)

    def _read(
        self, work: UnitOfWork, verification: Verification, entry: Entry, now: datetime
    ) -> str | CodeRefused:
        """Return what was entered, or a refusal that costs no try."""
        standing = verification.standing(now)
        if standing is not None:
            return self._ended(work, verification, standing, now)
        if self.deriver.code(verification) is None:
            # A code whose secret key is gone can neither be mailed again nor be recognised.
            work.verifications.replace(verification.id)
            return CodeRefused(outcome=CodeOutcome.EXPIRED)
        code = entry.read(verification)
        if isinstance(code, MalformedCode):
            if not self.is_long_enough(work, verification, now):
                return CodeRefused(outcome=CodeOutcome.LONGER_CODE_NEEDED)
            return CodeRefused(
                outcome=CodeOutcome.MALFORMED, tries_left=verification.tries_left, malformed=code
            )
        return code

    def _recognised(
        self, work: UnitOfWork, address: EmailAddress, visitor: Visitor, now: datetime
    ) -> str | None:
        """Return the id of the browser where the owner of the address has signed in before.

        After too many failures of its own it counts as a stranger until its next success.
        """
        browser = work.recognised_browsers.find(visitor.device_secret, now)
        if browser is None or browser.canonical_address != address.canonical:
            return None
        own = budget_of(address, browser.id)
        return browser.id if self._in_force(work, own, address, now) == own else None

    def _in_force(
        self, work: UnitOfWork, own: FailureBudget, address: EmailAddress, now: datetime
    ) -> FailureBudget:
        """Return the budget that counts: that of strangers once a browser has failed too often."""
        if own.kind is BudgetKind.ADDRESS:
            return own
        failures = work.failure_budgets.count(own, now - self.policy.budget_window)
        return own if failures < self.policy.device_stop_at else budget_of(address, None)

    def _class_now(self, work: UnitOfWork, budget: FailureBudget, now: datetime) -> CodeClass:
        """Return the least class that the failures of the window demand."""
        if budget.kind is BudgetKind.BROWSER:
            return self.policy.start_class
        failures = work.failure_budgets.count(budget, now - self.policy.budget_window)
        return self.policy.class_after(failures)

    def _new(
        self,
        interaction: Interaction,
        purpose: Purpose,
        address: EmailAddress,
        visitor: Visitor,
        earlier: Verification | None,
        now: datetime,
    ) -> Verification:
        label = "".join(
            CROCKFORD_ALPHABET[octet % len(CROCKFORD_ALPHABET)]
            for octet in self.randomness.draw(LABEL_LENGTH)
        )
        return Verification(
            id=VerificationId(new_identifier(self.randomness)),
            interaction_id=interaction.id,
            purpose=purpose,
            address=address,
            client_id=interaction.client_id,
            code_class=self.policy.start_class,
            key_id=self.deriver.keys.newest_id,
            label=label,
            source=visitor.source,
            browser=visitor.browser,
            attempt_limit=self.policy.tries,
            mails_before=0 if earlier is None else earlier.mails_before + earlier.mails,
            mail_limit=self.policy.mails_per_verification,
            next_mail_at=now,
            created_at=now,
            expires_at=now + self.policy.life,
        )

    def _wrong(
        self, work: UnitOfWork, claimed: Verification, visitor: Visitor, now: datetime
    ) -> CodeRefused:
        outcome = CodeOutcome.WRONG if claimed.tries_left else CodeOutcome.EXHAUSTED
        kind = AuditKind.CODE_REFUSED if claimed.tries_left else AuditKind.CODE_EXHAUSTED
        event = AuditEvent(kind=kind, client_id=claimed.client_id, source=visitor.source)
        work.record(event, now)
        return CodeRefused(outcome=outcome, tries_left=claimed.tries_left)

    def _lost(self, work: UnitOfWork, verification: Verification, now: datetime) -> CodeRefused:
        """Return why no row changed: a simultaneous request has decided."""
        present = work.verifications.find(verification.id)
        standing = None if present is None else present.standing(now)
        return self._ended(work, verification, standing or CodeOutcome.REPLACED, now)

    def _ended(
        self, work: UnitOfWork, verification: Verification, standing: CodeOutcome, now: datetime
    ) -> CodeRefused:
        """Return the refusal of a code that has ended.

        One that became too short is ended by the first request that finds it so; all others
        must be told the same, because no newer code is on its way.
        """
        is_replaced = standing is CodeOutcome.REPLACED
        if is_replaced and not self.is_long_enough(work, verification, now):
            return CodeRefused(outcome=CodeOutcome.LONGER_CODE_NEEDED)
        return CodeRefused(outcome=standing)
