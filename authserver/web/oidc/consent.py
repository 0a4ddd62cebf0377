"""The page that asks whether a client may have what it asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.domain.clients import Client
from authserver.domain.interactions import InteractionId
from authserver.flows.visitor import InteractionGone
from authserver.lane import Lane
from authserver.oidc.authorization.consent import ConsentStep, NotDue, Question
from authserver.oidc.authorization.outcomes import Ended, Paused
from authserver.web.browser import Browsers
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer
from authserver.web.request_form import BadRequest, FormReader, check_form_token

CONSENT: Final = "consent"
WEB: Final = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRoutes:
    """`/consent/{interaction}`: shows the question, takes the answer."""

    step: ConsentStep
    client_of: Callable[[str], Client | None]
    lane: Lane
    browsers: Browsers
    forms: FormReader
    pages: PageRenderer
    errors: ErrorPages

    def routes(self) -> list[Route]:
        """Return the routes; without an interaction there is nothing to ask."""
        return [
            Route("/consent", self.nothing, methods=["GET"]),
            Route("/consent/{interaction}", self.show, methods=["GET"]),
            Route("/consent/{interaction}", self.answer, methods=["POST"]),
        ]

    async def nothing(self, request: Request) -> Response:
        """Lead a bookmark to the account page."""
        return self.pages.to("/account")

    async def show(self, request: Request) -> Response:
        """Show what the client would have."""
        question = await self.ask(request)
        if not isinstance(question, Question):
            return await self.elsewhere(request, question)
        context = {
            **content_of(question),
            # Not that of the client, which the page may wear.
            "instance": self.pages.brand,
            "action": request.url.path,
            "form_token": self.form_token(request, question),
            "wished_locale": question.interaction.locale,
        }
        return self.pages.page(request, "pages/consent.html", context, client=question.client)

    async def answer(self, request: Request) -> Response:
        """Take the answer to the very question that was shown to this browser."""
        fields = await self.forms.page_form(request)
        question = await self.ask(request)
        if not isinstance(question, Question):
            return await self.elsewhere(request, question)
        check_form_token(fields, self.form_token(request, question))
        match fields.get("decision"):
            case "allow":
                await self.lane.run(self.step.allow, question)
            case "deny":
                await self.lane.run(self.step.deny, question)
            case "other_account":
                return self.begin(request, await self.lane.run(self.step.sign_in_anew, question))
            case _:
                raise BadRequest("the decision is missing")
        return self.pages.to(f"/oidc/auth/{question.interaction.id}")

    async def ask(self, request: Request) -> Question | NotDue | Ended:
        """Return what is to be asked in this browser."""
        interaction = str(request.path_params["interaction"])
        return await self.lane.run(
            self.step.ask,
            InteractionId(interaction),
            self.browsers.interaction_secret(request, interaction),
            self.browsers.session_secret(request),
        )

    async def elsewhere(self, request: Request, found: NotDue | Ended) -> Response:
        """Lead on where nothing is to be asked, or show that the request is over."""
        if isinstance(found, NotDue):
            return self.pages.to(f"/oidc/auth/{found.interaction_id}")
        client_id = found.client_id
        client = await self.lane.run(self.client_of, client_id) if client_id else None
        gone = InteractionGone(reason=found.reason, client_id=client_id)
        return self.errors.ended(request, gone, client)

    def begin(self, request: Request, paused: Paused) -> Response:
        """Lead to the sign-in of somebody else."""
        response = self.pages.to(f"/{paused.page}/{paused.interaction_id}")
        if paused.cookie is not None:
            self.browsers.set_interaction(request, response, paused.interaction_id, paused.cookie)
        return response

    def form_token(self, request: Request, question: Question) -> str:
        """Return the token of the form, bound to browser, session and all that is asked."""
        cookie = self.browsers.interaction_secret(request, question.interaction.id)
        return self.pages.form_token(CONSENT, cookie or "", *question.facts)


def content_of(question: Question) -> dict[str, object]:
    """Return what the page says; names and addresses are the client's own words."""
    return {
        "email": question.account.address.typed,
        "leads_to": shown_target(question.request.target.redirect_uri),
        "scopes": list(question.access.scopes),
        "apis": [
            {
                "name": api.name,
                "scopes": api.words_for(question.access.resources[api.indicator]),
            }
            for api in question.apis
        ],
    }


def shown_target(uri: str) -> str:
    """Return where the person is led: the host, or the scheme of an app of theirs."""
    parts = urlsplit(uri)
    return parts.hostname if parts.hostname and parts.scheme in WEB else f"{parts.scheme}:"
