"""The account page, signing out of it, the language switch, and one-time links."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from authserver.domain.email_address import mask
from authserver.flows.account import OwnAccount
from authserver.flows.sign_in_link import SignInByLink
from authserver.flows.visitor import InteractionGone
from authserver.lane import Lane
from authserver.web.account_frame import OVERVIEW, AccountFrame
from authserver.web.browser import Browsers
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer
from authserver.web.request_form import FormReader, check_form_token
from authserver.web.signed_out import signed_out_page

LINK = "sign-in-link"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPages:
    """Self-service."""

    frame: AccountFrame
    account: OwnAccount
    links: SignInByLink
    lane: Lane
    browsers: Browsers
    forms: FormReader
    pages: PageRenderer
    errors: ErrorPages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/account", self.show, methods=["GET"]),
            Route("/account/signed-out", self.show_signed_out, methods=["GET"]),
            Route("/account/sign-out", self.sign_out, methods=["POST"]),
            Route("/language", self.set_language, methods=["POST"]),
            Route("/sign-in-link/{token}", self.show_link, methods=["GET"]),
            Route("/sign-in-link/{token}", self.use_link, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show who is signed in, or lead to the sign-in."""
        entered = await self.frame.enter(request)
        if entered is None:
            return self.pages.to("/sign-in")
        context = {
            "name": entered.account.claims.get("name"),
            "created_at": entered.account.created_at,
            "signed_in_at": entered.session.authenticated_at,
            "sign_out_action": "/account/sign-out",
        }
        return await self.frame.page(request, entered, None, "pages/account/overview.html", context)

    async def sign_out(self, request: Request) -> Response:
        """End the session of this browser."""
        told: tuple[str, ...] = ()
        if await self.frame.read(request, OVERVIEW) is not None:
            secret = self.browsers.session_secret(request)
            told = await self.lane.run(self.account.sign_out, secret)
        response = signed_out_page(self.pages, request, told)
        self.browsers.forget_session(response)
        return response

    async def show_signed_out(self, request: Request) -> Response:
        """Say that this browser is signed out, where it is."""
        if await self.frame.enter(request) is not None:
            return self.pages.to("/account")
        return signed_out_page(self.pages, request, ())

    async def set_language(self, request: Request) -> Response:
        """Remember the language and go back to the page."""
        fields = await self.forms.page_form(request)
        path = fields.get("return_to", "")
        # Only paths of ours: two slashes or a backslash would name another host.
        is_own = path.startswith("/") and not path.startswith("//") and "\\" not in path
        response = RedirectResponse(
            self.pages.endpoint.at(path if is_own and path.isprintable() else "/account"), 303
        )
        if fields.get("language") in self.pages.renderer.languages:
            self.browsers.set_language(response, fields["language"])
        return response

    async def show_link(self, request: Request) -> Response:
        """Show the button of a one-time link; opening it uses nothing up."""
        token = str(request.path_params["token"])
        account = await self.lane.run(self.links.look, token)
        if account is None:
            return self.errors.ended(request, InteractionGone(reason="link_used"), None)
        context = {
            "action": f"/sign-in-link/{token}",
            "email_masked": mask(account.address.typed),
            "form_token": self.pages.form_token(LINK, token),
        }
        return self.pages.page(request, "pages/sign_in_link.html", context)

    async def use_link(self, request: Request) -> Response:
        """Sign in by the link."""
        fields = await self.forms.page_form(request)
        token = str(request.path_params["token"])
        check_form_token(fields, self.pages.form_token(LINK, token))
        former = self.browsers.session_secret(request)
        secret = await self.lane.run(self.links.use, token, former, self.browsers.source(request))
        if secret is None:
            return self.errors.ended(request, InteractionGone(reason="link_used"), None)
        response = self.pages.to("/account")
        self.browsers.set_session(response, secret)
        return response
