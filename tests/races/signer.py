"""A client that proves itself by assertions (RFC 7523), and the refresh tokens that it has."""

import json
import time
from itertools import count

import httpx

from authserver.administration.clients import ClientAdministration
from authserver.domain.client_metadata import ClientAuthenticationMethod, ClientMetadata
from authserver.domain.clients import ClientKind
from tests.oidc.signing_client import JWT_BEARER, new_key, part, public_set, signature_of

ALGORITHM = "ES256"
LIFE_SECONDS = 300


class Signer:
    """Signs with a key of its own; what it refreshes with stays with it from round to round."""

    def __init__(self, clients: ClientAdministration, endpoint: str, callback: str) -> None:
        self.refresh_tokens: list[str] = []
        self._endpoint = endpoint
        self._key = new_key(ALGORITHM)
        self._numbers = count(1)
        metadata = ClientMetadata(
            token_endpoint_auth_method=ClientAuthenticationMethod.PRIVATE_KEY_JWT,
            jwks=public_set(self._key),
        )
        made = clients.create(
            name="Signing races",
            kind=ClientKind.WEB,
            redirect_uris=[callback],
            requires_pkce=False,
            metadata=metadata,
        )
        self.id = str(made.client.id)

    def assertion(self) -> str:
        """Return an assertion that was never presented."""
        now = int(time.time())  # noqa: TID251 - the server process has the machine's clock
        claims = {
            "iss": self.id,
            "sub": self.id,
            "aud": f"{self._endpoint}/oidc",
            "iat": now,
            "exp": now + LIFE_SECONDS,
            "jti": f"{now}-{next(self._numbers)}",
        }
        header = {"alg": ALGORITHM, "kid": self._key.kid, "typ": "JWT"}
        signing_input = f"{part(header)}.{part(json.dumps(claims))}"
        return f"{signing_input}.{signature_of(signing_input, ALGORITHM, self._key)}"

    def exchange(self, assertion: str, **fields: str) -> httpx.Request:
        """Return a request to the token endpoint, proven by the assertion alone."""
        proof = {"client_assertion_type": JWT_BEARER, "client_assertion": assertion}
        return httpx.Request("POST", f"{self._endpoint}/oidc/token", data={**fields, **proof})

    def refreshing(self, refresh_token: str, assertion: str) -> httpx.Request:
        """Return a request to refresh with the token."""
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.exchange(assertion, **fields)
