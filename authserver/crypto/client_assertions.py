"""Signed assertions by which clients prove themselves (RFC 7523), read and proven."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from authserver.crypto.client_keys import ClientKey
from authserver.crypto.compact_jws import is_compact
from authserver.domain.signing_keys import SigningAlgorithm

LONGEST_ASSERTION: Final = 8192
MOST_TRIALS: Final = 5
# RFC 7515 §4.1.9: a type may be left out; the second one is that of newer drafts of RFC 7523.
TYPES: Final = (None, "jwt", "client-authentication+jwt")
# RFC 7515 §4.1.11, RFC 7797, RFC 7516 §4.1.3: nothing of this is understood here.
REFUSED_HEADERS: Final = frozenset({"crit", "b64", "zip"})
UNPROVEN: Final[Any] = {"verify_signature": False}
# Times are judged by our own clock, issuer and audience by whoever knows them.
SIGNATURE_ALONE: Final[Any] = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


class AssertionInvalid(Exception):
    """The assertion proves nothing, whatever keys the client may have."""


class KeyUnknown(Exception):
    """No key at hand fits: the client may have made new ones."""


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """An assertion as presented: what it says is unproven until `prove` returns."""

    token: str
    algorithm: SigningAlgorithm
    kid: str | None
    claims: Mapping[str, Any]

    def prove(self, keys: Iterable[ClientKey]) -> Mapping[str, Any]:
        """Return the claims, signed by one of the keys; raises KeyUnknown or AssertionInvalid.

        Keys come from the registration alone, never from the header of the assertion.
        """
        named = [key for key in keys if self.kid is None or key.kid == self.kid]
        fitting = [key for key in named if self.algorithm in key.algorithms]
        if named and not fitting:
            raise AssertionInvalid("the algorithm does not fit the key")
        for key in fitting[:MOST_TRIALS]:
            claims = self._signed_by(key)
            if claims is not None:
                return claims
        if not named or self.kid is None:
            raise KeyUnknown
        raise AssertionInvalid("the signature is wrong")

    def _signed_by(self, key: ClientKey) -> Mapping[str, Any] | None:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                self.token,
                key.opened(self.algorithm),
                algorithms=[self.algorithm],
                options=SIGNATURE_ALONE,
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return None
        return claims


def read_assertion(token: str) -> ClientAssertion:
    """Return an assertion without believing it; raises AssertionInvalid."""
    # RFC 8725 §3.8: the size is judged before anything is parsed.
    if len(token) > LONGEST_ASSERTION or not is_compact(token):
        raise AssertionInvalid("the assertion is too long or no JWT")
    try:
        parts = jwt.decode_complete(token, options=UNPROVEN)
    # Deeply nested JSON exhausts the stack before any signature is looked at.
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as fault:
        raise AssertionInvalid("the assertion is no JWT") from fault
    header, claims = parts["header"], parts["payload"]
    return ClientAssertion(token, algorithm_in(header), kid_in(header), claims)


def algorithm_in(header: Mapping[str, Any]) -> SigningAlgorithm:
    """Return the algorithm, which is on our list (RFC 8725 §3.1), of a header without surprises."""
    typ = header.get("typ")
    if (typ.lower() if isinstance(typ, str) else typ) not in TYPES:
        raise AssertionInvalid("the type is not that of a client assertion")
    if not REFUSED_HEADERS.isdisjoint(header):
        raise AssertionInvalid("the header has members that are not supported")
    try:
        return SigningAlgorithm(str(header.get("alg")))
    except ValueError as fault:
        raise AssertionInvalid("the algorithm is not supported") from fault


def kid_in(header: Mapping[str, Any]) -> str | None:
    """Return the id of the key."""
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise AssertionInvalid("the id of the key is no text")
    return kid
