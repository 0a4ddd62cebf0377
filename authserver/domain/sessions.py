"""The browser's sign-in at this server."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from authserver.domain.accounts import Subject
from authserver.domain.lifetimes import Lifetimes

SessionId = NewType("SessionId", str)


class AuthenticationMethod(StrEnum):
    """How somebody signed in: values of the claim `amr` (RFC 8176 §2)."""

    MAILED_CODE = "otp"
    PASSWORD = "pwd"  # noqa: S105 - a value of the claim
    SEVERAL_FACTORS = "mfa"


class AuthenticationContext(StrEnum):
    """The claim `acr`: what was done, never what was asked for."""

    ONE_FACTOR = "urn:authserver:acr:one-factor"
    TWO_FACTORS = "urn:authserver:acr:two-factors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """What somebody did to sign in; two factors come with two different kinds only."""

    amr: tuple[AuthenticationMethod, ...]
    acr: AuthenticationContext = AuthenticationContext.ONE_FACTOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser's sign-in; `id` is what clients see as `sid`, the cookie holds a secret.

    `source` and `browser` say from where it was begun, for the person whose it is.
    """

    id: SessionId
    subject: Subject
    authenticated_at: datetime
    amr: tuple[AuthenticationMethod, ...]
    created_at: datetime
    last_used_at: datetime
    ended_at: datetime | None = None
    acr: AuthenticationContext = AuthenticationContext.ONE_FACTOR
    source: str = ""
    browser: str = ""

    def is_live(self, now: datetime, lifetimes: Lifetimes) -> bool:
        """Tell whether the session is neither ended, nor idle or old beyond its lifetimes."""
        return (
            self.ended_at is None
            and now < self.last_used_at + lifetimes.session_idle
            and now < self.created_at + lifetimes.session_max
        )
