"""The developer's inbox beside the outbox sender."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from authserver.domain.endpoint import Endpoint
from authserver.lane import Lane
from authserver.mail.outbox_folder import KeptMail, read_outbox
from authserver.web.client_address import ClientAddresses
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer

MOST_SHOWN: Final = 50
SHOWN_MEMBERS: Final = ("to", "usage_type", "subject", "text", "html", "code", "sent_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRoutes:
    """`/dev/mail`: for this machine only, and only while mails are kept as files."""

    outbox: Callable[[], Path | None]
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
        ]

    async def page(self, request: Request) -> Response:
        """Show the newest mails."""
        mails = await self.mails(request)
        if mails is None:
            return self.errors.page(request, 404)
        return self.pages.page(request, "pages/inbox.html", {"mails": mails[:MOST_SHOWN]})

    async def document(self, request: Request) -> Response:
        """Return the mails to one address, newest first."""
        mails = await self.mails(request)
        if mails is None:
            return self.errors.page(request, 404)
        shown = [{name: mail.get(name) for name in SHOWN_MEMBERS} for mail in mails]
        return JSONResponse(shown, headers={"Cache-Control": "no-store"})

    async def mails(self, request: Request) -> list[KeptMail] | None:
        """Return the kept mails, or None for whoever must not see that there is an inbox."""
        if not (self.is_open_to_all or self.is_own_developer(request)):
            return None
        folder = await self.lane.run(self.outbox)
        if folder is None:
            return None
        return await self.lane.run(read_outbox, folder, request.query_params.get("to"))

    def is_own_developer(self, request: Request) -> bool:
        """Tell whether a browser of this machine asks, by the very name of the endpoint.

        The exact `Host` keeps out pages of other names that resolve to this machine.
        """
        return (
            self.addresses.is_direct_from_loopback(request)
            and request.headers.get("host", "") == self.endpoint.authority
        )
