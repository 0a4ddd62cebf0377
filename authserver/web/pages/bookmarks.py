"""Addresses that people bookmark or type: they lead to the account page, never nowhere."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.flows.account import OwnAccount
from authserver.lane import Lane
from authserver.oidc.authorization.endpoint import AuthorizationEndpoint
from authserver.web.acting_get import acting_get
from authserver.web.browser import Browsers
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmarks:
    """`/`, `/sign-in`, `/register` and `/forgot-password`, without an interaction."""

    account: OwnAccount
    authorization: AuthorizationEndpoint
    lane: Lane
    browsers: Browsers
    pages: PageRenderer
    errors: ErrorPages
    has_passwords: Callable[[], bool]

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self.home, methods=["GET"]),
            acting_get("/sign-in", self.sign_in),
            acting_get("/register", self.register),
            acting_get("/forgot-password", self.forgot_password),
        ]

    async def home(self, request: Request) -> Response:
        """Lead to the account page."""
        return self.pages.to("/account")

    async def sign_in(self, request: Request) -> Response:
        """Begin to sign in to the account page."""
        return await self.begin(request, register=False)

    async def register(self, request: Request) -> Response:
        """Begin to create an account."""
        return await self.begin(request, register=True)

    async def forgot_password(self, request: Request) -> Response:
        """Begin to choose a new password; afterwards one signs in to the account page.

        A session does not stand in the way: whoever has it may have forgotten the password.
        """
        if not await self.lane.run(self.has_passwords):
            return self.errors.page(request, 404)
        return await self.pause(request, "/forgot-password")

    async def begin(self, request: Request, *, register: bool) -> Response:
        """Begin an interaction of the account page; whoever is signed in is there already."""
        secret = self.browsers.session_secret(request)
        if secret is not None and await self.lane.run(self.account.look, secret) is not None:
            return self.pages.to("/account")
        return await self.pause(request, "/register" if register else "/sign-in")

    async def pause(self, request: Request, path: str) -> Response:
        """Begin an interaction of the account page with the first page of a flow."""
        locale = self.pages.locale_of(request)
        paused = await self.lane.run(
            self.authorization.begin_for_account, locale, register=path == "/register"
        )
        response = self.pages.to(f"{path}/{paused.interaction_id}")
        if paused.cookie is not None:
            self.browsers.set_interaction(request, response, paused.interaction_id, paused.cookie)
        return response
