"""What the sections of the account page share: who may enter, messages, forms, the way back."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from authserver.domain.account_sections import Section
from authserver.flows.account import OwnAccount
from authserver.flows.account_entry import Actor, Refused, Said, SignedInAccount
from authserver.lane import Lane
from authserver.oidc.authorization.endpoint import AuthorizationEndpoint
from authserver.web.browser import Browsers
from authserver.web.error_responses import ErrorPages
from authserver.web.page_renderer import PageRenderer
from authserver.web.request_form import FormReader, check_form_token

ACCOUNT: Final = "account"
OVERVIEW: Final = "overview"
ABOUT_PASSWORDS: Final = frozenset({Section.PASSWORD, Section.SECOND_FACTOR})
NO_NUMBERS: Final[Mapping[str, object]] = {
    "tries_left": None,
    "wait_seconds": None,
    "entered": None,
    "needed": None,
    "found": None,
    "field": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFrame:
    """The frame around every section.

    A form is bound to the session and to its section by its token. What an action came to waits
    in a cookie for the next page and is shown once.
    """

    account: OwnAccount
    authorization: AuthorizationEndpoint
    has_passwords: Callable[[], bool]
    lane: Lane
    browsers: Browsers
    forms: FormReader
    pages: PageRenderer
    errors: ErrorPages

    def actor(self, request: Request) -> Actor:
        """Return who acts."""
        chosen = self.pages.chosen_locale(request)
        return self.browsers.actor(request, chosen, self.pages.locale_of(request))

    async def enter(self, request: Request) -> SignedInAccount | None:
        """Return who is signed in in this browser."""
        return await self.lane.run(self.account.look, self.browsers.session_secret(request))

    async def read(self, request: Request, section: str) -> dict[str, str] | None:
        """Return the fields of a form made for this session and section; None without a session."""
        fields = await self.forms.page_form(request)
        entered = await self.enter(request)
        if entered is not None:
            check_form_token(fields, self.form_token(entered, section))
            return fields
        return None

    def form_token(self, entered: SignedInAccount, section: str) -> str:
        """Return the token of the forms of a section."""
        return self.pages.form_token(ACCOUNT, entered.session.id, section)

    async def page(
        self,
        request: Request,
        entered: SignedInAccount,
        section: Section | None,
        template: str,
        context: Mapping[str, object],
    ) -> Response:
        """Return the page of a section, with the message that waits for it.

        A section that is switched off leads to the overview.
        """
        sections = await self.sections()
        if section is not None and section not in sections:
            return self.pages.to("/account")
        message = self.message(request, section)
        shown = {
            "email": entered.account.address.typed,
            "sections": sections,
            "section": section,
            "notice": message,
            "form_token": self.form_token(entered, section or OVERVIEW),
            "wished_locale": entered.account.locale,
            **context,
        }
        response = self.pages.page(request, template, shown)
        if message is not None:
            self.browsers.forget_message(response)
        return response

    async def sections(self) -> list[Section]:
        """Return the sections there are: those about passwords only where there are any."""
        if await self.lane.run(self.has_passwords):
            return list(Section)
        return [section for section in Section if section not in ABOUT_PASSWORDS]

    async def answer(self, request: Request, section: Section, outcome: Said | Refused) -> Response:
        """Return where an outcome leads: back to the section, or to the sign-in."""
        if outcome is Refused.SIGNED_OUT:
            return await self.to_sign_in(request, section)
        response = self.pages.to(f"/account/{section}")
        if isinstance(outcome, Said):
            self.say(response, section, outcome)
        return response

    async def to_sign_in(self, request: Request, section: Section) -> Response:
        """Begin a sign-in that leads back to the section."""
        locale = self.pages.locale_of(request)
        paused = await self.lane.run(
            self.authorization.begin_for_account, locale, section=section.value
        )
        response = self.pages.to(f"/sign-in/{paused.interaction_id}")
        if paused.cookie is not None:
            self.browsers.set_interaction(request, response, paused.interaction_id, paused.cookie)
        return response

    def say(self, response: Response, section: Section, said: Said) -> None:
        """Leave a message for the next page of the section."""
        content = {**said.details, "section": section, "outcome": said.outcome}
        encoded = urlsafe_b64encode(json.dumps(content).encode()).decode("ascii")
        self.browsers.set_message(response, encoded)

    def message(self, request: Request, section: Section | None) -> dict[str, object] | None:
        """Return the message that waits for the section."""
        waiting = self.browsers.message(request)
        content = None if waiting is None else decoded(waiting)
        if content is None or section is None or content.get("section") != section:
            return None
        needed = str(content.get("needed", ""))
        numbers = {"needed": int(needed)} if needed.isascii() and needed.isdigit() else {}
        return {**NO_NUMBERS, **content, **numbers}


def decoded(message: str) -> dict[str, object] | None:
    """Return what a message says; browsers may have stored anything."""
    try:
        content = json.loads(urlsafe_b64decode(message))
        # Half of a surrogate pair could stand on no page; deep nesting exhausts the stack.
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not all(
        isinstance(value, str) and isinstance(name, str) for name, value in content.items()
    ):
        return None
    return content if {"section", "outcome"} <= set(content) else None
