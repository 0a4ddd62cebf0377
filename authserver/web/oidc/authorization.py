"""The authorization endpoint over HTTP: begin and resume."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.domain.clients import Client
from authserver.domain.interactions import InteractionId
from authserver.flows.visitor import InteractionGone
from authserver.lane import Lane
from authserver.oidc.authorization.endpoint import AuthorizationEndpoint
from authserver.oidc.authorization.outcomes import Answer, Ended, Paused, ToAccount
from authserver.oidc.authorization.request import ResponseMode
from authserver.oidc.authorization.resumption import Resumption
from authserver.oidc.errors import OAuthError
from authserver.oidc.parameters import Parameters
from authserver.web.acting_get import acting_get
from authserver.web.browser import Browsers
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer
from authserver.web.request_form import FormReader, decode_pairs

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRoutes:
    """`/oidc/auth` and its continuation after a pause."""

    endpoint: AuthorizationEndpoint
    resumption: Resumption
    client_of: Callable[[str], Client | None]
    lane: Lane
    browsers: Browsers
    forms: FormReader
    pages: PageRenderer
    errors: ErrorPages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            acting_get("/oidc/auth", self.begin),
            Route("/oidc/auth", self.begin_by_post, methods=["POST"]),
            acting_get("/oidc/auth/{interaction}", self.resume),
        ]

    async def begin(self, request: Request) -> Response:
        """Answer an authorization request (OIDC Core §3.1.2.1) or lead to a page."""
        parameters = Parameters.of(decode_pairs(request.scope["query_string"]))
        secret = self.browsers.session_secret(request)
        wished = (parameters.get("ui_locales") or "").split()
        locale = self.pages.renderer.negotiate(
            ui_locales=wished,
            cookie=self.browsers.language(request),
            accept_language=request.headers.get("accept-language"),
        )
        try:
            outcome = await self.lane.run(self.endpoint.begin, parameters, secret, locale)
        except OAuthError as error:
            return self.errors.client_fault(request, error)
        response = self.respond(request, outcome)
        if wished and self.browsers.language(request) is not None:
            # The newest wish counts, and a later switch on a page is newer still.
            self.browsers.set_language(response, locale)
        return response

    async def begin_by_post(self, request: Request) -> Response:
        """Lead a posted request to a GET: only that carries the cookies of this site."""
        pairs = await self.forms.pairs(request)
        return self.pages.to(f"/oidc/auth?{urlencode(pairs)}")

    async def resume(self, request: Request) -> Response:
        """Go on with a request after its pause."""
        interaction = str(request.path_params["interaction"])
        outcome = await self.lane.run(
            self.resumption.resume,
            InteractionId(interaction),
            self.browsers.interaction_secret(request, interaction),
            self.browsers.session_secret(request),
        )
        if isinstance(outcome, Ended):
            client_id = outcome.client_id
            client = await self.lane.run(self.client_of, client_id) if client_id else None
            gone = InteractionGone(reason=outcome.reason, client_id=client_id)
            return self.errors.ended(request, gone, client)
        return self.respond(request, outcome)

    def respond(self, request: Request, outcome: Answer | Paused | ToAccount) -> Response:
        """Return what an outcome becomes, with the cookies that go with it."""
        if isinstance(outcome, Paused):
            return self.pause(request, outcome)
        if isinstance(outcome, ToAccount):
            section = f"/{outcome.section}" if outcome.section else ""
            response = self.pages.to(f"/account{section}")
        else:
            response = self.answer(request, outcome)
        if outcome.session_secret is not None:
            self.browsers.set_session(response, outcome.session_secret)
        return response

    def pause(self, request: Request, paused: Paused) -> Response:
        """Lead to the first page, bound to this browser."""
        response = self.pages.to(f"/{paused.page}/{paused.interaction_id}")
        if paused.session_secret is not None:
            self.browsers.set_session(response, paused.session_secret)
        if paused.cookie is not None:
            self.browsers.set_interaction(request, response, paused.interaction_id, paused.cookie)
        return response

    def answer(self, request: Request, answer: Answer) -> Response:
        """Return the authorization response in its mode (RFC 6749 §4.1.2)."""
        target = answer.target
        if "error" in answer.parameters:
            logger.info(
                "oauth.refused",
                extra={
                    "error": answer.parameters["error"],
                    "detail": answer.parameters.get("error_description"),
                    "client": target.client.id,
                },
            )
        if target.response_mode is ResponseMode.FORM_POST:
            return self.pages.form_post(
                request, target.redirect_uri, answer.parameters, target.client
            )
        joint = "&" if "?" in target.redirect_uri else "?"
        # The registered URI is sent back byte for byte: it is not parsed again.
        location = f"{target.redirect_uri}{joint}{urlencode(answer.parameters)}"
        response = Response(status_code=303)
        response.headers["Location"] = location
        return response
