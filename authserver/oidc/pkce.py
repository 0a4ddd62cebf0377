"""Proof Key for Code Exchange, S256 only (RFC 7636, RFC 9700 §2.1.1)."""

import hmac
import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

from authserver.oidc.errors import InvalidGrant, InvalidRequest

VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
CHALLENGE: Final = re.compile(r"[A-Za-z0-9\-_]{43}")
METHOD: Final = "S256"


def read_challenge(challenge: str | None, method: str | None) -> str | None:
    """Return the code challenge of an authorization request, or None where it has none."""
    if challenge is None:
        if method is not None:
            raise InvalidRequest("code_challenge_method without code_challenge")
        return None
    if method != METHOD:
        # RFC 9700 §2.1.1: `plain` and, with it, RFC 7636's default are refused.
        raise InvalidRequest("code_challenge_method must be S256")
    if not CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("code_challenge must be 43 characters of base64url")
    return challenge


def check_verifier(verifier: str | None, challenge: str | None) -> None:
    """Raise InvalidGrant unless the verifier belongs to the challenge (RFC 7636 §4.6)."""
    if challenge is None:
        if verifier is not None:
            # RFC 9700 §4.8.2: else an attacker could strip the challenge unnoticed.
            raise InvalidGrant("code_verifier without a code_challenge in the request")
        return
    if verifier is None:
        raise InvalidGrant("code_verifier is required")
    if not VERIFIER.fullmatch(verifier):
        raise InvalidGrant("code_verifier is malformed")
    computed = urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=")
    if not hmac.compare_digest(computed, challenge.encode("ascii")):
        raise InvalidGrant("code_verifier does not belong to the code_challenge")
