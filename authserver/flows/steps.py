"""The steps of a path over a mailed code, and what each of them shows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from authserver.domain.accounts import Account
from authserver.domain.clients import Client
from authserver.domain.interactions import Interaction, InteractionId
from authserver.domain.sessions import AuthenticationContext
from authserver.domain.sign_in_experience import SignInExperience
from authserver.domain.verifications import CodeOutcome, Verification
from authserver.flows.code_entries import CodeRefused
from authserver.flows.email_code import EmailCode
from authserver.flows.mail_permits import MailRefused
from authserver.flows.visitor import Visitor
from authserver.storage.unit_of_work import Storage, UnitOfWork


class Step(StrEnum):
    """The pages of the path.

    `PROVEN` only asks to go on: the mailbox was proven elsewhere, or the question is answered.
    `SIGN_IN_INSTEAD` is the first page of signing in, where registering is not to be had.
    """

    ADDRESS = "address"
    PASSWORD = "password"  # noqa: S105 - the name of a page
    CODE = "code"
    PROVEN = "proven"
    CREATE_ACCOUNT = "create_account"
    EXISTING = "existing"
    NO_ACCOUNT = "no_account"
    SIGN_IN_INSTEAD = "sign_in_instead"
    SECOND_STEP = "second_step"
    RECOVERY_CODE = "recovery_code"
    NEW_PASSWORD = "new_password"  # noqa: S105 - the name of a step
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a page shows: the step that is due and all that is known.

    The page for a password may be shown in place of the one for a code, where both are in use;
    on it a code may have to come first.
    """

    step: Step
    interaction: Interaction
    verification: Verification | None
    client: Client | None
    signed_in_as: Account | None
    experience: SignInExperience
    may_enter_password: bool = False
    code_comes_first: bool = False
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proceed:
    """The person is led to the step that is due."""

    interaction_id: InteractionId
    step: Step


def send_again(
    codes: EmailCode,
    work: UnitOfWork,
    interaction: Interaction,
    verification: Verification,
    visitor: Visitor,
    now: datetime,
) -> CodeOutcome | MailRefused:
    """Send the same code again or, where it is dead, a new one to the same address."""
    is_live = verification.standing(now) is None
    if is_live and codes.is_long_enough(work, verification, now):
        return codes.resend(work, interaction, verification, visitor, now)
    purpose, address = verification.purpose, verification.address
    return codes.start(work, interaction, purpose, address, visitor, now)


def replace_short_code(
    storage: Storage, interaction: Interaction, step: Step | None = None
) -> None:
    """End a code that is too short by now, in a unit of its own: the try was undone."""
    refused = CodeRefused(outcome=CodeOutcome.LONGER_CODE_NEEDED)
    with storage.writing() as work:
        if interaction.verification_id is not None:
            work.verifications.replace(interaction.verification_id)
        work.interactions.note(interaction.id, notice_of_refusal(refused, step))
        work.commit()


def notice_of_refusal(refused: CodeRefused, step: Step | None = None) -> dict[str, object]:
    """Return the message for the page of `step`, of any without it: outcome and numbers."""
    notice: dict[str, object] = {"outcome": refused.outcome}
    if step is not None:
        notice["step"] = step
    if refused.tries_left is not None:
        notice["tries_left"] = refused.tries_left
    if refused.malformed is not None:
        notice["needed"] = refused.malformed.needed
        # What was entered is not kept: it may hold the code.
        if not refused.malformed.has_other_symbols:
            notice["found"] = refused.malformed.found
    return notice


def may_continue(interaction: Interaction) -> bool:
    """Tell whether an earlier sign-in could be good for this request.

    One that asks for two factors is paused because the session has one, so it is not; one that
    asks for a certain person, because it is somebody else's.
    """
    asked = interaction.parameters
    demanded = {"login", "create"}.intersection(str(asked.get("prompt", "")).split())
    claims = str(asked.get("claims", ""))
    contexts = f"{asked.get('acr_values', '')} {claims}"
    return not (
        demanded
        or {"max_age", "id_token_hint"} & set(asked)
        or '"sub"' in claims
        or AuthenticationContext.TWO_FACTORS in contexts
    )
