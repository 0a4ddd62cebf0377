"""The page that the link of a mail leads to, on whatever device the mail is read."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.domain.finish_elsewhere import LINK_PATH
from authserver.domain.verifications import CodeOutcome
from authserver.flows.finish_elsewhere import FinishElsewhere, Opened
from authserver.flows.visitor import InteractionGone
from authserver.lane import Lane
from authserver.web.browser import Browsers
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer
from authserver.web.request_form import FormReader, check_form_token

LINK = "finish-elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishElsewherePages:
    """One page; opening it changes nothing, and no answer of it sets a cookie."""

    flow: FinishElsewhere
    lane: Lane
    browsers: Browsers
    forms: FormReader
    pages: PageRenderer
    errors: ErrorPages

    def routes(self) -> list[Route]:
        """Return the routes; none where mails have no link."""
        if not self.flow.codes.policy.finish_elsewhere:
            return []
        path = f"{LINK_PATH}/{{interaction}}/{{token}}"
        return [
            Route(path, self.show, methods=["GET"]),
            Route(path, self.enter_number, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show whose request it is, and ask for the number."""
        visitor = self.browsers.visitor(request, self.pages.chosen_locale(request))
        token = str(request.path_params["token"])
        opened = await self.lane.run(self.flow.look, visitor, token)
        if isinstance(opened, InteractionGone):
            return self.errors.ended(request, opened, None)
        context = {
            **content_of(opened),
            "action": request.url.path,
            "form_token": self.form_token(request),
            "wished_locale": opened.interaction.locale,
        }
        return self.pages.page(
            request, "pages/finish_elsewhere.html", context, client=opened.client
        )

    async def enter_number(self, request: Request) -> Response:
        """Judge the number and show what it came to."""
        fields = await self.forms.page_form(request)
        check_form_token(fields, self.form_token(request))
        visitor = self.browsers.visitor(request, None)
        token = str(request.path_params["token"])
        outcome = await self.lane.run(
            self.flow.enter_number, visitor, token, fields.get("code", "")
        )
        if isinstance(outcome, InteractionGone):
            return self.errors.ended(request, outcome, None)
        return self.pages.to(request.url.path)

    def form_token(self, request: Request) -> str:
        """Return the token of the form, bound to the link: this browser has no cookie of ours."""
        parameters = request.path_params
        return self.pages.form_token(LINK, parameters["interaction"], parameters["token"])


def content_of(opened: Opened) -> dict[str, object]:
    """Return what the page says."""
    verification = opened.verification
    state = "ask"
    if opened.ended is not None:
        state = "done" if opened.ended is CodeOutcome.ALREADY_USED else "over"
    return {
        "state": state,
        "ended": opened.ended,
        "purpose": verification.purpose.name.lower(),
        "requested_at": verification.created_at,
        "browser": verification.browser,
        "request_label": verification.label,
        "notice": notice_of(opened) if state == "ask" else None,
    }


def notice_of(opened: Opened) -> dict[str, object] | None:
    """Return what the last number came to, in the words that pages are given."""
    notice = opened.interaction.notice.get("elsewhere")
    if not isinstance(notice, dict):
        return None
    members = ("tries_left", "needed", "found")
    return {"outcome": notice.get("outcome"), **{name: notice.get(name) for name in members}}
