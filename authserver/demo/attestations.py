"""Says in plain words what the provider told the shop."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from authserver.demo.oidc_client import SignedIn
from authserver.demo.provider_calls import JsonObject

MEANINGS = {
    "iss": "who says so",
    "sub": "your identifier there",
    "aud": "whom it is meant for",
    "exp": "valid until",
    "iat": "issued",
    "auth_time": "when you signed in",
    "updated_at": "profile last changed",
    "nonce": "ties it to this sign-in",
    "at_hash": "ties it to the access token",
    "sid": "your session there",
    "acr": "how surely it is you",
    "amr": "how you proved it",
    "azp": "whom it was issued to",
    "email": "your address",
    "email_verified": "whether it was proved",
    "name": "your name",
    "locale": "your language",
}
INSTANTS = ("exp", "iat", "nbf", "auth_time", "updated_at")
SECONDS_PER_MINUTE = 60
MINUTES_PER_HOUR = 60
HOURS_PER_DAY = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a table: a name, what it means, its value, and the value in words."""

    name: str
    meaning: str
    value: str
    words: str = ""


def claim_facts(claims: JsonObject) -> list[Fact]:
    """Return the claims in the order in which the provider sent them."""
    return [
        Fact(
            name=name,
            meaning=MEANINGS.get(name, ""),
            value=value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
            words=_instant(value) if name in INSTANTS else "",
        )
        for name, value in claims.items()
    ]


def token_facts(signed_in: SignedIn, now: float) -> list[Fact]:
    """Return what is known of the tokens without showing any of them."""
    tokens = signed_in.tokens
    held = "kept on our server, never shown" if tokens.refresh_token else "none was issued"
    return [
        _lifetime("ID token", "who you are", signed_in.claims["exp"], now),
        _lifetime("Access token", "what we may ask", tokens.expires_at, now),
        Fact(name="Refresh token", meaning="renews the others", value=held),
        Fact(name="Scope", meaning="what you granted", value=tokens.scope),
        Fact(
            name="Last issued",
            meaning="by sign-in or refresh",
            value=_instant(tokens.issued_at),
        ),
    ]


def _lifetime(name: str, meaning: str, expiry: object, now: float) -> Fact:
    if not isinstance(expiry, int | float):
        return Fact(name=name, meaning=meaning, value="no expiry told")
    left = expiry - now
    value = f"{_duration(left)} left" if left > 0 else "expired; refresh to renew it"
    return Fact(name=name, meaning=meaning, value=value, words=_instant(expiry))


def _duration(seconds: float) -> str:
    minutes = round(seconds / SECONDS_PER_MINUTE)
    if minutes < 1:
        return "less than a minute"
    if minutes <= MINUTES_PER_HOUR:
        return f"{minutes} min"
    hours = round(minutes / MINUTES_PER_HOUR)
    return f"{hours} h" if hours <= HOURS_PER_DAY else f"{round(hours / 24)} days"


def _instant(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    try:
        return f"{datetime.fromtimestamp(value, UTC):%d %b %Y, %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return ""
