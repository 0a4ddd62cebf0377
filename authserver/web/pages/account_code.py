"""Account sections: confirming that it is still you, the code page, and the new address."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.domain.account_sections import Section
from authserver.domain.interactions import InteractionId
from authserver.domain.verifications import Purpose
from authserver.flows.account_code import AccountCodes, CodeDue, CodeStanding, SignInDue
from authserver.flows.account_confirmation import Confirmed
from authserver.flows.account_entry import Refused, Said
from authserver.flows.mail_permits import MailRefused
from authserver.flows.visitor import Visitor
from authserver.web.account_frame import AccountFrame
from authserver.web.acting_get import acting_get
from authserver.web.code_page import numbers_of, shown_notice
from authserver.web.request_form import ForeignForm, carries_form_token

Outcome = CodeDue | SignInDue | MailRefused | Confirmed | Said | Refused

CODE = "account code"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCodePages:
    """`/account/{section}/code` and what leads there."""

    frame: AccountFrame
    codes: AccountCodes

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            acting_get("/account/address", self.show_address),
            Route("/account/address", self.propose_address, methods=["POST"]),
            Route("/account/{section}/confirm", self.confirm, methods=["POST"]),
            acting_get("/account/{section}/code", self.show),
            Route("/account/{section}/code", self.submit_code, methods=["POST"]),
            Route("/account/{section}/resend", self.resend, methods=["POST"]),
            Route("/account/{section}/cancel", self.cancel, methods=["POST"]),
        ]

    async def show_address(self, request: Request) -> Response:
        """Show the address and, once the old mailbox is proven, the field for a new one."""
        entered = await self.frame.enter(request)
        if entered is None:
            return await self.frame.to_sign_in(request, Section.ADDRESS)
        actor = self.frame.actor(request)
        due = await self.frame.lane.run(self.codes.due, actor, entered, Section.ADDRESS)
        template = "pages/account/address.html"
        context = {"confirmation": due}
        return await self.frame.page(request, entered, Section.ADDRESS, template, context)

    async def propose_address(self, request: Request) -> Response:
        """Take the new address and go to the code page."""
        fields = await self.frame.read(request, Section.ADDRESS)
        if fields is None:
            return await self.frame.to_sign_in(request, Section.ADDRESS)
        actor, typed = self.frame.actor(request), fields.get("email", "")
        outcome = await self.frame.lane.run(self.codes.propose, actor, typed)
        return await self.answer(request, Section.ADDRESS, outcome)

    async def confirm(self, request: Request) -> Response:
        """Ask for a fresh proof."""
        section = section_of(request)
        fields = await self.frame.read(request, section)
        if fields is None:
            return await self.frame.to_sign_in(request, section)
        actor = self.frame.actor(request)
        outcome = await self.frame.lane.run(self.codes.confirm, actor, section)
        return await self.answer(request, section, outcome)

    async def show(self, request: Request) -> Response:
        """Show the code page, or lead to the section."""
        section = section_of(request)
        actor = self.frame.actor(request)
        standing = await self.frame.lane.run(self.codes.look, actor, section)
        if isinstance(standing, Refused):
            return await self.frame.answer(request, section, standing)
        return self.frame.pages.page(request, "pages/code.html", self.context(section, standing))

    async def submit_code(self, request: Request) -> Response:
        """Check the code."""
        section = section_of(request)
        fields, visitor = await self.read(request, section)
        entered = fields.get("code", "")
        outcome = await self.frame.lane.run(self.codes.submit_code, visitor, section, entered)
        return await self.answer(request, section, outcome)

    async def resend(self, request: Request) -> Response:
        """Send the code again."""
        section = section_of(request)
        _, visitor = await self.read(request, section)
        outcome = await self.frame.lane.run(self.codes.resend, visitor, section)
        return await self.answer(request, section, outcome)

    async def cancel(self, request: Request) -> Response:
        """Go back to the section."""
        section = section_of(request)
        _, visitor = await self.read(request, section)
        outcome = await self.frame.lane.run(self.codes.cancel, visitor, section)
        return await self.answer(request, section, outcome)

    async def read(self, request: Request, section: Section) -> tuple[dict[str, str], Visitor]:
        """Return the fields of a form of the code page; its token names the interaction."""
        fields = await self.frame.forms.page_form(request)
        actor = self.frame.actor(request)
        for interaction_id, cookie in actor.interaction_cookies.items():
            token = self.frame.pages.form_token(CODE, section, interaction_id, cookie)
            if carries_form_token(fields, token):
                return fields, actor.visitor(InteractionId(interaction_id))
        raise ForeignForm("the form token is missing or belongs elsewhere")

    async def answer(self, request: Request, section: Section, outcome: Outcome) -> Response:
        """Return where an outcome leads."""
        match outcome:
            case CodeDue():
                return self.to_code(request, section, outcome)
            case SignInDue():
                return await self.frame.to_sign_in(request, section)
            case MailRefused():
                return self.frame.errors.mail_refused(request, outcome, f"/account/{section}")
            case Confirmed():
                response = self.frame.pages.to(f"/account/{section}")
                if outcome.session_secret is not None:
                    self.frame.browsers.set_session(response, outcome.session_secret)
                return response
            case Said() | Refused():
                return await self.frame.answer(request, section, outcome)

    def to_code(self, request: Request, section: Section, due: CodeDue) -> Response:
        """Lead to the code page, bound to this browser."""
        response = self.frame.pages.to(f"/account/{section}/code")
        if due.opened is not None and due.opened.new_cookie is not None:
            self.frame.browsers.set_interaction(
                request, response, due.opened.interaction.id, due.opened.new_cookie
            )
        return response

    def context(self, section: Section, standing: CodeStanding) -> dict[str, object]:
        """Return the context of the code page."""
        path = f"/account/{section}"
        verification, visitor = standing.verification, standing.visitor
        binds = verification.purpose is Purpose.BIND_NEW_IDENTIFIER
        return {
            "purpose": verification.purpose.name.lower(),
            "action": f"{path}/code",
            "resend_action": f"{path}/resend",
            "new_code_action": f"{path}/resend",
            "restart_action": f"{path}/cancel" if binds else None,
            "cancel_action": None if binds else f"{path}/cancel",
            "email": verification.address.typed,
            **self.frame.pages.mail_to_look_for(
                verification, visitor.locale_in(standing.interaction), None
            ),
            "symbols": verification.code_class.symbols,
            "request_label": verification.label,
            "sent_again": bool(standing.interaction.notice.get("again")),
            "notice": shown_notice(standing.interaction, verification, standing.now),
            "form_token": self.frame.pages.form_token(
                CODE, section, standing.interaction.id, visitor.interaction_cookie or ""
            ),
            "wished_locale": standing.interaction.locale,
            **numbers_of(verification, standing.now),
        }


def section_of(request: Request) -> Section:
    """Return the section of the path, one that asks for codes; raises HTTPException."""
    name = str(request.path_params["section"])
    if name not in {section.value for section in Section if section.is_sensitive}:
        raise HTTPException(404)
    return Section(name)
