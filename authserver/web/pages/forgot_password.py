"""The pages of a reset after the proof: recovery code, new password, and that it is done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.domain.second_factors import RECOVERY_CODE_LENGTH
from authserver.flows.forgot_password import ForgotPassword, ResetStanding
from authserver.flows.steps import Proceed, Step
from authserver.web.code_page import shown_notice
from authserver.web.interaction_pages import InteractionPages

SUFFIXES: Final = {
    Step.SECOND_STEP: "/second-step",
    Step.NEW_PASSWORD: "/new-password",
    Step.DONE: "/done",
}
TEMPLATES: Final = {
    Step.SECOND_STEP: "pages/second_step/recovery_code.html",
    Step.NEW_PASSWORD: "pages/forgot_password/new_password.html",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgotPasswordPages(InteractionPages):
    """From the proven mailbox to the new password."""

    flow: ForgotPassword

    def routes(self) -> list[Route]:
        """Return the routes; those up to the proof are the same as a sign-in's."""
        page = "/forgot-password/{interaction}"
        return [
            Route(f"{page}/second-step", self.show, methods=["GET"]),
            Route(f"{page}/new-password", self.show, methods=["GET"]),
            Route(f"{page}/done", self.show, methods=["GET"]),
            Route(f"{page}/second-step", self.submit_recovery, methods=["POST"]),
            Route(f"{page}/new-password", self.save, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the step that is due, or lead to it."""
        standing = await self.lane.run(self.flow.look, self.visitor(request))
        path_of = self.path_of(request)
        step = standing.step if isinstance(standing, ResetStanding | Proceed) else None
        if step is None or request.url.path != path_of(step):
            due = (
                Proceed(interaction_id=standing.interaction.id, step=standing.step)
                if isinstance(standing, ResetStanding)
                else standing
            )
            return await self.lead(request, due, path_of)
        if isinstance(standing, ResetStanding):
            return self.page(request, standing)
        sign_in = f"/sign-in/{request.path_params['interaction']}"
        return self.pages.page(request, "pages/forgot_password/done.html", {"sign_in_url": sign_in})

    async def submit_recovery(self, request: Request) -> Response:
        """Take a recovery code."""
        fields, visitor = await self.read(request)
        outcome = await self.lane.run_hashing(
            self.flow.submit_recovery_code, visitor, fields.get("code", "")
        )
        return await self.lead(request, outcome, self.path_of(request))

    async def save(self, request: Request) -> Response:
        """Set the new password."""
        fields, visitor = await self.read(request)
        outcome = await self.lane.run_hashing(
            self.flow.save, visitor, fields.get("new_password", "")
        )
        return await self.lead(request, outcome, self.path_of(request))

    def path_of(self, request: Request) -> Callable[[Step], str]:
        """Return what names the pages of the request's interaction."""
        page = f"/forgot-password/{request.path_params['interaction']}"
        return lambda step: page + SUFFIXES.get(step, "")

    def page(self, request: Request, standing: ResetStanding) -> Response:
        """Return the page of the step that is due."""
        visitor = self.visitor(request)
        page = f"/forgot-password/{visitor.interaction_id}"
        context = {
            "notice": shown_notice(standing.interaction, None, standing.now, standing.step),
            "symbols": RECOVERY_CODE_LENGTH,
            "action": page + SUFFIXES[standing.step],
            "email": standing.account.address.typed,
            "least_length": self.flow.needed(standing),
            "other_way": None,
            "start_over_action": f"{page}/restart",
            "cancel_action": self.cancel_action(standing.client, page),
            **self.common(visitor, standing.interaction),
        }
        return self.pages.page(request, TEMPLATES[standing.step], context, client=standing.client)
