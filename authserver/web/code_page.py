"""The page where a mailed code is entered, as every flow shows it."""

import math
from datetime import datetime
from typing import Final

from authserver.domain.interactions import Interaction
from authserver.domain.verifications import CodeOutcome, CodePolicy, Verification
from authserver.flows.steps import Step

DEAD_CODE: Final = frozenset({CodeOutcome.EXPIRED, CodeOutcome.EXHAUSTED, CodeOutcome.REPLACED})
PROOF_RAN_OUT: Final = "proof_ran_out"
SHOWN: Final = ("tries_left", "wait_seconds", "entered", "needed", "found")


def numbers_of(verification: Verification, now: datetime) -> dict[str, object]:
    """Return the numbers and the state that the code page shows."""
    wait = (verification.next_mail_at - now).total_seconds()
    life = (verification.expires_at - now).total_seconds()
    return {
        "life_minutes": max(1, math.ceil(life / 60)),
        "resend_wait_seconds": max(0, math.ceil(wait)),
        "resends_left": verification.mails_left,
        "code_dead": verification.standing(now) in DEAD_CODE,
    }


def shown_notice(
    interaction: Interaction,
    on_code_page: Verification | None,
    now: datetime,
    step: Step | None = None,
) -> dict[str, object] | None:
    """Return the message for the page; a code that died meanwhile says so by itself.

    `on_code_page` is the verification whose code the page asks for, if it asks for one. What was
    said for the page of another step than `step` is not for this one.
    """
    notice = dict(interaction.notice)
    if step is not None and notice.get("step", step) != step:
        notice = {}
    died = None if on_code_page is None else on_code_page.standing(now)
    grew = notice.get("outcome") == CodeOutcome.LONGER_CODE_NEEDED
    if died in DEAD_CODE and not grew:
        notice["outcome"] = died
    if "outcome" not in notice or notice.get("again"):
        return None
    return {"outcome": notice["outcome"], **{name: notice.get(name) for name in SHOWN}}


def lost_proof(
    interaction: Interaction, verification: Verification | None, policy: CodePolicy, now: datetime
) -> dict[str, object] | None:
    """Return the message for a first page that is shown again, because a proof has run out."""
    first = interaction.first_factor
    is_lost = verification is not None and verification.proof_ran_out(now, policy)
    if first is not None and not first.is_for_reset:
        is_lost = not first.serves_sign_in(now, policy.proof_life)
    return {"outcome": PROOF_RAN_OUT, **dict.fromkeys(SHOWN)} if is_lost else None
