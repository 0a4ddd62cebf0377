"""A client's side of the protocol, written out by hand: nothing of it is shared with the server."""

import base64
import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

from authserver.administration.clients import NewClient
from authserver.domain.clients import ClientKind
from tests.support.person import Person
from tests.support.provider import CALLBACK, HOME, Provider

EMAIL = "anna@example.com"
VERIFIER = "a-verifier.of_at~least-43-unreserved-characters"
OTHER_VERIFIER = "another-verifier-of-at-least-43-characters-"
STATE = "the state"
FULL_SCOPE = "openid offline_access profile email"


class RelyingParty:
    """One registered client at one provider."""

    def __init__(self, provider: Provider, made: NewClient) -> None:
        self.provider = provider
        self.id = made.client.id
        self.secret = None if made.secret is None else made.secret.reveal()
        self.redirect_uri = next(iter(made.client.redirect_uris), CALLBACK)
        self.has_pkce = not made.client.is_exempt_from_pkce
        self.http = provider.http()

    @classmethod
    def registered(
        cls, provider: Provider, *, kind: ClientKind = ClientKind.WEB, requires_pkce: bool = True
    ) -> "RelyingParty":
        """Register a client with the usual addresses."""
        return cls(provider, provider.new_client(kind=kind, requires_pkce=requires_pkce))

    @classmethod
    def at(
        cls, provider: Provider, *redirect_uris: str, kind: ClientKind = ClientKind.WEB
    ) -> "RelyingParty":
        """Register a client with addresses of its own."""
        made = provider.server.clients.create(
            name="Bookstore", kind=kind, redirect_uris=redirect_uris, post_logout_redirect_uris=()
        )
        return cls(provider, made)

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """Return the parameters of an authorization request; a change to None leaves one out."""
        challenge = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
        wanted: dict[str, str | None] = {
            "client_id": self.id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": FULL_SCOPE,
            "state": STATE,
            **(challenge if self.has_pkce else {}),
            **changes,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def url(self, **changes: str | None) -> str:
        """Return the address of an authorization request."""
        return f"{self.provider.endpoint}/oidc/auth?{urlencode(self.parameters(**changes))}"

    def sign_in(
        self, person: Person | None = None, email: str = EMAIL, /, **changes: str | None
    ) -> str:
        """Let somebody sign in by mailed code, and return the authorization code."""
        visitor = person or self.provider.person()
        return answer_in(visitor.sign_in(self.url(**changes), email))["code"]

    def silent_code(self, person: Person, **changes: str | None) -> str:
        """Return a code that needs no page."""
        return answer_in(person.pass_through(self.url(**changes)))["code"]

    def exchange(self, code: str, **changes: str | None) -> httpx.Response:
        """Present a code at the token endpoint."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER if self.has_pkce else None,
        }
        return self.post("/oidc/token", **{**fields, **changes})

    def tokens(
        self, person: Person | None = None, email: str = EMAIL, /, **changes: str | None
    ) -> dict[str, Any]:
        """Sign somebody in and return the token response."""
        return body_of(self.exchange(self.sign_in(person, email, **changes)))

    def refresh(self, refresh_token: str, **changes: str | None) -> httpx.Response:
        """Present a refresh token."""
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.post("/oidc/token", **{**fields, **changes})

    def revoke(self, token: str, **changes: str | None) -> httpx.Response:
        """Present a token at the revocation endpoint."""
        return self.post("/oidc/token/revocation", token=token, **changes)

    def post(self, path: str, **fields: str | None) -> httpx.Response:
        """Call as this client, authenticated in the body."""
        own = {"client_id": self.id, "client_secret": self.secret}
        sent = {name: value for name, value in {**own, **fields}.items() if value is not None}
        return self.http.post(path, data=sent)

    def userinfo(self, access_token: str) -> httpx.Response:
        """Ask for the claims of a person."""
        return self.http.get("/oidc/me", headers={"Authorization": f"Bearer {access_token}"})

    def logout_url(self, **changes: str | None) -> str:
        """Return the address of a logout request; a change to None leaves a parameter out."""
        wanted: dict[str, str | None] = {
            "client_id": self.id,
            "post_logout_redirect_uri": HOME,
            **changes,
        }
        query = urlencode({name: value for name, value in wanted.items() if value is not None})
        return f"{self.provider.endpoint}/oidc/session/end?{query}"

    def claims(self, id_token: str) -> dict[str, Any]:
        """Verify an ID token by the published keys, as a stranger's library does."""
        keys = KeySet.import_key_set(self.http.get("/oidc/jwks").json())
        claims: dict[str, Any] = jwt.decode(id_token, keys, algorithms=["RS256"]).claims
        return claims


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 §4.2)."""
    return unpadded(hashlib.sha256(verifier.encode()).digest())


def unpadded(content: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def header_of(token: str) -> dict[str, Any]:
    """Return the header of a JWT."""
    part = token.split(".", maxsplit=1)[0]
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return header


def answer_in(location: str) -> dict[str, str]:
    """Return the parameters of an authorization response; each comes once."""
    pairs = parse_qsl(urlsplit(location).query, keep_blank_values=True, strict_parsing=True)
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def redirected(response: httpx.Response) -> dict[str, str]:
    """Return the parameters of an answer that leads to the callback."""
    assert response.status_code == 303, response.text
    location = response.headers["Location"]
    assert location.startswith(CALLBACK + "?")
    return answer_in(location)


def body_of(response: httpx.Response) -> dict[str, Any]:
    """Return the body of an answer that succeeded."""
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def refusal(response: httpx.Response, status: int = 400) -> str:
    """Return the error code of a refusal, having looked at the shape that all of them have."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    body = response.json()
    assert set(body) == {"error", "error_description", "code", "message"}
    assert all(isinstance(value, str) and value for value in body.values())
    assert body["code"] == f"oidc.{body['error']}"
    # RFC 6749 §5.2: ASCII without quotes and backslashes.
    assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]+", body["error_description"])
    return str(body["error"])


def error_page(response: httpx.Response) -> str:
    """Return the text of a page that tells the person of a fault and leads nowhere."""
    assert 400 <= response.status_code < 500, response.text
    assert "Location" not in response.headers
    assert response.headers["Content-Type"].startswith("text/html")
    return response.text
