"""Judges ID tokens: OpenID Connect Core §3.1.3.7, and §12.2 after a refresh."""

import base64
import hashlib
import hmac
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import jwt

from authserver.demo.failures import SignInError
from authserver.demo.provider_calls import JsonObject

MAX_TOKEN_LENGTH = 16 * 1024
MAX_SUBJECT_LENGTH = 255
CLOCK_TOLERANCE_SECONDS = 60
MAX_AGE_SECONDS = 300

# What a key must be to verify an algorithm, and the hash behind its `at_hash`.
KEY_TYPES = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}
HASHES = {
    "RS256": hashlib.sha256,
    "PS256": hashlib.sha256,
    "ES256": hashlib.sha256,
    "ES384": hashlib.sha384,
    "ES512": hashlib.sha512,
    "EdDSA": hashlib.sha512,
}


class KeySource(Protocol):
    """Holds the key set of the provider; the application fetches it, tests make it up."""

    def get(self) -> Awaitable[Sequence[JsonObject]]:
        """Return the keys as they are known."""

    def renewed(self) -> Awaitable[Sequence[JsonObject]]:
        """Return the keys fetched anew, unless that happened a moment ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What an ID token must say; `previous` are the claims of the one that it renews."""

    issuer: str
    client_id: str
    algorithms: tuple[str, ...]
    access_token: str
    nonce: str
    previous: JsonObject | None = None


class IdTokenJudge:
    """Tells genuine ID tokens from all others."""

    def __init__(self, keys: KeySource, now: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._now = now

    async def claims(self, token: str, expected: Expectation) -> JsonObject:
        """Return the claims of a token that passes every check; raise `SignInError` otherwise."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise _refusal("too long")
        try:
            header = jwt.get_unverified_header(token)
            algorithm = _permitted_algorithm(header, expected)
            key = await self._key(header.get("kid"), algorithm)
            claims = _verified(token, key, expected)
        except jwt.PyJWTError as error:
            raise _refusal(str(error)) from error
        self._check_times(claims)
        _check_party(claims, expected)
        _check_at_hash(claims, expected.access_token, algorithm)
        _check_continuity(claims, expected)
        return claims

    async def _key(self, kid: object, algorithm: str) -> jwt.PyJWK:
        if not isinstance(kid, str):
            raise _refusal("no kid")
        key = _fitting(await self._keys.get(), kid, algorithm)
        if key is None:
            # The provider may have a new key; the source sees to it that strangers who
            # invent key ids cannot make the shop ask all the time.
            key = _fitting(await self._keys.renewed(), kid, algorithm)
        if key is None:
            raise _refusal("no such key")
        return jwt.PyJWK(key, algorithm=algorithm)

    def _check_times(self, claims: JsonObject) -> None:
        now = self._now()
        if now >= _instant(claims, "exp") + CLOCK_TOLERANCE_SECONDS:
            raise _refusal("expired")
        issued = _instant(claims, "iat")
        if not now - MAX_AGE_SECONDS <= issued <= now + CLOCK_TOLERANCE_SECONDS:
            raise _refusal("iat is not close to now")
        if "nbf" in claims and _instant(claims, "nbf") > now + CLOCK_TOLERANCE_SECONDS:
            raise _refusal("not valid yet")


def _permitted_algorithm(header: JsonObject, expected: Expectation) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in expected.algorithms:
        raise _refusal("the algorithm is not allowed")
    # A typ other than JWT marks another kind of token, such as an access or a logout token.
    if str(header.get("typ", "JWT")).upper() != "JWT" or "crit" in header:
        raise _refusal("not the header of an ID token")
    return algorithm


def _fitting(keys: Sequence[JsonObject], kid: str, algorithm: str) -> JsonObject | None:
    key_type, curve = KEY_TYPES[algorithm]
    fitting = [
        key
        for key in keys
        if key.get("kid") == kid
        and key.get("kty") == key_type
        and key.get("crv") == curve
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    ]
    return fitting[0] if len(fitting) == 1 else None


def _verified(token: str, key: jwt.PyJWK, expected: Expectation) -> JsonObject:
    claims: JsonObject = jwt.decode(
        token,
        key,
        algorithms=[key.algorithm_name],
        audience=expected.client_id,
        issuer=expected.issuer,
        # Times are judged by the shop's own clock, below.
        options={
            "require": ["iss", "sub", "aud", "exp", "iat"],
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
            "enforce_minimum_key_length": True,
        },
    )
    return claims


def _check_party(claims: JsonObject, expected: Expectation) -> None:
    # Core §3.1.3.7: no audience besides us is trusted, so azp can only name us.
    if claims["aud"] not in (expected.client_id, [expected.client_id]):
        raise _refusal("further audiences")
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise _refusal("issued to another client")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_LENGTH:
        raise _refusal("no subject")


def _check_at_hash(claims: JsonObject, access_token: str, algorithm: str) -> None:
    if "at_hash" not in claims:
        return
    digest = HASHES[algorithm](access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if not _same(claims["at_hash"], half):
        raise _refusal("at_hash belongs to another access token")


def _check_continuity(claims: JsonObject, expected: Expectation) -> None:
    previous = expected.previous
    if previous is None:
        if not _same(claims.get("nonce"), expected.nonce):
            raise _refusal("the nonce is not ours")
        return
    # Core §12.2: the renewed token speaks of the same sign-in of the same person.
    if "nonce" in claims and not _same(claims["nonce"], expected.nonce):
        raise _refusal("the nonce changed")
    if any(claims.get(name) != previous.get(name) for name in ("iss", "sub", "azp")):
        raise _refusal("it is about someone else")
    if (
        "auth_time" in previous
        and claims.get("auth_time", previous["auth_time"]) != (previous["auth_time"])
    ):
        raise _refusal("auth_time changed")


def _instant(claims: JsonObject, name: str) -> float:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refusal(f"{name} is not a number")
    # JSON readers let NaN pass, which is neither before nor after anything.
    if isinstance(value, float) and not math.isfinite(value):
        raise _refusal(f"{name} is not a number")
    return value


def _same(given: object, wanted: str) -> bool:
    if not isinstance(given, str):
        return False
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def _refusal(reason: str) -> SignInError:
    return SignInError(
        "The answer of the sign-in service did not pass our checks, so we did not use it.",
        detail=f"ID token: {reason}",
    )
