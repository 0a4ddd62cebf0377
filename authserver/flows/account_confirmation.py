"""A right code at the account's own address: a fresh sign-in, and the proof of that mailbox."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from authserver.crypto.deriver import Deriver
from authserver.domain.account_sections import Section
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.interactions import Interaction
from authserver.domain.secret import Secret
from authserver.domain.sessions import Authentication, AuthenticationMethod, SessionId
from authserver.domain.verifications import Verification
from authserver.flows.account_entry import Refused, SignedInAccount, hold_signed_in
from authserver.flows.completion import Completion
from authserver.flows.email_code import EmailCode
from authserver.flows.visitor import Visitor
from authserver.storage.endings import wipe_unproven
from authserver.storage.unit_of_work import UnitOfWork

MAILED_CODE: Final = Authentication(amr=(AuthenticationMethod.MAILED_CODE,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """The person has been confirmed; the secret is for the session cookie, where it changed."""

    session_secret: Secret | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityConfirmation:
    """What a right code of the purpose `UserPermissionValidation` does."""

    codes: EmailCode
    completion: Completion
    deriver: Deriver

    def confirm(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        verification: Verification,
        visitor: Visitor,
        now: datetime,
    ) -> Confirmed | Refused:
        """Use the proof up; the session becomes fresh and gets another cookie (ASVS 7.2.4)."""
        lifetimes = self.completion.lifetimes
        if not self.codes.use_proof(work, verification, interaction, now):
            return Refused.NOTHING_DUE
        held = hold_signed_in(work, visitor.session_secret, now, lifetimes)
        if held is None:
            return Refused.SIGNED_OUT
        if held.account.address.canonical != verification.address.canonical:
            return Refused.NOTHING_DUE
        if held.account.email_proven_at is None:
            # Whoever was in before the owner of the mailbox came goes.
            wipe_unproven(work, held.account.subject, now)
        work.accounts.mark_proven(held.account.subject, now)
        secret, session_id = self._renew(work, verification, held, visitor, now)
        if not work.interactions.note_sign_in(
            interaction.id, held.account.subject, session_id, now
        ):
            return Refused.NOTHING_DUE
        event = AuditEvent(
            kind=AuditKind.IDENTITY_CONFIRMED,
            subject=held.account.subject,
            source=visitor.source,
            detail={"section": interaction.section or ""},
        )
        work.record(event, now)
        work.commit()
        return Confirmed(session_secret=secret)

    def hand_out_again(
        self, work: UnitOfWork, visitor: Visitor, section: Section, now: datetime
    ) -> Confirmed | None:
        """Give a lost answer once more: a double click must not lose the session."""
        interaction = work.interactions.find(visitor.interaction_id)
        if interaction is None or not interaction.hands_out_again(now):
            return None
        secret = self._secret(interaction.verification_id or "", visitor)
        session = work.sessions.find_live(secret.reveal(), now, self.completion.lifetimes)
        is_same = session is not None and session.id == interaction.session_id
        return Confirmed(session_secret=secret) if is_same else None

    def _renew(
        self,
        work: UnitOfWork,
        verification: Verification,
        held: SignedInAccount,
        visitor: Visitor,
        now: datetime,
    ) -> tuple[Secret | None, SessionId]:
        """Renew the session; not where a mailed code alone is no sign-in of full strength."""
        if work.second_factors.list(held.account.subject):
            return None, held.session.id
        secret = self._secret(verification.id, visitor)
        begun = self.completion.new_session(
            held.account, MAILED_CODE, visitor.source, visitor.browser, now
        )
        return secret, self.completion.start_session(work, visitor.session_secret, begun, secret)

    def _secret(self, verification_id: str, visitor: Visitor) -> Secret:
        """Return a session secret that can be given again, another one for each confirmation."""
        return self.deriver.session_cookie(verification_id, visitor.interaction_cookie or "")
