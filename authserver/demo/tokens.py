"""The tokens of one sign-in, read from an answer of the token endpoint."""

from dataclasses import dataclass, field
from typing import Self

from authserver.demo.failures import SignInError
from authserver.demo.provider_calls import JsonObject

LONGEST_LIFETIME_SECONDS = 366 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the token endpoint issued (RFC 6749 §5.1); `expires_at` in seconds since 1970."""

    access_token: str = field(repr=False)
    id_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)
    scope: str
    issued_at: float
    expires_at: float | None

    @classmethod
    def read(cls, body: JsonObject, *, asked_scope: str, now: float) -> Self:
        """Take the answer apart; raise `SignInError` when it is not one."""
        access_token = _text(body, "access_token")
        token_type = _text(body, "token_type")
        if access_token is None or token_type is None or token_type.lower() != "bearer":
            raise _unreadable("no bearer token")
        return cls(
            access_token=access_token,
            id_token=_text(body, "id_token"),
            refresh_token=_text(body, "refresh_token"),
            # RFC 6749 §5.1: without a scope in the answer, the one asked for was granted.
            scope=_text(body, "scope") or asked_scope,
            issued_at=now,
            expires_at=_expiry(body, now),
        )


def _text(body: JsonObject, name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise _unreadable(f"{name} is not text")
    return value or None


def _expiry(body: JsonObject, now: float) -> float | None:
    lifetime = body.get("expires_in")
    if lifetime is None:
        return None
    if isinstance(lifetime, bool) or not isinstance(lifetime, int):
        raise _unreadable("expires_in is not a number")
    if not 0 < lifetime <= LONGEST_LIFETIME_SECONDS:
        raise _unreadable("expires_in is not a lifetime")
    return now + lifetime


def _unreadable(reason: str) -> SignInError:
    return SignInError(
        "The sign-in service sent an answer that we could not read.", detail=f"tokens: {reason}"
    )
