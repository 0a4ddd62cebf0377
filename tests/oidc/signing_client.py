"""A client that proves itself by a signed assertion, with keys and a library of its own."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from itertools import count
from typing import Any

import httpx
from joserfc.jwk import ECKey, KeyParameters, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry

from authserver.administration.clients import NewClient
from authserver.domain.client_metadata import ClientAuthenticationMethod, ClientMetadata
from authserver.domain.clients import ClientKind
from tests.oidc.relying_party import RelyingParty, header_of
from tests.support.provider import CALLBACK, Provider

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
FIELDS = {"grant_type": "refresh_token", "refresh_token": "no such token"}

Key = RSAKey | ECKey | OKPKey


def new_key(algorithm: str, kid: str = "one") -> Key:
    """Return a new key pair that fits `algorithm`."""
    options: KeyParameters = {"kid": kid, "use": "sig"}
    if algorithm in CURVES:
        return ECKey.generate_key(CURVES[algorithm], options)
    if algorithm == "EdDSA":
        return OKPKey.generate_key("Ed25519", options)
    return RSAKey.generate_key(2048, options)


def public_set(*keys: Key) -> dict[str, Any]:
    """Return the key set that may be shown."""
    return {"keys": [key.as_dict(private=False) for key in keys]}


def proven(token: str, key_set: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of a token that the one key fits which it names."""
    header = header_of(token)
    [jwk] = [each for each in key_set["keys"] if each["kid"] == header["kid"]]
    signing_input, _, signature = token.rpartition(".")
    algorithm = JWSRegistry.algorithms[header["alg"]]
    assert algorithm.verify(signing_input.encode(), octets(signature), import_key(jwk))
    claims: dict[str, Any] = json.loads(octets(signing_input.partition(".")[2]))
    return claims


def octets(text: str) -> bytes:
    """Return what unpadded base64url stands for."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def part(content: object) -> str:
    """Return one part of a JWS by hand."""
    text = content if isinstance(content, str) else json.dumps(content)
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def signature_of(signing_input: str, algorithm: str, key: Key) -> str:
    """Return the signature of the first two parts, as the third one."""
    # Taken from the table, because the library warns of the older name of EdDSA.
    signed = JWSRegistry.algorithms[algorithm].sign(signing_input.encode(), key)
    return urlsafe_b64encode(signed).rstrip(b"=").decode()


class SigningClient:
    """One client registered for `private_key_jwt`."""

    def __init__(self, provider: Provider, algorithm: str, key: Key, made: NewClient) -> None:
        self.provider = provider
        self.algorithm = algorithm
        self.key = key
        self.made = made
        self.id = str(made.client.id)
        self.http = provider.http()
        self.ids = count()

    @classmethod
    def registered(
        cls, provider: Provider, algorithm: str = "ES256", *, jwks_uri: str | None = None
    ) -> "SigningClient":
        """Register a client with its keys by value, or with where they are."""
        key = new_key(algorithm)
        metadata = ClientMetadata(
            token_endpoint_auth_method=ClientAuthenticationMethod.PRIVATE_KEY_JWT,
            jwks=public_set(key) if jwks_uri is None else None,
            jwks_uri=jwks_uri,
        )
        made = provider.server.clients.create(
            name="Bookstore",
            kind=ClientKind.WEB,
            redirect_uris=[CALLBACK],
            post_logout_redirect_uris=[],
            metadata=metadata,
        )
        return cls(provider, algorithm, key, made)

    @property
    def relying_party(self) -> RelyingParty:
        """Return the same client for what needs no proof."""
        return RelyingParty(self.provider, self.made)

    def claims(self, **changes: object) -> dict[str, object]:
        """Return the claims of a good assertion; a change to None leaves one out."""
        now = int(self.provider.clock.now().timestamp())
        wanted = {
            "iss": self.id,
            "sub": self.id,
            "aud": self.provider.issuer,
            "iat": now,
            "exp": now + 60,
            "jti": f"{self.id}-{next(self.ids)}",
            **changes,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def header(self, **changes: object) -> dict[str, Any]:
        """Return the header of a good assertion; a change to None leaves a member out."""
        wanted = {"alg": self.algorithm, "kid": self.key.kid, "typ": "JWT", **changes}
        return {name: value for name, value in wanted.items() if value is not None}

    def assertion(self, header: Mapping[str, object] | None = None, /, **changes: object) -> str:
        """Return a signed assertion."""
        protected = self.header(**(header or {}))
        payload = json.dumps(self.claims(**changes))
        return self.signed(part(protected), part(payload), str(protected.get("alg")))

    def signed(self, header: str, payload: str, algorithm: str | None = None) -> str:
        """Return the two parts with a signature, whatever they hold."""
        signing_input = f"{header}.{payload}"
        third = signature_of(signing_input, algorithm or self.algorithm, self.key)
        return f"{signing_input}.{third}"

    def ask(self, assertion: str | None = None, **fields: str) -> httpx.Response:
        """Present an assertion with a request that fails only where the client is believed."""
        own = {
            "client_assertion_type": JWT_BEARER,
            "client_assertion": self.assertion() if assertion is None else assertion,
        }
        return self.http.post("/oidc/token", data={**FIELDS, **own, **fields})
