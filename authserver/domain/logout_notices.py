"""Back-channel logout tokens owed to clients, and what came of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from authserver.domain.accounts import Subject
from authserver.domain.clients import ClientId
from authserver.domain.sessions import SessionId

LogoutNoticeId = NewType("LogoutNoticeId", str)

BAD_REQUEST: Final = 400
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAnswer:
    """What one try came to: the status that the client answered with, or the name of a fault."""

    status: int | None = None
    fault: str = ""

    @property
    def outcome(self) -> str:
        """Return it as it is kept."""
        return self.fault if self.status is None else f"status_{self.status}"


def next_state(answer: NoticeAnswer, claims: int) -> LogoutNoticeState:
    """Return where a notice stands after `claims` tries, the last with this answer.

    OIDC Back-Channel Logout §2.8: 200 is success, and frameworks answer 204 for it; 400 says
    that the client will not have the token, now or later.
    """
    if answer.status in {200, 204}:
        return LogoutNoticeState.DELIVERED
    if answer.status == BAD_REQUEST:
        return LogoutNoticeState.REFUSED
    is_last = wait_after(claims) is None
    return LogoutNoticeState.GIVEN_UP if is_last else LogoutNoticeState.QUEUED


def wait_after(claims: int) -> timedelta | None:
    """Return the wait before the next try once `claims` (at least one) have failed, or None."""
    return WAITS_BETWEEN_CLAIMS[claims - 1] if claims <= len(WAITS_BETWEEN_CLAIMS) else None
