"""Initial access tokens: the right to register clients over HTTP (RFC 7591 §3)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialAccessToken:
    """One such token, stored as a digest; `uses_left` is None where it may be used freely."""

    digest: bytes
    uses_left: int | None
    created_at: datetime
    expires_at: datetime | None = None
