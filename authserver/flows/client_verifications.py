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
    outcome: CodeOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientVerifications:
    """The use cases of `/api/v1/verifications`, for the purpose `Generic`.

    A verification is bound to the client that began it; for every other one there is none.
    """

    storage: Storage
    codes: EmailCode
    clock: Clock
    randomness: Randomness
    lifetimes: Lifetimes

    def start(self, wish: Wish) -> Progress | MailRefused:
        """Begin a verification of the address and owe its first mail.

        Whether the address has an account is not looked up here, and the client is not told.
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
            progress = self._progress(work, interaction.id, wish.address, now)
            work.commit()
        return progress

    def look(self, client_id: ClientId, name: str) -> Progress | None:
        """Return how a verification of the client stands; nothing is written."""
        now = self.clock.now()
        with self.storage.reading() as work:
            found = self._find(work, client_id, name, now)
            if found is None:
                return None
            interaction, verification = found
            return self._progress(work, interaction.id, verification.address, now)

    def resend(self, client_id: ClientId, name: str) -> Progress | MailRefused | None:
        """Send the same code again or, where it is dead, a new one; never once it was right."""
        now = self.clock.now()
        try:
            with self.storage.writing() as work:
                found = self._find(work, client_id, name, now)
                if found is None:
                    return None
                interaction, verification = found
                if verification.state is not VerificationState.VERIFIED:
                    sent = send_again(
                        self.codes, work, interaction, verification, visitor_of(interaction), now
                    )
                    if isinstance(sent, MailRefused):
                        return sent
                    if sent is CodeOutcome.PENDING:
                        return MailRefused(
                            outcome=CodeOutcome.COOLING_DOWN, wait=verification.next_mail_at - now
                        )
                progress = self._progress(work, interaction.id, verification.address, now)
                work.commit()
                return progress
        except AlreadyLive:
            # A simultaneous call has begun a new code, and its mail is on the way.
            return self.look(client_id, name)

    def submit_code(self, client_id: ClientId, name: str, entered: str) -> Progress | None:
        """Check the code; only one call is ever told that it is right."""
        now = self.clock.now()
        with self.storage.writing() as work:
            found = self._find(work, client_id, name, now)
            if found is None:
                return None
            interaction, verification = found
            checked = self.codes.check(
                work, interaction, Purpose.GENERIC, entered, visitor_of(interaction), now
            )
            if isinstance(checked, Verification):
                return self._proven(work, interaction, checked, now)
            if checked.outcome is not CodeOutcome.LONGER_CODE_NEEDED:
                progress = self._progress(
                    work, interaction.id, verification.address, now, checked.outcome
                )
                work.commit()
                return progress
        replace_short_code(self.storage, interaction)
        return Progress(
            interaction_id=interaction.id, verification=verification, outcome=checked.outcome
        )

    def _proven(
        self, work: UnitOfWork, interaction: Interaction, verification: Verification, now: datetime
    ) -> Progress:
        """Spend the proof, which nobody else has seen yet, on the answer to the client."""
        self.codes.use_proof(work, verification, interaction, now)
        work.interactions.settle(interaction.id, InteractionState.COMPLETED, now)
        event = AuditEvent(
            kind=AuditKind.MAILBOX_PROVEN_TO_CLIENT,
            client_id=interaction.client_id,
            source=interaction.source_at_client,
        )
        work.record(event, now)
        work.commit()
        return Progress(
            interaction_id=interaction.id, verification=verification, outcome=CodeOutcome.VERIFIED
        )

    def _opened(self, wish: Wish, now: datetime) -> Interaction:
        """Return an interaction without a browser: nobody ever holds its cookie."""
        return Interaction(
            id=InteractionId(new_identifier(self.randomness)),
            cookie_digest=fingerprint(new_token(self.randomness)),
            client_id=wish.client_id,
            parameters={SOURCE_AT_CLIENT: wish.source},
            locale=wish.locale,
            created_at=now,
            expires_at=now + self.lifetimes.interaction,
        )

    def _find(
        self, work: UnitOfWork, client_id: ClientId, name: str, now: datetime
    ) -> tuple[Interaction, Verification] | None:
        interaction = work.interactions.find(InteractionId(name))
        if interaction is None or interaction.source_at_client is None:
            return None
        if interaction.client_id != client_id or now >= interaction.expires_at:
            return None
        verification = self.codes.pending(work, interaction, Purpose.GENERIC)
        return None if verification is None else (interaction, verification)

    def _progress(
        self,
        work: UnitOfWork,
        interaction_id: InteractionId,
        address: EmailAddress,
        now: datetime,
        outcome: CodeOutcome | None = None,
    ) -> Progress:
        """Return how it stands by now, or with the outcome of what was just tried."""
        verification = work.verifications.find_newest(interaction_id, address.canonical)
        if verification is None:
            raise LookupError("what this unit has just written is not there")
        return Progress(
            interaction_id=interaction_id,
            verification=verification,
            outcome=outcome or self._standing(work, verification, now),
        )

    def _standing(self, work: UnitOfWork, verification: Verification, now: datetime) -> CodeOutcome:
        if verification.state is VerificationState.VERIFIED:
            return CodeOutcome.VERIFIED
        ended = verification.standing(now)
        if ended is not None:
            return ended
        is_long_enough = self.codes.is_long_enough(work, verification, now)
        return CodeOutcome.PENDING if is_long_enough else CodeOutcome.LONGER_CODE_NEEDED


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
