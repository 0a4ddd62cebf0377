"""Account sections: names, and the language."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.domain.account_sections import Section
from authserver.domain.standard_claims import LONGEST_OWN_NAME, OWN_NAMES
from authserver.flows.account_entry import Refused, Said
from authserver.flows.account_profile import Profile
from authserver.web.account_frame import AccountFrame
from authserver.web.acting_get import acting_get


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePages:
    """`/account/profile` and `/account/language`."""

    frame: AccountFrame
    profile: Profile

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            acting_get("/account/profile", self.show_names),
            Route("/account/profile", self.save_names, methods=["POST"]),
            acting_get("/account/language", self.show_language),
            Route("/account/language", self.save_language, methods=["POST"]),
        ]

    async def show_names(self, request: Request) -> Response:
        """Show what the person says about themselves."""
        entered = await self.frame.enter(request)
        if entered is None:
            return await self.frame.to_sign_in(request, Section.PROFILE)
        context = {
            "names": {name: entered.account.claims.get(name) or "" for name in OWN_NAMES},
            "longest": LONGEST_OWN_NAME,
        }
        template = "pages/account/profile.html"
        return await self.frame.page(request, entered, Section.PROFILE, template, context)

    async def save_names(self, request: Request) -> Response:
        """Keep the names."""
        fields = await self.frame.read(request, Section.PROFILE)
        if fields is None:
            return await self.frame.to_sign_in(request, Section.PROFILE)
        typed: dict[str, str] = {name: fields[name] for name in OWN_NAMES if name in fields}
        actor = self.frame.actor(request)
        outcome = await self.frame.lane.run(self.profile.save_names, actor, typed)
        return await self.frame.answer(request, Section.PROFILE, outcome)

    async def show_language(self, request: Request) -> Response:
        """Show the language of pages and notices."""
        entered = await self.frame.enter(request)
        if entered is None:
            return await self.frame.to_sign_in(request, Section.LANGUAGE)
        context = {"chosen": entered.account.locale or ""}
        template = "pages/account/language.html"
        return await self.frame.page(request, entered, Section.LANGUAGE, template, context)

    async def save_language(self, request: Request) -> Response:
        """Keep the language, and use it in this browser at once."""
        fields = await self.frame.read(request, Section.LANGUAGE)
        if fields is None:
            return await self.frame.to_sign_in(request, Section.LANGUAGE)
        known = self.frame.pages.renderer.languages
        language = fields.get("locale", "")
        actor = self.frame.actor(request)
        outcome = await self.frame.lane.run(self.profile.choose_language, actor, language, known)
        response = await self.frame.answer(request, Section.LANGUAGE, outcome)
        if is_saved(outcome):
            self.frame.browsers.set_language(response, language)
        return response


def is_saved(outcome: Said | Refused) -> bool:
    """Tell whether the choice was kept."""
    return isinstance(outcome, Said) and outcome.outcome == "saved"
