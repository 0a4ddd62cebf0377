"""Account sections: everything that is stored as a file, and the end of the account."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from authserver.domain.account_sections import Section
from authserver.flows.account_code import AccountCodes
from authserver.flows.account_deletion import AccountDeletion
from authserver.flows.account_entry import Refused, Said
from authserver.flows.account_export import AccountExport
from authserver.web.account_frame import AccountFrame
from authserver.web.acting_get import acting_get

FILE_NAME = "account.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPages:
    """`/account/export` and `/account/deletion`."""

    frame: AccountFrame
    codes: AccountCodes
    export: AccountExport
    deletion: AccountDeletion

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            acting_get("/account/export", self.show_export),
            acting_get(f"/account/export/{FILE_NAME}", self.download),
            acting_get("/account/deletion", self.show_deletion),
            Route("/account/deletion", self.delete, methods=["POST"]),
            Route("/account/deleted", self.show_deleted, methods=["GET"]),
        ]

    async def show_export(self, request: Request) -> Response:
        """Offer the file."""
        entered = await self.frame.enter(request)
        if entered is None:
            return await self.frame.to_sign_in(request, Section.EXPORT)
        context = {"download_url": f"/account/export/{FILE_NAME}"}
        template = "pages/account/export.html"
        return await self.frame.page(request, entered, Section.EXPORT, template, context)

    async def download(self, request: Request) -> Response:
        """Hand the file out."""
        actor = self.frame.actor(request)
        document = await self.frame.lane.run(self.export.export, actor)
        if isinstance(document, Refused):
            return await self.frame.answer(request, Section.EXPORT, document)
        headers = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"'}
        return JSONResponse(document, headers=headers)

    async def show_deletion(self, request: Request) -> Response:
        """Say what a deletion means and, after a fresh sign-in, ask once more."""
        entered = await self.frame.enter(request)
        if entered is None:
            return await self.frame.to_sign_in(request, Section.DELETION)
        actor = self.frame.actor(request)
        due = await self.frame.lane.run(self.codes.due, actor, entered, Section.DELETION)
        template = "pages/account/deletion.html"
        context = {"confirmation": due}
        return await self.frame.page(request, entered, Section.DELETION, template, context)

    async def delete(self, request: Request) -> Response:
        """Delete the account, if the person is sure."""
        fields = await self.frame.read(request, Section.DELETION)
        if fields is None:
            return await self.frame.to_sign_in(request, Section.DELETION)
        actor, is_sure = self.frame.actor(request), fields.get("sure") == "yes"
        outcome = await self.frame.lane.run(self.deletion.delete, actor, is_sure=is_sure)
        if outcome != Said(outcome="account_deleted"):
            return await self.frame.answer(request, Section.DELETION, outcome)
        response = self.frame.pages.to("/account/deleted")
        self.frame.browsers.forget_session(response)
        return response

    async def show_deleted(self, request: Request) -> Response:
        """Say that the account is gone, to whoever has none here."""
        if await self.frame.enter(request) is not None:
            return self.frame.pages.to("/account")
        return self.frame.pages.page(request, "pages/account/deleted.html", {})
