"""A paused authorization request and what has been settled for it so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from authserver.domain.accounts import Subject
from authserver.domain.email_address import EmailAddress
from authserver.domain.sessions import AuthenticationMethod, SessionId

InteractionId = NewType("InteractionId", str)

HANDED_OUT_AGAIN_FOR: Final = timedelta(seconds=60)
KEPT_FOR: Final = timedelta(days=7)

# Parameters of the account page's own interactions: the section that a verification is for,
# the address it is bound to, and the section that a sign-in leads to.
SECTION: Final = "section"
OLD_ADDRESS: Final = "old_address"
RETURN_TO: Final = "return_to"
# Parameter of an interaction that a client opened at the API: the source that asks there.
SOURCE_AT_CLIENT: Final = "source_at_client"


class InteractionState(StrEnum):
    """A request waits for a person, was refused by the person, or was answered."""

    PAUSED = "paused"
    REFUSED = "refused"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstFactor:
    """Who has proven one factor while a second one is still asked for; no session yet.

    `is_for_reset` says that the mailbox was proven for a new password, and that the second
    factor has been shown: it signs nobody in.
    """

    subject: Subject
    method: AuthenticationMethod
    rests_on_mail: bool
    proven_at: datetime
    is_for_reset: bool = False

    @classmethod
    def by_mail(cls, subject: Subject, now: datetime) -> "FirstFactor":
        """Return a mailbox that was proven just now."""
        method = AuthenticationMethod.MAILED_CODE
        return cls(subject=subject, method=method, rests_on_mail=True, proven_at=now)

    def serves_sign_in(self, now: datetime, proof_life: timedelta) -> bool:
        """Tell whether a second factor may still be shown beside it, to sign in."""
        return not self.is_for_reset and now < self.proven_at + proof_life


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One authorization request in one browser tab.

    Two others have no request, and `parameters` of their own tell them: a verification that a
    section of the account page asks for, and one that a client asks for at the API.

    `parameters` are the validated request parameters; `notice` is the message that the next
    page shows: an outcome with its numbers, in JSON values.
    """

    id: InteractionId
    cookie_digest: bytes
    client_id: str
    parameters: Mapping[str, str]
    locale: str
    state: InteractionState = InteractionState.PAUSED
    address: EmailAddress | None = None
    verification_id: str | None = None
    notice: Mapping[str, object] = field(default_factory=dict)
    subject: Subject | None = None
    session_id: SessionId | None = None
    signed_in_at: datetime | None = None
    first_factor: FirstFactor | None = None
    created_at: datetime
    expires_at: datetime
    completed_at: datetime | None = None

    @property
    def section(self) -> str | None:
        """Return the account section whose verification this is; clients' requests have none.

        Such an interaction belongs to the session of `session_id` and to no page of a flow.
        """
        return self.parameters.get(SECTION)

    @property
    def source_at_client(self) -> str | None:
        """Return whom a client asks for, as limits count; None for what has a browser.

        Such an interaction belongs to its client alone and to no page.
        """
        return self.parameters.get(SOURCE_AT_CLIENT)

    @property
    def has_flow(self) -> bool:
        """Tell whether a browser is led through it by the pages of a flow."""
        return self.section is None and self.source_at_client is None

    def is_open(self, now: datetime) -> bool:
        """Tell whether a person may still act on the request."""
        return self.state is InteractionState.PAUSED and now < self.expires_at

    def hands_out_again(self, now: datetime) -> bool:
        """Tell whether a lost answer may still be given again to the browser that signed in."""
        return self.signed_in_at is not None and now < self.signed_in_at + HANDED_OUT_AGAIN_FOR
