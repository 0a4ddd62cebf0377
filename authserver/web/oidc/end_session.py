"""RP-initiated logout over HTTP."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.lane import Lane
from authserver.oidc.end_session import AskFirst, EndSession
from authserver.oidc.errors import OAuthError
from authserver.oidc.parameters import Parameters
from authserver.web.acting_get import acting_get
from authserver.web.browser import Browsers
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer
from authserver.web.request_form import FormReader, check_form_token, decode_pairs
from authserver.web.signed_out import signed_out_page

CARRIED: Final = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
FORGET: Final = "forget_browser"
CONFIRM: Final = "/oidc/session/end/confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessionRoutes:
    """`/oidc/session/end`: at once where it is surely meant, else after asking."""

    end_session: EndSession
    lane: Lane
    browsers: Browsers
    forms: FormReader
    pages: PageRenderer
    errors: ErrorPages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            acting_get("/oidc/session/end", self.begin),
            Route("/oidc/session/end", self.begin_by_post, methods=["POST"]),
            Route(CONFIRM, self.confirm, methods=["POST"]),
        ]

    async def begin(self, request: Request) -> Response:
        """End the session, or ask the person."""
        parameters = Parameters.of(decode_pairs(request.scope["query_string"]))
        return await self.sign_out(request, parameters, confirmed=False)

    async def begin_by_post(self, request: Request) -> Response:
        """Lead a posted request to a GET: only that carries the cookies of this site."""
        pairs = await self.forms.pairs(request)
        return self.pages.to(f"/oidc/session/end?{urlencode(pairs)}")

    async def confirm(self, request: Request) -> Response:
        """End the session because the person has pressed the button."""
        fields = await self.forms.page_form(request)
        check_form_token(fields, self.form_token(request))
        carried = [(name, fields[name]) for name in CARRIED if name in fields]
        forgotten = self.browsers.device_secret(request) if FORGET in fields else None
        return await self.sign_out(
            request, Parameters.of(carried), confirmed=True, forgotten_device=forgotten
        )

    async def sign_out(
        self,
        request: Request,
        parameters: Parameters,
        *,
        confirmed: bool,
        forgotten_device: str | None = None,
    ) -> Response:
        """Call the use case and answer."""
        secret = self.browsers.session_secret(request)
        try:
            outcome = await self.lane.run(
                self.end_session.sign_out,
                parameters,
                secret,
                confirmed=confirmed,
                forgotten_device=forgotten_device,
            )
        except OAuthError as error:
            return self.errors.client_fault(request, error)
        if isinstance(outcome, AskFirst):
            return self.ask(request, outcome, parameters)
        if outcome.redirect_to is not None and not outcome.told:
            response = Response(status_code=303, headers={"Location": outcome.redirect_to})
        else:
            response = signed_out_page(
                self.pages,
                request,
                outcome.told,
                onward=outcome.redirect_to,
                client=outcome.client,
            )
        self.browsers.forget_session(response)
        if forgotten_device is not None:
            self.browsers.forget_device(response)
        return response

    def ask(self, request: Request, asked: AskFirst, parameters: Parameters) -> Response:
        """Return the page that asks whether signing out is meant."""
        values = parameters.values
        context = {
            "action": CONFIRM,
            "stay_url": "/account",
            "email": asked.account.address.typed,
            "fields": {name: values[name] for name in CARRIED if name in values},
            "form_token": self.form_token(request),
        }
        return self.pages.page(request, "pages/sign_out/ask.html", context, client=asked.client)

    def form_token(self, request: Request) -> str:
        """Return the token of the form, bound to the session that it would end."""
        return self.pages.form_token("sign-out", self.browsers.session_secret(request) or "")
