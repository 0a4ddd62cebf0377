"""Start, resend and check a verification: what every flow with a mailed code does."""

from dataclasses import dataclass, replace
from datetime import datetime

from authserver.crypto.deriver import Deriver
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.code_entry import MalformedCode
from authserver.domain.email_address import EmailAddress
from authserver.domain.failure_budgets import budget_of
from authserver.domain.interactions import Interaction
from authserver.domain.randomness import Randomness, new_identifier
from authserver.domain.verifications import (
    CROCKFORD_ALPHABET,
    LABEL_LENGTH,
    CodeOutcome,
    CodePolicy,
    Purpose,
    Verification,
    VerificationId,
)
from authserver.flows.code_demands import CodeDemands
from authserver.flows.code_entries import CodeRefused, Entry, MailedCode
from authserver.flows.judged_codes import JudgedCodes
from authserver.flows.mail_permits import MailPermits, MailRefused
from authserver.flows.visitor import Visitor
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailCode:
    """The engine: derived codes, counted tries, limited mails."""

    policy: CodePolicy
    permits: MailPermits
    demands: CodeDemands
    judged: JudgedCodes
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
                refused = self._owe_again(work, interaction, earlier, visitor, now)
                return refused or self._sealed(work, earlier, now)
        if earlier is not None and now < earlier.next_mail_at:
            return MailRefused(outcome=CodeOutcome.COOLING_DOWN, wait=earlier.next_mail_at - now)
        recognised = self.demands.recognised(work, address, visitor, now)
        refused = None if recognised else self.permits.start(work, visitor, now)
        if refused is not None:
            return refused
        verification = replace(
            self._new(interaction, purpose, address, visitor, earlier, now),
            code_class=self.demands.class_of_new(work, budget_of(address, recognised), now),
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
        return self._sealed(work, verification, now)

    def resend(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        verification: Verification,
        visitor: Visitor,
        now: datetime,
    ) -> CodeOutcome | MailRefused:
        """Owe one more mail with the same code, where one is due, and leave a message of it."""
        refused = self._owe_again(work, interaction, verification, visitor, now)
        if refused is not None:
            return refused
        work.interactions.note(interaction.id, {"outcome": CodeOutcome.ACCEPTED, "again": True})
        return self._sealed(work, verification, now)

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
        budget = self.demands.in_force(work, own, claimed.address, now)
        if budget != own:
            # Its codes may be older than the failures that have made it a stranger.
            work.failure_budgets.hold(budget, now)
        failures = self.demands.failures_of_strangers(work, budget, now)
        if self.policy.class_after(failures).symbols > claimed.code_class.symbols:
            # Nothing was compared: the caller undoes the unit, and the try with it.
            return CodeRefused(outcome=CodeOutcome.LONGER_CODE_NEEDED)
        # A lucky guess of a code that was never mailed proves no mailbox.
        if not entry.matches(self.deriver, claimed, code) or not claimed.code_mailed:
            self.judged.wrong(work, claimed, budget, failures, visitor, now)
            outcome = CodeOutcome.WRONG if claimed.tries_left else CodeOutcome.EXHAUSTED
            return CodeRefused(outcome=outcome, tries_left=claimed.tries_left)
        if not work.verifications.consume(claimed.id, now):
            return self._lost(work, claimed, now)
        self.judged.right(work, claimed, budget, now)
        return claimed

    def is_long_enough(self, work: UnitOfWork, verification: Verification, now: datetime) -> bool:
        """Tell whether a code of this class would still be compared; it may change at once."""
        return self.demands.is_long_enough(work, verification, now)

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
            work.verifications.expire(verification.id, now)
            return CodeRefused(outcome=CodeOutcome.EXPIRED)
        code = entry.read(verification)
        if isinstance(code, MalformedCode):
            if not self.is_long_enough(work, verification, now):
                return CodeRefused(outcome=CodeOutcome.LONGER_CODE_NEEDED)
            return CodeRefused(
                outcome=CodeOutcome.MALFORMED, tries_left=verification.tries_left, malformed=code
            )
        return code

    def _owe_again(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        verification: Verification,
        visitor: Visitor,
        now: datetime,
    ) -> MailRefused | None:
        if now < verification.next_mail_at:
            return MailRefused(
                outcome=CodeOutcome.COOLING_DOWN, wait=verification.next_mail_at - now
            )
        if verification.mails_left == 0:
            return MailRefused(
                outcome=CodeOutcome.VERIFICATION_MAILS_SPENT, wait=verification.expires_at - now
            )
        then = now + self.policy.wait_after(verification.mails_before + verification.mails + 1)
        if not work.verifications.permit_mail(verification.id, now, then):
            return MailRefused(outcome=CodeOutcome.COOLING_DOWN, wait=then - now)
        return self.permits.owe(work, interaction, verification, visitor, now)

    def _sealed(
        self, work: UnitOfWork, verification: Verification, now: datetime
    ) -> CodeOutcome | MailRefused:
        """Count the mail of the instance, after everything else that locks a row."""
        return self.permits.seal(work, verification, now) or CodeOutcome.ACCEPTED

    def _new(
        self,
        interaction: Interaction,
        purpose: Purpose,
        address: EmailAddress,
        visitor: Visitor,
        earlier: Verification | None,
        now: datetime,
    ) -> Verification:
        """Return a verification whose first mail is permitted with it."""
        mails_before = 0 if earlier is None else earlier.mails_before + earlier.mails
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
            mails=1,
            mails_before=mails_before,
            mail_limit=self.policy.mails_per_verification,
            next_mail_at=now + self.policy.wait_after(mails_before + 1),
            created_at=now,
            expires_at=now + self.policy.life,
        )

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
