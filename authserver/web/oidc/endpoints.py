"""What clients call: metadata, keys, tokens, userinfo, revocation."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from authserver.lane import Lane
from authserver.oidc.discovery import Discovery
from authserver.oidc.errors import InvalidRequest, OAuthError, TokenRequired
from authserver.oidc.introspection import Introspection
from authserver.oidc.parameters import Parameters
from authserver.oidc.revocation import Revocation
from authserver.oidc.token_endpoint import TokenEndpoint
from authserver.oidc.userinfo import Userinfo
from authserver.web.bearer import bearer
from authserver.web.client_keys import ClientKeys
from authserver.web.cross_origin import CALLED_FROM_PAGES
from authserver.web.error_responses import oauth_error
from authserver.web.request_form import FORM_TYPE, FormReader

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
SHORT_CACHE: Final = "public, max-age=60, must-revalidate"
METADATA_PATHS: Final = (
    "/oidc/.well-known/openid-configuration",
    "/oidc/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/oidc",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEndpoints:
    """The back channel; errors are JSON, nothing with a token is cached."""

    discovery: Discovery
    tokens: TokenEndpoint
    userinfo: Userinfo
    revocation: Revocation
    introspection: Introspection
    lane: Lane
    client_keys: ClientKeys
    forms: FormReader

    def routes(self) -> list[Route]:
        """Return the routes."""
        open_paths = [Route(path, self.metadata, methods=["GET"]) for path in METADATA_PATHS]
        return [
            *open_paths,
            Route("/oidc/jwks", self.jwks, methods=["GET"]),
            Route("/oidc/token", self.token, methods=["POST"]),
            Route("/oidc/token/revocation", self.revoke, methods=["POST"]),
            Route("/oidc/token/introspection", self.introspect, methods=["POST"]),
            Route("/oidc/me", self.me, methods=["GET", "POST"]),
            *(Route(path, self.preflight, methods=["OPTIONS"]) for path in CALLED_FROM_PAGES),
        ]

    async def metadata(self, request: Request) -> Response:
        """Return the provider metadata (OIDC Discovery §4, RFC 8414 §3)."""
        return cacheable(request, await self.lane.run(self.discovery.metadata))

    async def jwks(self, request: Request) -> Response:
        """Return the key set (RFC 7517 §5)."""
        keys = await self.lane.run(self.discovery.keys.load)
        return cacheable(request, keys.as_jwks())

    async def token(self, request: Request) -> Response:
        """Answer a token request (RFC 6749 §3.2)."""
        try:
            parameters = await self.read(request)
            body = await self.client_keys.run(
                self.tokens.exchange, parameters, request.headers.get("authorization")
            )
        except OAuthError as error:
            return oauth_error(error)
        return JSONResponse(body, headers=NO_STORE)

    async def revoke(self, request: Request) -> Response:
        """Revoke a token (RFC 7009 §2)."""
        try:
            parameters = await self.read(request)
            await self.client_keys.run(
                self.revocation.revoke, parameters, request.headers.get("authorization")
            )
        except OAuthError as error:
            return oauth_error(error)
        return Response(status_code=200, headers=NO_STORE)

    async def introspect(self, request: Request) -> Response:
        """Tell the state of a token (RFC 7662 §2); for servers only, so without CORS."""
        try:
            parameters = await self.read(request)
            state = await self.client_keys.run(
                self.introspection.inspect, parameters, request.headers.get("authorization")
            )
        except OAuthError as error:
            return oauth_error(error)
        return JSONResponse(state, headers=NO_STORE)

    async def me(self, request: Request) -> Response:
        """Return the claims of the person (OIDC Core §5.3)."""
        try:
            token = await self.bearer_token(request)
            claims = await self.lane.run(self.userinfo.answer, token)
        except OAuthError as error:
            return oauth_error(error)
        if isinstance(claims, str):
            return Response(claims, media_type="application/jwt", headers=NO_STORE)
        return JSONResponse(claims, headers=NO_STORE)

    async def preflight(self, request: Request) -> Response:
        """Answer a browser that asks whether it may call; the passage says who may."""
        return Response(status_code=204)

    async def read(self, request: Request) -> Parameters:
        """Return the parameters of a back-channel call."""
        return Parameters.of(await self.forms.pairs(request))

    async def bearer_token(self, request: Request) -> str:
        """Return the access token of header or body, never of the query (RFC 6750 §2)."""
        in_header = bearer(request)
        in_body = None
        if request.headers.get("content-type", "").startswith(FORM_TYPE):
            in_body = (await self.read(request)).once("access_token")
        if in_header and in_body:
            raise InvalidRequest("the access token was sent in two ways")
        found = in_header or in_body
        if not found:
            raise TokenRequired("an access token is required")
        return found


def cacheable(request: Request, document: dict[str, object]) -> Response:
    """Return a public document with its ETag, or 304 where the caller has it."""
    body = json.dumps(document, separators=(",", ":")).encode()
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": SHORT_CACHE, "Access-Control-Allow-Origin": "*"}
    if is_known(etag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def is_known(etag: str, condition: str) -> bool:
    """Tell whether an If-None-Match names `etag`, weakened by a proxy or not (RFC 9110 §13.1.2)."""
    known = {each.strip().removeprefix("W/") for each in condition.split(",")}
    return not known.isdisjoint({etag, "*"})
