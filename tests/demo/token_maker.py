"""Makes signing keys and ID tokens, good ones and bad ones."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from authserver.domain.clock import SystemClock

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Json = dict[str, object]


@cache
def rsa_key(kid: str = "rsa") -> "SigningKey":
    return SigningKey("RS256", kid, rsa.generate_private_key(65537, 2048))


@cache
def ec_key(kid: str = "ec") -> "SigningKey":
    return SigningKey("ES256", kid, ec.generate_private_key(ec.SECP256R1()))


@dataclass(frozen=True)
class SigningKey:
    algorithm: str
    kid: str
    private: PrivateKey = field(repr=False)

    def public_jwk(self) -> Json:
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            jwk = ECAlgorithm.to_jwk(public, as_dict=True)
        else:
            jwk = OKPAlgorithm.to_jwk(public, as_dict=True)
        wanted = {name: value for name, value in jwk.items() if name != "key_ops"}
        return wanted | {"kid": self.kid, "alg": self.algorithm, "use": "sig"}

    def sign(self, claims: Json, header: Json | None = None) -> str:
        # One level below tokens: that one refuses to write some of the nonsense asked for here.
        content = json.dumps(claims).encode()
        return jwt.PyJWS().encode(
            content,
            self.private,
            algorithm=self.algorithm,
            headers={"kid": self.kid} | (header or {}),
        )


def at_hash(access_token: str, hash_name: str = "sha256") -> str:
    digest = hashlib.new(hash_name, access_token.encode()).digest()
    return _base64url(digest[: len(digest) // 2])


def unsigned(claims: Json, header: Json, signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(_base64url(part) for part in parts)


def claims_now(**changes: object) -> Json:
    """Return claims that pass at the present instant."""
    return claims_at(int(SystemClock().now().timestamp()), **changes)


def claims_at(now: int, **changes: object) -> Json:
    """Return claims that pass, changed as told; a change to `None` leaves a claim out."""
    claims: Json = {
        "iss": "http://localhost:3001/oidc",
        "sub": "subject-1",
        "aud": "bookstore",
        "exp": now + 3600,
        "iat": now,
        "nonce": "nonce-1",
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
