"""A relying party: how it is registered, proves itself, and what it may be answered."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any, Self
from urllib.parse import quote_plus, urlencode

import httpx
from joserfc import jwt

from tests.conformance.suite.checks import (
    JsonObject,
    checked_discovery,
    checked_registration,
    json_of,
    seconds_now,
)
from tests.conformance.suite.server import TestedServer
from tests.oidc.signing_client import JWT_BEARER, Key, new_key, public_set

SECRET_BASIC = "client_secret_basic"
SECRET_POST = "client_secret_post"
KEY_JWT = "private_key_jwt"
CODE_ALONE = ["authorization_code"]
WITH_REFRESH = ["authorization_code", "refresh_token"]

numbers = count(1)


@dataclass(kw_only=True)
class Party:
    """One client of the server under test; `document` is all that the server says of it."""

    server: TestedServer
    document: JsonObject
    key: Key | None = None
    # For whom its assertions are: as a rule the endpoint that they are sent to.
    audience: str | None = None

    @classmethod
    def registered(cls, server: TestedServer, /, **metadata: Any) -> Self:
        """Register itself as the suite's clients do; a member that is None is left out."""
        key = new_key("RS256") if metadata.get("token_endpoint_auth_method") == KEY_JWT else None
        own = {} if key is None or "jwks_uri" in metadata else {"jwks": public_set(key)}
        answer = cls.asked(server, **{**own, **metadata})
        return cls(server=server, document=checked_registration(answer), key=key)

    @staticmethod
    def asked(server: TestedServer, /, **metadata: Any) -> httpx.Response:
        """Ask for a registration and return the answer, whatever it is."""
        wanted = {
            "client_name": "Certification",
            "grant_types": CODE_ALONE,
            "response_types": ["code"],
            "redirect_uris": [new_callback(server)],
            "contacts": ["certification@example.com"],
            "token_endpoint_auth_method": SECRET_BASIC,
            **metadata,
        }
        sent = {name: value for name, value in wanted.items() if value is not None}
        checked_discovery(server.metadata, wanted["token_endpoint_auth_method"])
        return server.http.post(server.metadata["registration_endpoint"], json=sent)

    @classmethod
    def made_by_operator(cls, server: TestedServer, method: str = SECRET_BASIC) -> Self:
        """Register a client at the command line, without PKCE, as the static plans ask for."""
        callback = new_callback(server)
        made = server.process.authserver(
            *("client", "create", "--name", "Certification", "--kind", "web", "--no-pkce"),
            *("--redirect-uri", callback, "--token-endpoint-auth-method", method),
        )
        document = {
            "client_id": made["client_id"],
            "client_secret": made["client_secret"],
            "redirect_uris": [callback],
            "token_endpoint_auth_method": method,
        }
        return cls(server=server, document=document)

    @property
    def id(self) -> str:
        return str(self.document["client_id"])

    @cached_property
    def redirect_uri(self) -> str:
        return str(self.document["redirect_uris"][0])

    @property
    def bearer(self) -> dict[str, str]:
        """Return the header by which it manages its registration."""
        return {"Authorization": f"Bearer {self.document['registration_access_token']}"}

    def registration(self) -> JsonObject:
        """Return what is registered, as the server tells it now."""
        uri = self.document["registration_client_uri"]
        return json_of(self.server.http.get(uri, headers=self.bearer))

    def unregister(self) -> None:
        """Leave, as each client of the suite does at the end."""
        uri = self.document["registration_client_uri"]
        assert self.server.http.delete(uri, headers=self.bearer).status_code == 204

    def token(self, **fields: str) -> httpx.Response:
        """Call the token endpoint and prove itself by the registered method."""
        headers, own = self._proof()
        url = self.server.metadata["token_endpoint"]
        return self.server.http.post(url, data={**own, **fields}, headers=headers)

    def exchange(self, code: str, **fields: str) -> httpx.Response:
        """Present a code."""
        own = {"grant_type": "authorization_code", "redirect_uri": self.redirect_uri, "code": code}
        return self.token(**{**own, **fields})

    def refresh(self, refresh_token: str, **fields: str) -> httpx.Response:
        """Present a refresh token."""
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **fields)

    def assertion(self) -> str:
        """Return a JWT that proves who it is (RFC 7523 §3)."""
        assert self.key is not None
        now = int(seconds_now())
        audience = self.audience or self.server.metadata["token_endpoint"]
        claims = {"iss": self.id, "sub": self.id, "aud": audience, "jti": next_name("jti")}
        times = {"iat": now, "exp": now + 60}
        header = {"alg": "RS256", "kid": self.key.kid}
        return jwt.encode(header, {**claims, **times}, self.key, algorithms=["RS256"])

    def _proof(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the headers and the fields that prove who it is."""
        match self.document["token_endpoint_auth_method"]:
            case "private_key_jwt":
                proof = {"client_assertion_type": JWT_BEARER, "client_assertion": self.assertion()}
                return {}, proof
            case "client_secret_post":
                secret = str(self.document["client_secret"])
                return {}, {"client_id": self.id, "client_secret": secret}
            case _:
                # RFC 6749 §2.3.1: both are form-urlencoded before base64.
                pair = f"{quote_plus(self.id)}:{quote_plus(str(self.document['client_secret']))}"
                encoded = base64.b64encode(pair.encode()).decode()
                return {"Authorization": f"Basic {encoded}"}, {}

    def logout_url(self, **parameters: str | None) -> str:
        """Return the address of a logout request."""
        sent = {name: value for name, value in parameters.items() if value is not None}
        return f"{self.server.metadata['end_session_endpoint']}?{urlencode(sent)}"


def new_callback(server: TestedServer) -> str:
    """Return a redirect URI of one client alone."""
    return f"{server.site.origin}/{next_name('party')}/callback"


def next_name(kind: str) -> str:
    """Return a name that was not used before."""
    return f"{kind}-{next(numbers)}"


def leaving(party: Party) -> Iterator[Party]:
    """Yield a client that registered itself, and let it leave in the end."""
    yield party
    party.unregister()
