"""The pages of sign-in and registration: address, password, code, and the question that is left."""

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from authserver.domain.sign_in_experience import SignInMethod
from authserver.domain.verifications import Purpose
from authserver.flows.email_first import EmailFirst
from authserver.flows.finish_elsewhere import FirstTab, News
from authserver.flows.new_account import NewAccount, Wanted
from authserver.flows.other_ways import OtherWays
from authserver.flows.password_sign_in import PasswordSignIn
from authserver.flows.steps import Standing, Step
from authserver.flows.visitor import InteractionGone
from authserver.web.email_first_views import PATHS, EmailFirstViews
from authserver.web.interaction_pages import InteractionPages, Outcome

METHODS = {method.value: method for method in SignInMethod}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailFirstPages(InteractionPages):
    """The routes of one purpose; registration takes no password of an account there is."""

    flow: EmailFirst
    first_tab: FirstTab
    other_ways: OtherWays
    new_account: NewAccount
    password_sign_in: PasswordSignIn | None
    views: EmailFirstViews

    @property
    def path(self) -> str:
        """Return what the paths of this purpose begin with."""
        return PATHS[self.flow.purpose]

    def routes(self) -> list[Route]:
        """Return the routes; the id of the interaction keeps tabs apart."""
        page = f"{self.path}/{{interaction}}"
        return [
            Route(page, self.show, methods=["GET"], name=Step.ADDRESS),
            Route(f"{page}/code", self.show, methods=["GET"]),
            Route(page, self.submit_address, methods=["POST"]),
            Route(f"{page}/code", self.submit_code, methods=["POST"]),
            Route(f"{page}/resend", self.resend, methods=["POST"]),
            Route(f"{page}/restart", self.restart, methods=["POST"]),
            Route(f"{page}/cancel", self.cancel, methods=["POST"]),
            *([] if self.flow.purpose is Purpose.FORGOT_PASSWORD else self.ends(page)),
        ]

    def ends(self, page: str) -> list[Route]:
        """Return the routes by which a person is signed in; a reset signs nobody in."""
        shown = ("finish", "create-account", "existing", "no-account")
        taken = [] if self.password_sign_in is None else [self.submit_password]
        return [
            *(Route(f"{page}/{name}", self.show, methods=["GET"]) for name in shown),
            *(Route(f"{page}/password", self.show, methods=["GET"]) for _ in taken),
            *(Route(f"{page}/password", submit, methods=["POST"]) for submit in taken),
            Route(f"{page}/continue", self.continue_as, methods=["POST"]),
            Route(f"{page}/finish", self.go_on, methods=["POST"]),
            Route(f"{page}/create-account", self.create_account, methods=["POST"]),
            Route(f"{page}/existing", self.use_existing, methods=["POST"]),
            Route(f"{page}/news", self.news, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the step of the path, or lead to the one that is due."""
        visitor = self.visitor(request)
        standing = await self.lane.run(self.flow.look, visitor)
        if not isinstance(standing, Standing):
            return await self.answer(request, standing)
        step = standing.step
        due = self.views.path_of(visitor, step)
        if request.url.path != due:
            other = self.views.path_of(visitor, Step.PASSWORD)
            if not standing.may_enter_password or request.url.path != other:
                return self.pages.to(due)
            step = Step.PASSWORD
        template, context = self.views.content(visitor, standing, step)
        return self.pages.page(
            request,
            template,
            {
                "notice": self.views.notice(standing, step),
                "form_token": self.form_token(visitor),
                "wished_locale": standing.interaction.locale,
                **context,
            },
            client=standing.client,
            asks_for_news=context.get("finish_elsewhere") is not None,
        )

    async def submit_address(self, request: Request) -> Response:
        """Take the address and go to the page for the code or the password."""
        fields, visitor = await self.read(request)
        typed, method = fields.get("email", ""), METHODS.get(fields.get("method", ""))
        return await self.answer(
            request, await self.lane.run(self.flow.submit_address, visitor, typed, method)
        )

    async def submit_password(self, request: Request) -> Response:
        """Check the password; only this takes a seat for hashing."""
        if self.password_sign_in is None:
            raise AssertionError("without passwords there is no such route")
        fields, visitor = await self.read(request)
        typed, password = fields.get("email", ""), fields.get("password")
        return await self.answer(
            request,
            await self.lane.run_hashing(self.password_sign_in.submit, visitor, typed, password),
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
        return await self.answer(request, await self.lane.run(self.other_ways.restart, visitor))

    async def cancel(self, request: Request) -> Response:
        """Tell the client that the person did not sign in."""
        _, visitor = await self.read(request)
        return await self.answer(request, await self.lane.run(self.other_ways.cancel, visitor))

    async def continue_as(self, request: Request) -> Response:
        """Go on with the session there is."""
        _, visitor = await self.read(request)
        return await self.answer(request, await self.lane.run(self.other_ways.continue_as, visitor))

    async def create_account(self, request: Request) -> Response:
        """Create the account, with its password where one is wanted."""
        fields, visitor = await self.read(request)
        wanted = Wanted(
            new_password=fields.get("new_password", ""), has_agreed=fields.get("terms") == "yes"
        )
        run = self.lane.run_hashing if wanted.new_password else self.lane.run
        return await self.answer(request, await run(self.new_account.create, visitor, wanted))

    async def use_existing(self, request: Request) -> Response:
        """Sign in to the account that there is."""
        _, visitor = await self.read(request)
        return await self.answer(
            request, await self.lane.run(self.flow.go_on, visitor, Step.EXISTING)
        )

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
        visitor = self.visitor(request)
        return await self.lead(request, outcome, partial(self.views.path_of, visitor))
