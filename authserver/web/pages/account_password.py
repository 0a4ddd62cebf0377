"""Account section: the password."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.domain.account_sections import Section
from authserver.flows.account_code import AccountCodes
from authserver.flows.account_password import OwnPassword
from authserver.web.account_frame import AccountFrame
from authserver.web.acting_get import acting_get


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPages:
    """`/account/password`."""

    frame: AccountFrame
    codes: AccountCodes
    password: OwnPassword

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            acting_get("/account/password", self.show),
            Route("/account/password", self.change, methods=["POST"]),
            Route("/account/password/remove", self.remove, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show whether there is a password and, after a fresh sign-in, the fields to change it."""
        entered = await self.frame.enter(request)
        if entered is None:
            return await self.frame.to_sign_in(request, Section.PASSWORD)
        actor = self.frame.actor(request)
        due = await self.frame.lane.run(self.codes.due, actor, entered, Section.PASSWORD)
        standing = await self.frame.lane.run(self.password.look, entered)
        context = {
            "confirmation": due,
            "has_password": standing.has_password,
            "least_length": standing.least_length,
            "is_removable": standing.is_removable,
        }
        template = "pages/account/password.html"
        return await self.frame.page(request, entered, Section.PASSWORD, template, context)

    async def change(self, request: Request) -> Response:
        """Set or replace the password."""
        fields = await self.frame.read(request, Section.PASSWORD)
        if fields is None:
            return await self.frame.to_sign_in(request, Section.PASSWORD)
        outcome = await self.frame.lane.run_hashing(
            self.password.change,
            self.frame.actor(request),
            fields.get("password", ""),
            fields.get("new_password", ""),
        )
        return await self.frame.answer(request, Section.PASSWORD, outcome)

    async def remove(self, request: Request) -> Response:
        """Forget the password."""
        fields = await self.frame.read(request, Section.PASSWORD)
        if fields is None:
            return await self.frame.to_sign_in(request, Section.PASSWORD)
        actor, present = self.frame.actor(request), fields.get("password", "")
        outcome = await self.frame.lane.run_hashing(self.password.remove, actor, present)
        return await self.frame.answer(request, Section.PASSWORD, outcome)
