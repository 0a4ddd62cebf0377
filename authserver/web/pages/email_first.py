"""The pages of sign-in and registration: address, code, and the question that may be left."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from authserver.domain.clients import Client
from authserver.domain.verifications import Purpose, Verification
from authserver.flows.completion import SignedIn
from authserver.flows.email_first import EmailFirst
from authserver.flows.finish_elsewhere import FirstTab, News
from authserver.flows.mail_permits import MailRefused
from authserver.flows.steps import Proceed, Standing, Step
from authserver.flows.visitor import GoOn, InteractionGone, Visitor
from authserver.lane import Lane
from authserver.oidc.authorization.request import read_login_hint
from authserver.web.browser import Browsers
from authserver.web.code_page import numbers_of, shown_notice
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer
from authserver.web.request_form import FormReader, check_form_token

Outcome = SignedIn | Proceed | MailRefused | InteractionGone | GoOn

PATHS = {Purpose.SIGN_IN: "/sign-in", Purpose.REGISTER: "/register"}
DECISIONS = {Purpose.SIGN_IN: "create-account", Purpose.REGISTER: "existing"}
DECISION_TEMPLATES = {
    Purpose.SIGN_IN: "pages/sign_in/create_account.html",
    Purpose.REGISTER: "pages/register/existing.html",
}
ADDRESS_TEMPLATES = {
    Purpose.SIGN_IN: "pages/sign_in/address.html",
    Purpose.REGISTER: "pages/register/address.html",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailFirstPages:
    """The routes of one purpose."""

    flow: EmailFirst
    first_tab: FirstTab
    client_of: Callable[[str], Client | None]
    lane: Lane
    browsers: Browsers
    forms: FormReader
    pages: PageRenderer
    errors: ErrorPages

    @property
    def path(self) -> str:
        """Return what the paths of this purpose begin with."""
        return PATHS[self.flow.purpose]

    def routes(self) -> list[Route]:
        """Return the routes; the id of the interaction keeps tabs apart."""
        page = f"{self.path}/{{interaction}}"
        decision = f"{page}/{DECISIONS[self.flow.purpose]}"
        return [
            Route(page, self.show, methods=["GET"], name=Step.ADDRESS),
            Route(f"{page}/code", self.show, methods=["GET"]),
            Route(f"{page}/finish", self.show, methods=["GET"]),
            Route(decision, self.show, methods=["GET"]),
            Route(page, self.submit_address, methods=["POST"]),
            Route(f"{page}/code", self.submit_code, methods=["POST"]),
            Route(f"{page}/resend", self.resend, methods=["POST"]),
            Route(f"{page}/restart", self.restart, methods=["POST"]),
            Route(f"{page}/cancel", self.cancel, methods=["POST"]),
            Route(f"{page}/continue", self.continue_as, methods=["POST"]),
            Route(f"{page}/finish", self.go_on, methods=["POST"]),
            Route(decision, self.decide, methods=["POST"]),
            Route(f"{page}/news", self.news, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the step of the path, or lead to the one that is due."""
        visitor = self.visitor(request)
        standing = await self.lane.run(self.flow.look, visitor)
        if not isinstance(standing, Standing):
            return await self.answer(request, standing)
        due = self.path_of(visitor, standing.step)
        if request.url.path != due:
            return self.pages.to(due)
        template, context = self.content(visitor, standing)
        return self.pages.page(
            request,
            template,
            {
                "notice": shown_notice(
                    standing.interaction,
                    standing.verification if standing.step is Step.CODE else None,
                    standing.now,
                ),
                "form_token": self.form_token(visitor),
                "wished_locale": standing.interaction.locale,
                **context,
            },
            client=standing.client,
            asks_for_news=context.get("finish_elsewhere") is not None,
        )

    async def submit_address(self, request: Request) -> Response:
        """Take the address and go to the code page."""
        fields, visitor = await self.read(request)
        typed = fields.get("email", "")
        return await self.answer(
            request, await self.lane.run(self.flow.submit_address, visitor, typed)
        )

    async def submit_code(self, request: Request) -> Response:
        """Check the code."""
        fields, visitor = await self.read(request)
        entered = fields.get("code", "")
        return await self.answer(
            request, await self.lane.run(self.flow.submit_code, visitor, entered)
        )

    async def resend(self, request: Request) -> Response:
        """Send the code again."""
        _, visitor = await self.read(request)
        return await self.answer(request, await self.lane.run(self.flow.resend, visitor))

    async def restart(self, request: Request) -> Response:
        """Go back to the first step."""
        _, visitor = await self.read(request)
        return await self.answer(request, await self.lane.run(self.flow.restart, visitor))

    async def cancel(self, request: Request) -> Response:
        """Tell the client that the person did not sign in."""
        _, visitor = await self.read(request)
        return await self.answer(request, await self.lane.run(self.flow.cancel, visitor))

    async def continue_as(self, request: Request) -> Response:
        """Go on with the session there is."""
        _, visitor = await self.read(request)
        return await self.answer(request, await self.lane.run(self.flow.continue_as, visitor))

    async def decide(self, request: Request) -> Response:
        """Create the account, or sign in to the one there is."""
        _, visitor = await self.read(request)
        return await self.answer(request, await self.lane.run(self.flow.decide, visitor))

    async def go_on(self, request: Request) -> Response:
        """Go on with a mailbox that was proven on another device."""
        _, visitor = await self.read(request)
        return await self.answer(request, await self.lane.run(self.first_tab.go_on, visitor))

    async def news(self, request: Request) -> Response:
        """Tell the script of the code page whether to go on."""
        news = await self.lane.run(self.first_tab.news, self.visitor(request))
        if isinstance(news, InteractionGone):
            return JSONResponse({"news": News.OVER}, status_code=410)
        return JSONResponse({"news": news})

    async def answer(self, request: Request, outcome: Outcome) -> Response:
        """Return where an outcome leads."""
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
                return self.pages.to(self.path_of(self.visitor(request), outcome.step))
            case MailRefused(client_id=client_id) | InteractionGone(client_id=client_id):
                client = await self.lane.run(self.client_of, client_id) if client_id else None
                if isinstance(outcome, MailRefused):
                    back = f"{self.path}/{interaction}"
                    return self.errors.mail_refused(request, outcome, back, client)
                return self.errors.ended(request, outcome, client)

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

    def path_of(self, visitor: Visitor, step: Step) -> str:
        """Return the path of a step."""
        page = f"{self.path}/{visitor.interaction_id}"
        match step:
            case Step.ADDRESS:
                return page
            case Step.CODE:
                return f"{page}/code"
            case Step.PROVEN:
                return f"{page}/finish"
            case Step.DECISION:
                return f"{page}/{DECISIONS[self.flow.purpose]}"

    def content(self, visitor: Visitor, standing: Standing) -> tuple[str, dict[str, object]]:
        """Return template and context of the step that is due."""
        match standing.step:
            case Step.ADDRESS:
                return self.address_page(visitor, standing)
            case Step.CODE:
                return "pages/code.html", self.code_page(visitor, standing)
            case Step.PROVEN:
                return "pages/proven.html", self.proven_page(visitor, standing)
            case Step.DECISION:
                return self.decision_page(visitor, standing)

    def address_page(self, visitor: Visitor, standing: Standing) -> tuple[str, dict[str, object]]:
        """Return template and context of the first step."""
        page = f"{self.path}/{visitor.interaction_id}"
        notice = standing.interaction.notice
        hint = read_login_hint(standing.interaction.parameters.get("login_hint"))
        account = standing.signed_in_as
        context: dict[str, object] = {
            "action": page,
            "email": notice.get("entered") or hint or "",
            "register_action": f"/register/{visitor.interaction_id}",
            "sign_in_action": f"/sign-in/{visitor.interaction_id}",
            "cancel_action": self.cancel_action(standing, page),
            "continue_as": account
            and {"email": account.address.typed, "action": f"{page}/continue"},
        }
        return ADDRESS_TEMPLATES[self.flow.purpose], context

    def code_page(self, visitor: Visitor, standing: Standing) -> dict[str, object]:
        """Return the context of the code page."""
        page = f"{self.path}/{visitor.interaction_id}"
        verification = standing.verification
        if verification is None:
            raise AssertionError("the code step has a verification")
        return {
            "purpose": self.flow.purpose.name.lower(),
            "action": f"{page}/code",
            "resend_action": f"{page}/resend",
            "new_code_action": f"{page}/resend",
            "restart_action": f"{page}/restart",
            "cancel_action": self.cancel_action(standing, page),
            "email": verification.address.typed,
            "sender_name": self.pages.brand,
            "mail_subject": self.pages.mail_subject(
                visitor.locale_in(standing.interaction), self.flow.purpose
            ),
            "mails_to_unknown": self.flow.codes.policy.mails_to_unknown,
            "symbols": verification.code_class.symbols,
            "request_label": verification.label,
            "sent_again": bool(standing.interaction.notice.get("again")),
            "finish_elsewhere": self.finish_elsewhere(page, verification, standing),
            **numbers_of(verification, standing.now),
        }

    def finish_elsewhere(
        self, page: str, verification: Verification, standing: Standing
    ) -> dict[str, object] | None:
        """Return what the code page needs so that another device can finish it, if any may."""
        number = self.first_tab.number(verification, standing.now)
        if number is None:
            return None
        return {
            "number": number,
            "action": f"{page}/finish",
            "too_early": bool(standing.interaction.notice.get("too_early")),
            "news_url": f"{page}/news",
            "news_seconds": int((verification.expires_at - standing.now).total_seconds()),
        }

    def proven_page(self, visitor: Visitor, standing: Standing) -> dict[str, object]:
        """Return the context of the page that only goes on."""
        _, context = self.decision_page(visitor, standing)
        return {**context, "action": f"{self.path}/{visitor.interaction_id}/finish"}

    def decision_page(self, visitor: Visitor, standing: Standing) -> tuple[str, dict[str, object]]:
        """Return template and context of the question after the proof."""
        page = f"{self.path}/{visitor.interaction_id}"
        verification = standing.verification
        context: dict[str, object] = {
            "email": "" if verification is None else verification.address.typed,
            "action": f"{page}/{DECISIONS[self.flow.purpose]}",
            "restart_action": f"{page}/restart",
        }
        return DECISION_TEMPLATES[self.flow.purpose], context

    def cancel_action(self, standing: Standing, page: str) -> str | None:
        """Return where to give up, if a client waits for the answer."""
        client = standing.client
        return None if client is None or client.is_built_in else f"{page}/cancel"
