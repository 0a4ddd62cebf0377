"""Proving a mailbox on another device: the link of the mail and the number of the first tab."""

from typing import Final

from authserver.domain.interactions import InteractionId
from authserver.domain.secret import Secret
from authserver.domain.verifications import CodeClass, Purpose

# Only where the first tab goes on to a session; whatever else a code opens needs the code.
FINISHED_ELSEWHERE: Final = frozenset({Purpose.SIGN_IN, Purpose.REGISTER})
NUMBER_CLASS: Final = CodeClass.DIGITS6
LINK_OCTETS: Final = 16
LINK_PATH: Final = "/finish"


def path_of_link(interaction_id: InteractionId, token: Secret) -> str:
    """Return the path that the link in a mail leads to."""
    return f"{LINK_PATH}/{interaction_id}/{token.reveal()}"
