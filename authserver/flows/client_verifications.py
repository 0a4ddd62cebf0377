"""Mailboxes proven to a client that has no browser here: it asks, and is told yes or no."""

from dataclasses import dataclass
from datetime import datetime

from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import ClientId
from authserver.domain.clock import Clock
from authserver.domain.email_address import EmailAddress
from authserver.domain.interactions import (
    SOURCE_AT_CLIENT,
    Interaction,
    InteractionId,
    InteractionState,
)
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.randomness import Randomness, new_identifier, new_token
from authserver.domain.secret import fingerprint
from authserver.domain.verifications import CodeOutcome, Purpose, Verification, VerificationState
from authserver.flows.code_entries import MailedCode
from authserver.flows.email_code import EmailCode
from authserver.flows.mail_permits import MailRefused
from authserver.flows.steps import replace_short_code, send_again
from authserver.flows.visitor import Visitor
from authserver.storage.unit_of_work import Storage, UnitOfWork
from authserver.storage.verifications import AlreadyLive


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a client asks for: whose mailbox, in which language, and for somebody at `source`."""

    client_id: ClientId
    address: EmailAddress
    source: str
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a verification stands; its name towards the client is that of its interaction."""

    interaction_id: InteractionId
    verification: Verification
    state: CodeOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a code that the client entered."""

    verification: Verification
    outcome: CodeOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyProven:
    """The right code was entered: no other one is mailed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationUnknown:
    """There is none of that name, it is another client's, or its time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientVerifications:
    """The use cases of `/api/v1/verifications`, for the purpose `Generic`."""

    storage: Storage
    codes: EmailCode
    clock: Clock
    randomness: Randomness
    lifetimes: Lifetimes

    def start(self, wish: Wish) -> Progress | MailRefused:
        """Begin a verification of the address and owe its first mail.

        Accounts are not read here: every address gets the same rows and the same answer.
        """
        now = self.clock.now()
        interaction = self._opened(wish, now)
        with self.storage.writing() as work:
            work.interactions.add(interaction)
            started = self.codes.start(
                work, interaction, Purpose.GENERIC, wish.address, visitor_of(interaction), now
            )
            if isinstance(started, MailRefused):
                return started
            progress = self._progress(work, interaction, wish.address, now)
            work.commit()
        return progress

    def look(self, client_id: ClientId, name: str) -> Progress | VerificationUnknown:
        """Return how a verification of the client stands; nothing is written."""
        now = self.clock.now()
        with self.storage.reading() as work:
            found = self._find(work, client_id, name, now)
            if found is None:
                return VerificationUnknown()
            interaction, verification = found
            return self._progress(work, interaction, verification.address, now)

    def resend(
        self, client_id: ClientId, name: str
    ) -> Progress | MailRefused | AlreadyProven | VerificationUnknown:
        """Send the same code again or, where it is dead, a new one; never once it was right."""
        now = self.clock.now()
        try:
            with self.storage.writing() as work:
                found = self._find(work, client_id, name, now)
                # A new code must be able to live out its time.
                if found is None or now >= found[0].expires_at - self.codes.policy.life:
                    return VerificationUnknown()
                interaction, verification = found
                address, visitor = verification.address, visitor_of(interaction)
                sent = send_again(self.codes, work, interaction, verification, visitor, now)
                # Asked now, when whoever had locked the earlier code has let it go.
                if self._is_settled(work, interaction):
                    return AlreadyProven()
                progress = self._progress(work, interaction, address, now)
                if isinstance(sent, MailRefused):
                    return sent
                if sent is CodeOutcome.PENDING:
                    wait = progress.verification.next_mail_at - now
                    return MailRefused(outcome=CodeOutcome.COOLING_DOWN, wait=wait)
                work.commit()
                return progress
        except AlreadyLive:
            # A simultaneous call has begun a new code, and its mail is on the way.
            shown = self.look(client_id, name)
            is_over = isinstance(shown, Progress) and shown.state is CodeOutcome.VERIFIED
            return AlreadyProven() if is_over else shown

    def submit_code(
        self, client_id: ClientId, name: str, entered: str
    ) -> Judged | VerificationUnknown:
        """Check the code; only one call is ever told that it is right."""
        now = self.clock.now()
        with self.storage.writing() as work:
            found = self._find(work, client_id, name, now)
            if found is None:
                return VerificationUnknown()
            interaction, verification = found
            checked = self.codes.prove(
                work, verification, MailedCode(entered), visitor_of(interaction), now
            )
            if isinstance(checked, Verification):
                return self._proven(work, interaction, checked, now)
            if checked.outcome is not CodeOutcome.LONGER_CODE_NEEDED:
                tried = work.verifications.find(verification.id) or verification
                work.commit()
                return Judged(verification=tried, outcome=checked.outcome)
        replace_short_code(self.storage, interaction)
        return Judged(verification=verification, outcome=checked.outcome)

    def _proven(
        self, work: UnitOfWork, interaction: Interaction, verification: Verification, now: datetime
    ) -> Judged:
        """Say yes, unless it was said before, and spend the proof on it."""
        if not work.interactions.settle(interaction.id, InteractionState.COMPLETED, now):
            return Judged(verification=verification, outcome=CodeOutcome.ALREADY_USED)
        self.codes.use_proof(work, verification, interaction, now)
        event = AuditEvent(
            kind=AuditKind.MAILBOX_PROVEN_TO_CLIENT,
            client_id=interaction.client_id,
            source=interaction.source_at_client,
        )
        work.record(event, now)
        work.commit()
        return Judged(verification=verification, outcome=CodeOutcome.VERIFIED)

    def _opened(self, wish: Wish, now: datetime) -> Interaction:
        """Return an interaction without a browser: nobody ever holds its cookie."""
        return Interaction(
            id=InteractionId(new_identifier(self.randomness)),
            cookie_digest=fingerprint(new_token(self.randomness)),
            client_id=wish.client_id,
            parameters={SOURCE_AT_CLIENT: wish.source},
            locale=wish.locale,
            created_at=now,
            # The last code that is begun in the life of an interaction lives out its time.
            expires_at=now + self.lifetimes.interaction + self.codes.policy.life,
        )

    def _find(
        self, work: UnitOfWork, client_id: ClientId, name: str, now: datetime
    ) -> tuple[Interaction, Verification] | None:
        """Return a verification that the client began, with its interaction."""
        interaction = work.interactions.find(InteractionId(name))
        if interaction is None or interaction.source_at_client is None:
            return None
        if interaction.client_id != client_id or now >= interaction.expires_at:
            return None
        verification = self.codes.pending(work, interaction, Purpose.GENERIC)
        return None if verification is None else (interaction, verification)

    def _is_settled(self, work: UnitOfWork, interaction: Interaction) -> bool:
        present = work.interactions.find(interaction.id)
        return present is None or present.state is InteractionState.COMPLETED

    def _progress(
        self, work: UnitOfWork, interaction: Interaction, address: EmailAddress, now: datetime
    ) -> Progress:
        verification = work.verifications.find_newest(interaction.id, address.canonical)
        if verification is None:
            raise LookupError("a verification of this unit is not there")
        return Progress(
            interaction_id=interaction.id,
            verification=verification,
            state=self._state(work, verification, now),
        )

    def _state(self, work: UnitOfWork, verification: Verification, now: datetime) -> CodeOutcome:
        """Return what a code entered now would come to, or that one is awaited."""
        if verification.state is VerificationState.VERIFIED:
            return CodeOutcome.VERIFIED
        standing = verification.standing(now)
        # One that became too short is ended by whoever finds it so.
        may_be_short = standing is None or standing is CodeOutcome.REPLACED
        if may_be_short and not self.codes.is_long_enough(work, verification, now):
            return CodeOutcome.LONGER_CODE_NEEDED
        return standing or CodeOutcome.PENDING


def visitor_of(interaction: Interaction) -> Visitor:
    """Return who acts, as limits count: somebody at the client, never a recognised browser."""
    return Visitor(
        interaction_id=interaction.id,
        interaction_cookie=None,
        session_secret=None,
        device_secret=None,
        source=interaction.source_at_client or "",
        browser="",
        chosen_locale=None,
    )
