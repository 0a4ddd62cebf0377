"""The pages of the second step: a mailed code, a password, or a recovery code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.domain.second_factors import RECOVERY_CODE_LENGTH
from authserver.domain.verifications import Purpose, Verification
from authserver.flows.second_step import SecondStanding, SecondStep, Way
from authserver.flows.second_step_secrets import SecondStepSecrets
from authserver.flows.steps import Step
from authserver.web.code_page import numbers_of, shown_notice
from authserver.web.interaction_pages import InteractionPages

SUFFIXES: Final = {Step.SECOND_STEP: "/second-step", Step.RECOVERY_CODE: "/recovery-code"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepPages(InteractionPages):
    """Between the first factor and the session."""

    step: SecondStep
    secrets: SecondStepSecrets

    def routes(self) -> list[Route]:
        """Return the routes; the way back and giving up are those of the sign-in."""
        page = "/sign-in/{interaction}"
        return [
            Route(f"{page}/second-step", self.show, methods=["GET"]),
            Route(f"{page}/second-step", self.submit, methods=["POST"]),
            Route(f"{page}/second-step/resend", self.ask_for_mail, methods=["POST"]),
            Route(f"{page}/recovery-code", self.show_recovery, methods=["GET"]),
            Route(f"{page}/recovery-code", self.submit_recovery, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the way that is offered first."""
        visitor = self.visitor(request)
        standing = await self.lane.run(self.step.look, visitor)
        if not isinstance(standing, SecondStanding):
            return await self.lead(request, standing, self.path_of(request))
        if standing.way is Way.RECOVERY_CODE:
            return self.pages.to(self.path_of(request)(Step.RECOVERY_CODE))
        template, context = self.content(request, standing)
        return self.page(request, template, context, standing, Step.SECOND_STEP)

    async def show_recovery(self, request: Request) -> Response:
        """Ask for a recovery code."""
        visitor = self.visitor(request)
        standing = await self.lane.run(self.step.look, visitor)
        if not isinstance(standing, SecondStanding):
            return await self.lead(request, standing, self.path_of(request))
        path_of = self.path_of(request)
        other_way = None if standing.way is Way.RECOVERY_CODE else path_of(Step.SECOND_STEP)
        context: dict[str, object] = {
            "action": path_of(Step.RECOVERY_CODE),
            "other_way": other_way,
        }
        template = "pages/second_step/recovery_code.html"
        return self.page(request, template, context, standing, Step.RECOVERY_CODE)

    async def submit(self, request: Request) -> Response:
        """Take the mailed code or the password, whichever was asked for."""
        fields, visitor = await self.read(request)
        if "password" in fields:
            outcome = await self.lane.run_hashing(
                self.secrets.submit_password, visitor, fields["password"]
            )
        else:
            code = fields.get("code", "")
            outcome = await self.lane.run(self.step.submit_code, visitor, code)
        return await self.lead(request, outcome, self.path_of(request))

    async def ask_for_mail(self, request: Request) -> Response:
        """Mail the code of the second step."""
        _, visitor = await self.read(request)
        outcome = await self.lane.run(self.step.ask_for_mail, visitor)
        return await self.lead(request, outcome, self.path_of(request))

    async def submit_recovery(self, request: Request) -> Response:
        """Take a recovery code."""
        fields, visitor = await self.read(request)
        outcome = await self.lane.run_hashing(
            self.secrets.submit_recovery_code, visitor, fields.get("code", "")
        )
        return await self.lead(request, outcome, self.path_of(request))

    def path_of(self, request: Request) -> Callable[[Step], str]:
        """Return what names the pages of the request's interaction."""
        page = f"/sign-in/{request.path_params['interaction']}"
        return lambda step: page + SUFFIXES.get(step, "")

    def content(self, request: Request, standing: SecondStanding) -> tuple[str, dict[str, object]]:
        """Return template and context of the way that is offered first."""
        path_of = self.path_of(request)
        page = path_of(Step.SECOND_STEP)
        common: dict[str, object] = {
            "action": page,
            "email": standing.account.address.typed,
            "recovery_url": path_of(Step.RECOVERY_CODE),
        }
        if standing.way is Way.PASSWORD:
            return "pages/second_step/password.html", common
        if standing.verification is None:
            common["action"] = f"{page}/resend"
            return "pages/second_step/mail.html", common
        locale = self.visitor(request).locale_in(standing.interaction)
        code_page = self.code_page(page, standing, standing.verification, locale)
        return "pages/code.html", common | code_page

    def code_page(
        self, page: str, standing: SecondStanding, verification: Verification, locale: str
    ) -> dict[str, object]:
        """Return what the page of a mailed code needs beside the rest."""
        interaction = standing.interaction
        return {
            "purpose": Purpose.MFA_VERIFICATION.name.lower(),
            "resend_action": f"{page}/resend",
            "new_code_action": f"{page}/resend",
            "restart_action": None,
            **self.pages.mail_to_look_for(verification, locale, standing.client),
            "mails_to_unknown": True,
            "symbols": verification.code_class.symbols,
            "request_label": verification.label,
            "sent_again": bool(interaction.notice.get("again")),
            **numbers_of(verification, standing.now),
        }

    def page(
        self,
        request: Request,
        template: str,
        context: dict[str, object],
        standing: SecondStanding,
        step: Step,
    ) -> Response:
        """Return a page of the second step."""
        visitor = self.visitor(request)
        sign_in = f"/sign-in/{visitor.interaction_id}"
        is_code_page = template == "pages/code.html"
        full = {
            "notice": shown_notice(
                standing.interaction,
                standing.verification if is_code_page else None,
                standing.now,
                step,
            ),
            "symbols": RECOVERY_CODE_LENGTH,
            "start_over_action": f"{sign_in}/restart",
            "cancel_action": self.cancel_action(standing.client, sign_in),
            **self.common(visitor, standing.interaction),
            **context,
        }
        return self.pages.page(request, template, full, client=standing.client)
