"""Dynamic client registration over HTTP (RFC 7591, RFC 7592)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from authserver.domain.clients import ClientId
from authserver.lane import Lane
from authserver.oidc.client_registration import PATH, ClientRegistration
from authserver.oidc.errors import InvalidClientMetadata, OAuthError
from authserver.oidc.registration_limits import TooManyRegistrations
from authserver.web.bearer import bearer
from authserver.web.client_address import ClientAddresses
from authserver.web.error_responses import oauth_error
from authserver.web.request_form import TOO_LARGE, BadRequest, FormReader
from authserver.web.sector_identifiers import SectorDocuments

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
OF_CLIENT: Final = PATH + "/{client_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRoutes:
    """`/oidc/reg`, for clients themselves; what they send is JSON.

    Who names a logo waits a moment for it, so that the first page shows it already.
    """

    registration: ClientRegistration
    fetch_logo: Callable[[ClientId], Awaitable[None]]
    sectors: SectorDocuments
    addresses: ClientAddresses
    lane: Lane
    forms: FormReader

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(PATH, self.register, methods=["POST"]),
            Route(OF_CLIENT, self.read, methods=["GET"]),
            Route(OF_CLIENT, self.update, methods=["PUT"]),
            Route(OF_CLIENT, self.delete, methods=["DELETE"]),
        ]

    async def register(self, request: Request) -> Response:
        """Register a client (RFC 7591 §3.1)."""
        try:
            token = bearer(request)
            await self.lane.run(self.registration.check_initial, token)
            document = await self.document(request)
            source = self.addresses.source_of(request)
            body = await self.sectors.run(self.registration.register, document, token, source)
        except TooManyRegistrations as error:
            refused = oauth_error(error)
            refused.headers["Retry-After"] = str(error.wait_seconds)
            return refused
        except OAuthError as error:
            return oauth_error(error)
        await self.look_at_logo(body)
        return JSONResponse(body, status_code=201, headers=NO_STORE)

    async def read(self, request: Request) -> Response:
        """Return what is registered (RFC 7592 §2.1)."""
        try:
            body = await self.lane.run(self.registration.read, client_of(request), bearer(request))
        except OAuthError as error:
            return oauth_error(error)
        return JSONResponse(body, headers=NO_STORE)

    async def update(self, request: Request) -> Response:
        """Replace what is registered (RFC 7592 §2.2)."""
        try:
            document = await self.document(request)
            body = await self.sectors.run(
                self.registration.update, client_of(request), bearer(request), document
            )
        except OAuthError as error:
            return oauth_error(error)
        await self.look_at_logo(body)
        return JSONResponse(body, headers=NO_STORE)

    async def delete(self, request: Request) -> Response:
        """Delete the client (RFC 7592 §2.3)."""
        try:
            await self.lane.run(self.registration.delete, client_of(request), bearer(request))
        except OAuthError as error:
            return oauth_error(error)
        return Response(status_code=204, headers=NO_STORE)

    async def look_at_logo(self, body: Mapping[str, object]) -> None:
        """Fetch the logo of a client that names one, where it is new."""
        if "logo_uri" in body:
            await self.fetch_logo(ClientId(str(body["client_id"])))

    async def document(self, request: Request) -> dict[str, Any]:
        """Return the JSON object of the body."""
        try:
            return await self.forms.members(request)
        except BadRequest as fault:
            if fault.status == TOO_LARGE:
                raise
            raise InvalidClientMetadata(str(fault)) from fault


def client_of(request: Request) -> str:
    """Return the client that the address names."""
    return str(request.path_params["client_id"])
