"""A tiny provider that says yes to everybody, and lies when told to."""

import base64
import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.demo.token_maker import Json, SigningKey, at_hash, claims_now, rsa_key

CLIENT_ID = "bookstore"
CLIENT_SECRET = "a secret: with/odd+characters%"


@dataclass
class StandInProvider:
    """Remembers what it was asked; the `changed_…` members are its lies."""

    url: str
    key: SigningKey = field(default_factory=rsa_key)
    published: list[Json] | None = None
    changed_claims: Json = field(default_factory=dict)
    changed_userinfo: Json = field(default_factory=dict)
    changed_tokens: Json = field(default_factory=dict)
    changed_metadata: Json = field(default_factory=dict)
    changed_answer: dict[str, str | None] = field(default_factory=dict)
    refresh_error: str | None = None
    is_down: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    signed_out: list[dict[str, str]] = field(default_factory=list)
    key_fetches: int = 0
    spent: set[str] = field(default_factory=set)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _refresh_token: str = ""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def issuer(self) -> str:
        return f"{self.url}/oidc"

    def application(self) -> Starlette:
        paths = {
            "/.well-known/openid-configuration": self.metadata,
            "/auth": self.authorize,
            "/jwks": self.jwks,
            "/me": self.userinfo,
            "/session/end": self.end_session,
        }
        routes = [Route(f"/oidc{path}", endpoint) for path, endpoint in paths.items()]
        return Starlette(routes=[*routes, Route("/oidc/token", self.token, methods=["POST"])])

    async def metadata(self, request: Request) -> Response:
        if self.is_down:
            return JSONResponse({}, status_code=503)
        document: Json = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/me",
            "end_session_endpoint": f"{self.issuer}/session/end",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse(document | self.changed_metadata)

    async def authorize(self, request: Request) -> Response:
        asked = dict(parse_qsl(request.url.query))
        self.asked.append(asked)
        code = self._fresh("code")
        self._codes[code] = asked
        told = {"code": code, "state": asked["state"], "iss": self.issuer} | self.changed_answer
        answer = {name: value for name, value in told.items() if value is not None}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", status_code=303)

    async def jwks(self, request: Request) -> Response:
        self.key_fetches += 1
        keys = [self.key.public_jwk()] if self.published is None else self.published
        return JSONResponse({"keys": keys})

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if not _is_the_client(request):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        nonce = self._refreshed(form) if "refresh_token" in form else self._exchanged(form)
        if nonce is None:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return JSONResponse(self._tokens(nonce) | self.changed_tokens)

    async def userinfo(self, request: Request) -> Response:
        userinfo: Json = {"sub": "subject-1", "email": "ada@example.com", "email_verified": True}
        return JSONResponse(userinfo | self.changed_userinfo)

    async def end_session(self, request: Request) -> Response:
        asked = dict(parse_qsl(request.url.query))
        self.signed_out.append(asked)
        target = f"{asked['post_logout_redirect_uri']}?state={asked['state']}"
        return RedirectResponse(target, status_code=303)

    def _fresh(self, name: str) -> str:
        return f"{name}-{next(self._numbers)}"

    def _exchanged(self, form: dict[str, str]) -> str | None:
        asked = self._codes.pop(form["code"], None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return asked["nonce"] if challenge == asked["code_challenge"] else None

    def _refreshed(self, form: dict[str, str]) -> str | None:
        if self.refresh_error is not None or form["refresh_token"] != self._refresh_token:
            return None
        self.spent.add(form["refresh_token"])
        return self.asked[-1]["nonce"]

    def _tokens(self, nonce: str) -> Json:
        access_token = self._fresh("access-token")
        self._refresh_token = self._fresh("refresh-token")
        changes = {"iss": self.issuer, "nonce": nonce, "at_hash": at_hash(access_token)}
        claims = claims_now(**(changes | self.changed_claims))
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "openid profile email offline_access",
            "id_token": self.key.sign(claims),
            "refresh_token": self._refresh_token,
        }


def _is_the_client(request: Request) -> bool:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    name, _, secret = base64.b64decode(encoded).decode().partition(":")
    given = (unquote_plus(name), unquote_plus(secret))
    return scheme == "Basic" and given == (CLIENT_ID, CLIENT_SECRET)
