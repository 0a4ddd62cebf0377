"""The keys that sign tokens, and their life cycle."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class SigningAlgorithm(StrEnum):
    """JWS algorithms that the provider can sign with (RFC 7518 §3.1, RFC 8037)."""

    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    EDDSA = "EdDSA"


DEFAULT_ALGORITHM: Final = SigningAlgorithm.RS256
# Clients and proxies keep the key set for a minute, other processes for a second.
KNOWN_AFTER: Final = timedelta(minutes=2)


class SigningKeyState(StrEnum):
    """`next` is published before it signs; `current` signs; `previous` is still published.

    A `retired` key is neither published nor does it sign.
    """

    NEXT = "next"
    CURRENT = "current"
    PREVIOUS = "previous"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One key pair: the public half as a JWK of strings, the private half sealed."""

    kid: str
    algorithm: SigningAlgorithm
    state: SigningKeyState
    public_jwk: Mapping[str, str]
    sealed_private_key: str
    created_at: datetime
    changed_at: datetime

    @property
    def is_published(self) -> bool:
        """Tell whether clients find the key in the key set."""
        return self.state is not SigningKeyState.RETIRED

    @property
    def was_known_before(self) -> bool:
        """Tell whether clients had time to see a key before its present state began."""
        return self.changed_at - self.created_at >= KNOWN_AFTER


def seal_label(kid: str) -> str:
    """Return the label under which the private half of a key is sealed."""
    return f"signing-key:{kid}"
