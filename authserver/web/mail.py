"""The developer's inbox beside the outbox sender."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from authserver.domain.delivery_reports import TimelineStep
from authserver.domain.endpoint import Endpoint
from authserver.lane import Lane
from authserver.mail.outbox_folder import KeptMail, read_kept, read_outbox
from authserver.web.client_address import ClientAddresses
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer

MOST_SHOWN: Final = 50
# Styles in the mail count; nothing is fetched, run, sent, or framed.
MAIL_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
SHOWN_MEMBERS: Final = ("to", "usage_type", "subject", "text", "html", "code", "sent_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRoutes:
    """`/dev/mail`: for this machine only, and only while mails are kept as files."""

    outbox: Callable[[], Path | None]
    timelines: Callable[[], Mapping[str, Sequence[TimelineStep]]]
    is_open_to_all: bool
    addresses: ClientAddresses
    endpoint: Endpoint
    lane: Lane
    pages: PageRenderer
    errors: ErrorPages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/dev/mail", self.page, methods=["GET"]),
            Route("/dev/mail.json", self.document, methods=["GET"]),
            Route("/dev/mail/{mail}/html", self.html_part, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """Show the newest mails."""
        mails = await self.mails(request)
        if mails is None:
            return self.errors.page(request, 404)
        timelines = await self.lane.run(self.timelines)
        shown = [
            {
                **mail,
                "timeline": timelines.get(mail["id"], ()),
                "html_url": f"/dev/mail/{mail['id']}/html",
            }
            for mail in mails[:MOST_SHOWN]
        ]
        return self.pages.page(request, "pages/inbox.html", {"mails": shown})

    async def document(self, request: Request) -> Response:
        """Return the mails to one address, newest first."""
        mails = await self.mails(request)
        if mails is None:
            return self.errors.page(request, 404)
        timelines = await self.lane.run(self.timelines)
        shown = [
            {name: mail.get(name) for name in SHOWN_MEMBERS}
            | {"timeline": [step_document(step) for step in timelines.get(mail["id"], ())]}
            for mail in mails
        ]
        return JSONResponse(shown, headers={"Cache-Control": "no-store"})

    async def html_part(self, request: Request) -> Response:
        """Show the HTML of one mail alone, in a sandbox: it is not a page of ours."""
        folder = await self.folder(request)
        identifier = request.path_params["mail"]
        mail = None if folder is None else await self.lane.run(read_kept, folder, identifier)
        if mail is None:
            return self.errors.page(request, 404)
        return HTMLResponse(mail["html"], headers={"Content-Security-Policy": MAIL_POLICY})

    async def mails(self, request: Request) -> list[KeptMail] | None:
        """Return the kept mails, or None for whoever must not see that there is an inbox."""
        folder = await self.folder(request)
        if folder is None:
            return None
        return await self.lane.run(read_outbox, folder, request.query_params.get("to"))

    async def folder(self, request: Request) -> Path | None:
        """Return where mails are kept, for those who may see them."""
        if not (self.is_open_to_all or self.is_own_developer(request)):
            return None
        return await self.lane.run(self.outbox)

    def is_own_developer(self, request: Request) -> bool:
        """Tell whether a browser of this machine asks, by the very name of the endpoint.

        The exact `Host` keeps out pages of other names that resolve to this machine.
        """
        return (
            self.addresses.is_direct_from_loopback(request)
            and request.headers.get("host", "") == self.endpoint.authority
        )


def step_document(step: TimelineStep) -> dict[str, object]:
    """Return one step of a timeline for JSON."""
    return {"name": step.name, "at": step.at.isoformat(), "sender": step.sender}
