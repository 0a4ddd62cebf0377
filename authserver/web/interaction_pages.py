"""What the pages of an interaction have in common: who acts, the form, where an outcome leads."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from authserver.domain.clients import Client
from authserver.domain.interactions import Interaction
from authserver.flows.completion import SignedIn
from authserver.flows.mail_permits import MailRefused
from authserver.flows.steps import Proceed, Step
from authserver.flows.visitor import GoOn, InteractionGone, Visitor
from authserver.lane import Lane
from authserver.web.browser import Browsers
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer
from authserver.web.request_form import FormReader, check_form_token

Outcome = SignedIn | Proceed | MailRefused | InteractionGone | GoOn


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionPages:
    """Reads requests and answers outcomes; the pages of a flow build upon it."""

    client_of: Callable[[str], Client | None]
    lane: Lane
    browsers: Browsers
    forms: FormReader
    pages: PageRenderer
    errors: ErrorPages

    async def read(self, request: Request) -> tuple[dict[str, str], Visitor]:
        """Return the fields of a form that is ours and made for this browser."""
        fields = await self.forms.page_form(request)
        visitor = self.visitor(request)
        # Without the cookie the use case answers that the page belongs to another browser.
        if visitor.interaction_cookie is not None:
            check_form_token(fields, self.form_token(visitor))
        return fields, visitor

    def visitor(self, request: Request) -> Visitor:
        """Return who acts, with the language chosen by hand."""
        return self.browsers.visitor(request, self.pages.chosen_locale(request))

    def form_token(self, visitor: Visitor) -> str:
        """Return the token of forms of this interaction in this browser."""
        cookie = visitor.interaction_cookie or ""
        return self.pages.form_token("interaction", visitor.interaction_id, cookie)

    def common(self, visitor: Visitor, interaction: Interaction) -> dict[str, object]:
        """Return what every page of an interaction is rendered with."""
        return {"form_token": self.form_token(visitor), "wished_locale": interaction.locale}

    async def lead(
        self, request: Request, outcome: Outcome, path_of: Callable[[Step], str]
    ) -> Response:
        """Return where an outcome leads; `path_of` names the pages of the flow."""
        interaction = str(request.path_params["interaction"])
        match outcome:
            case SignedIn():
                response = self.pages.to(f"/oidc/auth/{interaction}")
                self.browsers.set_session(response, outcome.session_secret)
                if outcome.device_secret is not None:
                    self.browsers.set_device(response, outcome.device_secret)
                return response
            case GoOn():
                return self.pages.to(f"/oidc/auth/{interaction}")
            case Proceed():
                return self.pages.to(path_of(outcome.step))
            case MailRefused(client_id=client_id) | InteractionGone(client_id=client_id):
                client = await self.lane.run(self.client_of, client_id) if client_id else None
                if isinstance(outcome, MailRefused):
                    back = path_of(Step.ADDRESS)
                    return self.errors.mail_refused(request, outcome, back, client)
                return self.errors.ended(request, outcome, client)

    def cancel_action(self, client: Client | None, page: str) -> str | None:
        """Return where to give up, if a client waits for the answer."""
        return None if client is None or client.is_built_in else f"{page}/cancel"
