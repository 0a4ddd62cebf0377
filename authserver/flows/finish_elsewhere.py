"""Proving the mailbox on another device; only the first tab goes on, and only it gets a session."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import Client
from authserver.domain.clock import Clock
from authserver.domain.finish_elsewhere import FINISHED_ELSEWHERE
from authserver.domain.interactions import Interaction
from authserver.domain.verifications import (
    CodeOutcome,
    Verification,
    VerificationState,
)
from authserver.flows.code_entries import NumberOfTab
from authserver.flows.completion import SignedIn
from authserver.flows.email_code import EmailCode
from authserver.flows.email_first import EmailFirst
from authserver.flows.steps import Proceed, Step, notice_of_refusal, replace_short_code
from authserver.flows.visitor import GoOn, InteractionGone, Visitor, find_interaction
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage, UnitOfWork

LINK_GONE = InteractionGone(reason="link_used")


class News(StrEnum):
    """What the first tab learns while it waits."""

    WAITING = "waiting"
    GO_ON = "go_on"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the page of a link shows: the request that its reader is asked to vouch for.

    `ended` says why no number is asked for, None while one is.
    """

    interaction: Interaction
    verification: Verification
    client: Client | None
    ended: CodeOutcome | None


@dataclass(frozen=True, slots=True)
class NumberJudged:
    """A number was entered; the page of the link tells what it came to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishElsewhere:
    """The use cases behind the link in a mail.

    Whoever holds the link may look, and may try numbers as long as the code has tries left. The
    browser of the link is told and given nothing: no session, no cookie.
    """

    storage: Storage
    clients: RegisteredClients
    codes: EmailCode
    clock: Clock

    def look(self, visitor: Visitor, token: str) -> Opened | InteractionGone:
        """Return what the page of the link shows; nothing is written."""
        now = self.clock.now()
        with self.storage.reading() as work:
            found = self._find(work, visitor, token, now)
        if isinstance(found, InteractionGone):
            return found
        interaction, verification = found
        registered = self.clients.find(interaction.client_id)
        return Opened(
            interaction=interaction,
            verification=verification,
            client=None if registered is None else registered.client,
            ended=verification.standing(now),
        )

    def enter_number(
        self, visitor: Visitor, token: str, typed: str
    ) -> NumberJudged | InteractionGone:
        """Judge a number as a code is judged; a right one proves the mailbox to the first tab."""
        now = self.clock.now()
        with self.storage.writing() as work:
            found = self._find(work, visitor, token, now)
            if isinstance(found, InteractionGone):
                return found
            interaction, verification = found
            proven = self.codes.prove(work, verification, NumberOfTab(typed), visitor, now)
            if isinstance(proven, Verification):
                self._note_proof(work, proven, visitor, now)
                return NumberJudged()
            if proven.outcome is not CodeOutcome.LONGER_CODE_NEEDED:
                # The message of the first tab stays beside that of the other device.
                notice = {**interaction.notice, "elsewhere": notice_of_refusal(proven)}
                work.interactions.note(interaction.id, notice)
                work.commit()
                return NumberJudged()
        replace_short_code(self.storage, interaction, Step.CODE)
        return NumberJudged()

    def _find(
        self, work: UnitOfWork, visitor: Visitor, token: str, now: datetime
    ) -> tuple[Interaction, Verification] | InteractionGone:
        """Return what the link belongs to: the verification that its interaction waits for."""
        interaction = work.interactions.find(visitor.interaction_id)
        if interaction is None or interaction.verification_id is None:
            return LINK_GONE
        verification = work.verifications.find(interaction.verification_id)
        if (
            verification is None
            or verification.purpose not in FINISHED_ELSEWHERE
            or not self.codes.deriver.finish_link_matches(verification, token)
        ):
            return LINK_GONE
        is_over = not interaction.is_open(now) or interaction.signed_in_at is not None
        if is_over and verification.state is not VerificationState.VERIFIED:
            # The person has given up, or has gone on with a session there was.
            return LINK_GONE
        return interaction, verification

    def _note_proof(
        self, work: UnitOfWork, proven: Verification, visitor: Visitor, now: datetime
    ) -> None:
        work.interactions.note(proven.interaction_id, {})
        event = AuditEvent(
            kind=AuditKind.MAILBOX_PROVEN_ELSEWHERE,
            client_id=proven.client_id,
            source=visitor.source,
            detail={"browser": visitor.browser},
        )
        work.record(event, now)
        work.commit()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstTab:
    """What the tab that asked for the mail does meanwhile: show the number, look, go on."""

    path: EmailFirst

    def number(self, verification: Verification, now: datetime) -> str | None:
        """Return the number to type on the page of the link; None where none would be taken."""
        codes = self.path.codes
        if not codes.policy.finish_elsewhere or verification.standing(now) is not None:
            return None
        if verification.purpose not in FINISHED_ELSEWHERE:
            return None
        number = codes.deriver.finish_number(verification)
        return None if number is None else number.reveal()

    def news(self, visitor: Visitor) -> News | InteractionGone:
        """Tell the browser of the interaction, and no other, whether it may go on."""
        now = self.path.clock.now()
        with self.path.storage.reading() as work:
            found = find_interaction(work, visitor, now)
            if isinstance(found, InteractionGone):
                return found
            if isinstance(found, GoOn):
                return News.GO_ON
            verification = self.path.codes.pending(work, found, self.path.purpose)
        if verification is None:
            return News.OVER
        if verification.proof_serves(now, self.path.codes.policy):
            return News.GO_ON
        return News.WAITING if verification.standing(now) is None else News.OVER

    def go_on(self, visitor: Visitor) -> SignedIn | Proceed | InteractionGone | GoOn:
        """Use the proof made elsewhere as if the code had been typed here; or say what is due."""
        outcome = self.path.go_on(visitor)
        if isinstance(outcome, Proceed) and outcome.step is Step.CODE:
            with self.path.storage.writing() as work:
                found = work.interactions.find(visitor.interaction_id)
                if found is not None and not found.notice.get("outcome"):
                    work.interactions.note(found.id, {**found.notice, "too_early": True})
                work.commit()
        return outcome
