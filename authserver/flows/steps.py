"""The steps of a path over a mailed code, and what each of them shows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from authserver.domain.accounts import Account
from authserver.domain.clients import Client
from authserver.domain.interactions import Interaction, InteractionId
from authserver.domain.verifications import Verification
from authserver.flows.code_entries import CodeRefused


class Step(StrEnum):
    """The pages of the path.

    `PROVEN` only asks to go on: the mailbox was proven elsewhere, or the question is answered.
    """

    ADDRESS = "address"
    CODE = "code"
    PROVEN = "proven"
    DECISION = "decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a page shows: the step that is due and all that is known."""

    step: Step
    interaction: Interaction
    verification: Verification | None
    client: Client | None
    signed_in_as: Account | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proceed:
    """The person is led to the step that is due."""

    interaction_id: InteractionId
    step: Step


def notice_of_refusal(refused: CodeRefused) -> dict[str, object]:
    """Return the message for the page that is due: the outcome with its numbers."""
    notice: dict[str, object] = {"outcome": refused.outcome}
    if refused.tries_left is not None:
        notice["tries_left"] = refused.tries_left
    if refused.malformed is not None:
        notice["needed"] = refused.malformed.needed
        # What was entered is not kept: it may hold the code.
        if not refused.malformed.has_other_symbols:
            notice["found"] = refused.malformed.found
    return notice


def may_continue(interaction: Interaction) -> bool:
    """Tell whether an earlier sign-in could be good for this request."""
    asked = interaction.parameters
    demanded = {"login", "create"}.intersection(str(asked.get("prompt", "")).split())
    return not demanded and not {"max_age", "id_token_hint"} & set(asked)
