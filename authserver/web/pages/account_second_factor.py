"""Account section: the second step after the password, and its recovery codes."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.domain.account_sections import Section
from authserver.flows.account_code import AccountCodes
from authserver.flows.account_second_factor import Begun, OwnSecondFactor
from authserver.web.account_frame import AccountFrame
from authserver.web.acting_get import acting_get


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorPages:
    """`/account/second-factor`."""

    frame: AccountFrame
    codes: AccountCodes
    factor: OwnSecondFactor

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            acting_get("/account/second-factor", self.show),
            Route("/account/second-factor/begin", self.begin, methods=["POST"]),
            Route("/account/second-factor/finish", self.finish, methods=["POST"]),
            Route("/account/second-factor/off", self.switch_off, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show whether it is on, or the new recovery codes until one is typed back."""
        entered = await self.frame.enter(request)
        if entered is None:
            return await self.frame.to_sign_in(request, Section.SECOND_FACTOR)
        actor = self.frame.actor(request)
        due = await self.frame.lane.run(self.codes.due, actor, entered, Section.SECOND_FACTOR)
        standing = await self.frame.lane.run(self.factor.look, actor, entered)
        context = {
            "confirmation": due,
            "has_password": standing.has_password,
            "is_on": standing.is_on,
            "codes_left": standing.codes_left,
            # After the ten minutes the codes are no longer shown.
            "codes": standing.codes if due == "none" else (),
        }
        template = "pages/account/second_factor.html"
        return await self.frame.page(request, entered, Section.SECOND_FACTOR, template, context)

    async def begin(self, request: Request) -> Response:
        """Show new recovery codes."""
        if await self.frame.read(request, Section.SECOND_FACTOR) is None:
            return await self.frame.to_sign_in(request, Section.SECOND_FACTOR)
        outcome = await self.frame.lane.run(self.factor.begin, self.frame.actor(request))
        if not isinstance(outcome, Begun):
            return await self.frame.answer(request, Section.SECOND_FACTOR, outcome)
        response = self.frame.pages.to(f"/account/{Section.SECOND_FACTOR}")
        opened = outcome.opened
        if opened.new_cookie is not None:
            self.frame.browsers.set_interaction(
                request, response, opened.interaction.id, opened.new_cookie
            )
        return response

    async def finish(self, request: Request) -> Response:
        """Take one of the codes back, and switch on or replace."""
        fields = await self.frame.read(request, Section.SECOND_FACTOR)
        entered = await self.frame.enter(request)
        if fields is None or entered is None:
            return await self.frame.to_sign_in(request, Section.SECOND_FACTOR)
        actor, typed = self.frame.actor(request), fields.get("code", "")
        outcome = await self.frame.lane.run_hashing(self.factor.finish, actor, entered, typed)
        return await self.frame.answer(request, Section.SECOND_FACTOR, outcome)

    async def switch_off(self, request: Request) -> Response:
        """Ask for no second step any more."""
        if await self.frame.read(request, Section.SECOND_FACTOR) is None:
            return await self.frame.to_sign_in(request, Section.SECOND_FACTOR)
        outcome = await self.frame.lane.run(self.factor.switch_off, self.frame.actor(request))
        return await self.frame.answer(request, Section.SECOND_FACTOR, outcome)
