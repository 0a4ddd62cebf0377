"""Back-channel logout tokens owed to clients, and what came of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from authserver.domain.accounts import Subject
from authserver.domain.clients import ClientId
from authserver.domain.sessions import SessionId

LogoutNoticeId = NewType("LogoutNoticeId", str)

# How long to wait before the second, third, fourth and fifth try.
WAITS_BETWEEN_CLAIMS: Final = tuple(timedelta(seconds=wait) for wait in (2, 10, 60, 300))


class LogoutNoticeState(StrEnum):
    """Where a notice stands."""

    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    REFUSED = "refused"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutNotice:
    """One logout token owed to one client (OIDC Back-Channel Logout §2.4).

    `claims` counts how often a dispatcher has taken it; `last_outcome` is a status or the name
    of a fault, never what the client answered.
    """

    id: LogoutNoticeId
    client_id: ClientId
    subject: Subject
    session_id: SessionId
    state: LogoutNoticeState = LogoutNoticeState.QUEUED
    claims: int = 0
    last_outcome: str | None = None
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None = None


def wait_after(claims: int) -> timedelta | None:
    """Return the wait before the next try once `claims` (at least one) have failed, or None."""
    return WAITS_BETWEEN_CLAIMS[claims - 1] if claims <= len(WAITS_BETWEEN_CLAIMS) else None
