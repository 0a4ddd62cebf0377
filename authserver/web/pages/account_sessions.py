"""Account sections: sessions, recognised browsers, connected applications."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.domain.account_sections import Section
from authserver.domain.sessions import Session
from authserver.flows.account_entry import Said
from authserver.flows.account_sessions import Connection, OwnSessions
from authserver.web.account_frame import AccountFrame
from authserver.web.acting_get import acting_get
from authserver.web.client_address import shortened

SIGNED_OUT: Final = Said(outcome="signed_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPages:
    """`/account/sessions`, `/account/browsers` and `/account/applications`."""

    frame: AccountFrame
    own: OwnSessions

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            acting_get("/account/sessions", self.show_sessions),
            Route("/account/sessions/end", self.end_one, methods=["POST"]),
            Route("/account/sessions/end-others", self.end_others, methods=["POST"]),
            Route("/account/sessions/end-all", self.end_all, methods=["POST"]),
            acting_get("/account/browsers", self.show_browsers),
            Route("/account/browsers/forget", self.forget_browser, methods=["POST"]),
            Route("/account/browsers/forget-all", self.forget_browsers, methods=["POST"]),
            acting_get("/account/applications", self.show_applications),
            Route("/account/applications/withdraw", self.withdraw, methods=["POST"]),
        ]

    async def show_sessions(self, request: Request) -> Response:
        """Show where the account is signed in."""
        entered = await self.frame.enter(request)
        if entered is None:
            return await self.frame.to_sign_in(request, Section.SESSIONS)
        found = await self.frame.lane.run(self.own.sessions, entered)
        this = entered.session.id
        rows = [session_row(each, is_this=each.id == this) for each in found]
        # This one first: it is what the others are compared with.
        rows.sort(key=lambda row: not row["is_this"])
        template, context = "pages/account/sessions.html", {"sessions_shown": rows}
        return await self.frame.page(request, entered, Section.SESSIONS, template, context)

    async def end_one(self, request: Request) -> Response:
        """End one session."""
        fields = await self.frame.read(request, Section.SESSIONS)
        if fields is None:
            return await self.frame.to_sign_in(request, Section.SESSIONS)
        actor, wanted = self.frame.actor(request), fields.get("session", "")
        outcome = await self.frame.lane.run(self.own.end_one, actor, wanted)
        if outcome == SIGNED_OUT:
            return self.signed_out()
        return await self.frame.answer(request, Section.SESSIONS, outcome)

    async def end_others(self, request: Request) -> Response:
        """End every session but this one."""
        if await self.frame.read(request, Section.SESSIONS) is None:
            return await self.frame.to_sign_in(request, Section.SESSIONS)
        outcome = await self.frame.lane.run(self.own.end_others, self.frame.actor(request))
        return await self.frame.answer(request, Section.SESSIONS, outcome)

    async def end_all(self, request: Request) -> Response:
        """Sign out everywhere."""
        if await self.frame.read(request, Section.SESSIONS) is None:
            return await self.frame.to_sign_in(request, Section.SESSIONS)
        await self.frame.lane.run(self.own.end_all, self.frame.actor(request))
        return self.signed_out()

    def signed_out(self) -> Response:
        """Return the answer to whoever has ended this session, too."""
        response = self.frame.pages.to("/account/signed-out")
        self.frame.browsers.forget_session(response)
        return response

    async def show_browsers(self, request: Request) -> Response:
        """Show the recognised browsers."""
        entered = await self.frame.enter(request)
        if entered is None:
            return await self.frame.to_sign_in(request, Section.BROWSERS)
        device = self.frame.actor(request).device_secret
        known, this = await self.frame.lane.run(self.own.browsers, entered, device)
        rows = [
            {
                "id": each.id,
                "name": each.name,
                "first_used_at": each.first_used_at,
                "last_used_at": each.last_used_at,
                "is_this": each.id == this,
            }
            for each in known
        ]
        template = "pages/account/browsers.html"
        return await self.frame.page(
            request, entered, Section.BROWSERS, template, {"browsers": rows}
        )

    async def forget_browser(self, request: Request) -> Response:
        """Make a stranger of one browser."""
        fields = await self.frame.read(request, Section.BROWSERS)
        if fields is None:
            return await self.frame.to_sign_in(request, Section.BROWSERS)
        actor, wanted = self.frame.actor(request), fields.get("browser", "")
        outcome = await self.frame.lane.run(self.own.forget_browser, actor, wanted)
        return await self.frame.answer(request, Section.BROWSERS, outcome)

    async def forget_browsers(self, request: Request) -> Response:
        """Make strangers of all of them."""
        if await self.frame.read(request, Section.BROWSERS) is None:
            return await self.frame.to_sign_in(request, Section.BROWSERS)
        actor = self.frame.actor(request)
        outcome = await self.frame.lane.run(self.own.forget_browser, actor, None)
        return await self.frame.answer(request, Section.BROWSERS, outcome)

    async def show_applications(self, request: Request) -> Response:
        """Show which applications the account is used by."""
        entered = await self.frame.enter(request)
        if entered is None:
            return await self.frame.to_sign_in(request, Section.APPLICATIONS)
        found = await self.frame.lane.run(self.own.applications, entered)
        context = {"applications": [application_row(each) for each in found]}
        template = "pages/account/applications.html"
        return await self.frame.page(request, entered, Section.APPLICATIONS, template, context)

    async def withdraw(self, request: Request) -> Response:
        """End what one application holds."""
        fields = await self.frame.read(request, Section.APPLICATIONS)
        if fields is None:
            return await self.frame.to_sign_in(request, Section.APPLICATIONS)
        actor, wanted = self.frame.actor(request), fields.get("application", "")
        outcome = await self.frame.lane.run(self.own.withdraw, actor, wanted)
        return await self.frame.answer(request, Section.APPLICATIONS, outcome)


def session_row(session: Session, *, is_this: bool) -> dict[str, object]:
    """Return what the page shows of a session."""
    return {
        "id": session.id,
        "browser": session.browser,
        "source": shortened(session.source),
        "authenticated_at": session.authenticated_at,
        "last_used_at": session.last_used_at,
        "is_this": is_this,
    }


def application_row(connection: Connection) -> dict[str, object]:
    """Return what the page shows of an application."""
    application, client = connection.application, connection.client
    return {
        "id": application.client_id,
        "name": application.client_id if client is None else client.name,
        "host": None if client is None or client.home is None else client.home,
        "scopes": list(application.scopes),
        "apis": [
            {"name": api.name, "scopes": api.words_for(application.resources[api.indicator])}
            for api in connection.apis
        ],
        "since": application.since,
        "last_used_at": application.last_used_at,
    }
