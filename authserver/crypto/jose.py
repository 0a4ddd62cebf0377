"""Signing and reading JSON Web Tokens under our own clock."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256, sha384, sha512
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jwt.algorithms import get_default_algorithms

from authserver.crypto.compact_jws import is_compact
from authserver.domain.signing_keys import SigningAlgorithm

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

RSA_BITS: Final = 2048
RSA_EXPONENT: Final = 65537
LONGEST_TOKEN: Final = 16384
PLAIN_JWT: Final = "JWT"
# RFC 9068 §2.1.
ACCESS_TOKEN_JWT: Final = "at+jwt"  # noqa: S105 - a type of token
# OIDC Back-Channel Logout §2.4.
LOGOUT_TOKEN_JWT: Final = "logout+jwt"  # noqa: S105 - a type of token
CURVES: Final[Mapping[SigningAlgorithm, ec.EllipticCurve]] = {
    SigningAlgorithm.ES256: ec.SECP256R1(),
    SigningAlgorithm.ES384: ec.SECP384R1(),
    SigningAlgorithm.ES512: ec.SECP521R1(),
}
HASHES: Final = {"256": sha256, "384": sha384, "512": sha512}
JWK_MEMBERS: Final = frozenset({"kty", "n", "e", "crv", "x", "y"})


class TokenInvalid(Exception):
    """The token is not one of ours: signature, type, issuer or shape."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An opened signing key, parsed once."""

    kid: str
    algorithm: SigningAlgorithm
    private_key: PrivateKey

    def sign(self, claims: Mapping[str, object], *, typ: str = PLAIN_JWT) -> str:
        """Return the claims as a signed JWT whose header names this key (RFC 7515 §4.1.4)."""
        headers = {"kid": self.kid, "typ": typ}
        return jwt.encode(dict(claims), self.private_key, algorithm=self.algorithm, headers=headers)

    def half_hash(self, token: str) -> str:
        """Return the left half of the token's hash: `at_hash` (OIDC Core §3.1.3.6)."""
        digest = HASHES.get(self.algorithm[-3:], sha512)(token.encode("ascii")).digest()
        return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")


def new_private_key(algorithm: SigningAlgorithm) -> bytes:
    """Return a new private key for `algorithm` in PKCS #8 DER."""
    key: PrivateKey
    if algorithm in CURVES:
        key = ec.generate_private_key(CURVES[algorithm])
    elif algorithm is SigningAlgorithm.EDDSA:
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(public_exponent=RSA_EXPONENT, key_size=RSA_BITS)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def open_private_key(der: bytes) -> PrivateKey:
    """Return the key object of a PKCS #8 document of our own making."""
    # It comes out of a seal that nobody else can make; to check its arithmetic takes long.
    key = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, PrivateKey):
        raise TypeError("the signing key is of an unknown type")
    return key


def public_jwk(der: bytes, algorithm: SigningAlgorithm) -> dict[str, str]:
    """Return the public JWK, whose `kid` is its thumbprint (RFC 7638) and members are strings."""
    public_key = open_private_key(der).public_key()
    members = get_default_algorithms()[algorithm].to_jwk(public_key, as_dict=True)
    jwk = {name: str(members[name]) for name in sorted(JWK_MEMBERS & members.keys())}
    thumbprint = sha256(json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode()).digest()
    # The algorithm is part of the id: keys of one shape may serve two algorithms.
    kid = urlsafe_b64encode(thumbprint[:15]).decode("ascii") + algorithm.lower()
    return {**jwk, "kid": kid, "use": "sig", "alg": algorithm.value}


def read_own_token(
    token: str,
    keys: Mapping[str, tuple[SigningAlgorithm, Mapping[str, str]]],
    *,
    issuer: str,
    typ: str = PLAIN_JWT,
) -> dict[str, Any]:
    """Return the claims of a token of type `typ` that this server signed, expired or not.

    `keys` maps the ids of the published keys to algorithm and JWK. Raises TokenInvalid.
    """
    if len(token) > LONGEST_TOKEN or not is_compact(token):
        raise TokenInvalid("too long, or written otherwise than we write")
    try:
        header = jwt.get_unverified_header(token)
        algorithm, jwk = keys[header["kid"]]
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK.from_dict(dict(jwk), algorithm=algorithm),
            algorithms=[algorithm],
            issuer=issuer,
            options={
                "require": ["iss", "sub", "aud", "exp", "iat"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": False,
            },
        )
    # Deeply nested JSON exhausts the stack before any signature is looked at.
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError) as fault:
        raise TokenInvalid("the token is not one of ours") from fault
    # RFC 8725 §3.11: tokens of other types are signed with the same keys.
    if header.get("typ") != typ or not isinstance(claims["aud"], str):
        raise TokenInvalid("the token is of another type")
    return claims
