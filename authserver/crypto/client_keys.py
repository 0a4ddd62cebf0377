"""Public keys of clients, read from key sets that strangers wrote (RFC 7517)."""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from authserver.domain.signing_keys import SigningAlgorithm

MOST_KEYS: Final = 20
LONGEST_KID: Final = 256
LONGEST_MEMBER: Final = 1400
# Shorter ones are weak, longer ones cost too much time for everybody who sends a token.
RSA_BITS: Final = range(2048, 8193)
LONGEST_EXPONENT: Final = 8
PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
# RFC 7517 §4.3: those that are registered, in an order of their own.
KEY_OPERATIONS: Final = (
    *("sign", "verify", "encrypt", "decrypt"),
    *("wrapKey", "unwrapKey", "deriveKey", "deriveBits"),
)
KEPT_MEMBERS: Final = ("kty", "n", "e", "crv", "x", "y", "kid", "alg", "use")
RSA_ALGORITHMS: Final = frozenset({SigningAlgorithm.RS256, SigningAlgorithm.PS256})
# A curve serves one algorithm (RFC 7518 §3.4, RFC 8037 §3.1).
ALGORITHM_OF_CURVE: Final[Mapping[tuple[object, object], SigningAlgorithm]] = {
    ("EC", "P-256"): SigningAlgorithm.ES256,
    ("EC", "P-384"): SigningAlgorithm.ES384,
    ("EC", "P-521"): SigningAlgorithm.ES512,
    ("OKP", "Ed25519"): SigningAlgorithm.EDDSA,
}


class KeySetInvalid(Exception):
    """The document is no key set, or holds no key that could be used; the text says which."""


@dataclass(frozen=True, slots=True)
class ClientKey:
    """One public key of a client, and the algorithms that it may be used with."""

    kid: str | None
    algorithms: frozenset[SigningAlgorithm]
    jwk: Mapping[str, str]

    def opened(self, algorithm: SigningAlgorithm) -> jwt.PyJWK:
        """Return the key for one of its algorithms."""
        return jwt.PyJWK.from_dict(dict(self.jwk), algorithm=algorithm)


def read_key_set(document: object) -> tuple[ClientKey, ...]:
    """Return the usable keys of a key set; raises KeySetInvalid where there is none.

    Keys of other kinds and for other uses are passed over (RFC 7517 §5).
    """
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise KeySetInvalid(f"it is not a key set of at most {MOST_KEYS} keys")
    read = (read_key(each) for each in keys if isinstance(each, Mapping))
    usable = tuple(key for key in read if key is not None)
    if not usable:
        raise KeySetInvalid("it holds no public key that could be used")
    return usable


def has_private_part(document: Mapping[str, Any]) -> bool:
    """Tell whether a key set gives away what only the client may know."""
    keys = document.get("keys")
    return isinstance(keys, list) and any(
        isinstance(each, Mapping) and not PRIVATE_MEMBERS.isdisjoint(each) for each in keys
    )


def read_key(document: Mapping[str, Any]) -> ClientKey | None:
    """Return a key, or None where it cannot prove a signature."""
    jwk = {name: document[name] for name in KEPT_MEMBERS if name in document}
    if has_private_part({"keys": [document]}) or not all(map(is_short_text, jwk.values())):
        return None
    algorithms = algorithms_of(jwk)
    if not algorithms or jwk.get("use", "sig") != "sig" or not may_verify(document):
        return None
    key = ClientKey(jwk.get("kid"), algorithms, jwk)
    try:
        key.opened(min(algorithms))
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return key


def is_short_text(value: object) -> bool:
    """Tell whether a member is text that is no longer than any of its kind needs to be.

    PostgreSQL reads nothing of a document in which there is a NUL.
    """
    if not isinstance(value, str) or len(value) > LONGEST_MEMBER:
        return False
    return value.isascii() and value.isprintable()


def may_verify(document: Mapping[str, Any]) -> bool:
    """Tell whether `key_ops` lets the key verify (RFC 7517 §4.3)."""
    operations = document.get("key_ops", ["verify"])
    return isinstance(operations, list) and "verify" in operations


def algorithms_of(jwk: Mapping[str, str]) -> frozenset[SigningAlgorithm]:
    """Return the algorithms that fit the key by its shape and by what it says itself."""
    if len(jwk.get("kid", "")) > LONGEST_KID:
        return frozenset()
    if jwk.get("kty") == "RSA":
        fitting = RSA_ALGORITHMS if is_sound_rsa(jwk) else frozenset()
    else:
        one = ALGORITHM_OF_CURVE.get((jwk.get("kty"), jwk.get("crv")))
        fitting = frozenset() if one is None else frozenset({one})
    named = jwk.get("alg")
    return fitting if named is None else frozenset(each for each in fitting if each == named)


def is_sound_rsa(jwk: Mapping[str, str]) -> bool:
    """Tell whether modulus and exponent have sizes that are neither weak nor costly."""
    try:
        modulus, exponent = (octets(jwk.get(name, "")) for name in ("n", "e"))
    except (binascii.Error, ValueError):
        return False
    return (
        int.from_bytes(modulus).bit_length() in RSA_BITS
        and 1 <= len(exponent) <= LONGEST_EXPONENT
        and int.from_bytes(exponent) % 2 == 1
    )


def octets(text: str) -> bytes:
    """Return what unpadded base64url stands for."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public_members(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a key set that `read_key_set` took, without what nobody here reads."""
    return {
        "keys": [
            {name: each[name] for name in KEPT_MEMBERS if name in each} | operations_in(each)
            for each in document["keys"]
            if isinstance(each, Mapping) and read_key(each) is not None
        ]
    }


def operations_in(jwk: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return `key_ops` with the known words alone, where it is given."""
    given = jwk.get("key_ops")
    return {} if given is None else {"key_ops": [each for each in KEY_OPERATIONS if each in given]}
