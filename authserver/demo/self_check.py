"""Signs in at the shop as a browser without JavaScript does, and says what it has seen."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self

import httpx

DOMAIN = "bookworm.example"
BROWSER_HEADERS = {
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Language": "en",
    "User-Agent": "Bookstore self-check",
}
LONGEST_CHAIN = 20
CALL_SECONDS = 20.0
MAIL_SECONDS = 20.0
PAUSE_SECONDS = 0.05
PASSWORD_BYTES = 18
SHOWN_OF_A_PAGE = 400


class CheckFailed(Exception):
    """A step did not come to what it should; says which and what was seen instead."""


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes, and the fields it holds already."""

    action: httpx.URL
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What a check reads of a page: its forms, its text, and where it leads by itself."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.url = response.url
        self.status = response.status_code
        self.content = response.text
        self.forms: list[Form] = []
        self.onward: str | None = response.headers.get("Location")
        self.attributes: set[tuple[str, str]] = set()
        self._words: list[str] = []
        self.feed(response.text)
        self.close()

    @property
    def text(self) -> str:
        """Return the words of the page."""
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, their fields, and an immediate refresh."""
        attributes = {name: value or "" for name, value in attrs}
        self.attributes.update(attributes.items())
        if tag == "form":
            self.forms.append(Form(self.url.join(attributes.get("action", ""))))
        elif tag == "input" and self.forms and attributes.get("name"):
            self.forms[-1].fields[attributes["name"]] = attributes.get("value", "")
        elif tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            wait, _, target = attributes.get("content", "").partition(";")
            if wait.strip() == "0":
                self.onward = target.strip().removeprefix("url=").strip("'\"")

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self._words.append(data)

    def form(self, *, holding: str = "", to: str = "") -> Form:
        """Return the form with this field, or whose address ends like this."""
        for form in self.forms:
            if (not holding or holding in form.fields) and form.action.path.endswith(to):
                return form
        raise CheckFailed(f"no form with {holding or to!r} on the page {self}")

    def __str__(self) -> str:
        return f"{self.url.copy_with(query=None)} ({self.status}): {self.text[:SHOWN_OF_A_PAGE]}"


class Reader:
    """A browser with cookies, and the inbox its owner reads."""

    def __init__(self, *, shop: str, provider: str) -> None:
        self._shop = httpx.URL(shop)
        self._provider = provider
        # A new one each time: the mails to one address are few a day.
        self.email = f"reader-{secrets.token_hex(4)}@{DOMAIN}"
        self.password = secrets.token_urlsafe(PASSWORD_BYTES)
        self._http = httpx.AsyncClient(
            headers=BROWSER_HEADERS, trust_env=False, timeout=CALL_SECONDS
        )
        self._codes_read = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    def provider_url(self, path: str) -> str:
        """Return the address of a page of the provider."""
        return f"{self._provider}{path}"

    async def open(self, path: str) -> Page:
        """Open a page, by its path in the shop, and follow wherever it leads."""
        return await self._walk(self._http.build_request("GET", self._shop.join(path)))

    async def send(self, form: Form, typed: Mapping[str, str] | None = None) -> Page:
        """Send a form with its hidden fields as found, and follow wherever it leads."""
        origin = f"{form.action.scheme}://{form.action.netloc.decode('ascii')}"
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        request = self._http.build_request(
            "POST", form.action, data={**form.fields, **(typed or {})}, headers=headers
        )
        return await self._walk(request)

    async def code(self) -> str:
        """Wait for the next mail with a code and return the code."""
        give_up_at = time.monotonic() + MAIL_SECONDS
        while time.monotonic() < give_up_at:
            answer = await self._http.get(
                f"{self._provider}/dev/mail.json", params={"to": self.email}
            )
            mails = answer.json() if answer.is_success else []
            codes = [mail["code"] for mail in mails if mail["code"] is not None]
            if len(codes) > self._codes_read:
                self._codes_read = len(codes)
                return str(codes[0])
            await asyncio.sleep(PAUSE_SECONDS)
        raise CheckFailed(f"no new mail within {MAIL_SECONDS:.0f} s")

    async def _walk(self, request: httpx.Request) -> Page:
        for _ in range(LONGEST_CHAIN):
            page = Page(await self._http.send(request))
            if not page.onward:
                return page
            request = self._http.build_request("GET", page.url.join(page.onward))
        raise CheckFailed(f"redirected in circles, last to {request.url.copy_with(query=None)}")


async def check(*, shop: str, provider: str, say: Callable[[str], None]) -> None:
    """Register, sign in by code and by a new password, refresh, sign out.

    Raises CheckFailed at the first fault.
    """
    async with Reader(shop=shop, provider=provider) as reader:
        for name, step in (
            ("register", register),
            ("sign out", sign_out),
            ("sign in", sign_in),
            ("refresh", refresh),
            ("sign out again", sign_out),
            ("new password", new_password),
            ("by password", sign_in_by_password),
            ("sign out last", sign_out),
        ):
            started = time.monotonic()
            try:
                seen = await step(reader)
            except (CheckFailed, httpx.HTTPError, ValueError) as fault:
                raise CheckFailed(f"{name}: {fault}") from fault
            say(f"ok  {name.ljust(14)}  {seen} ({time.monotonic() - started:.1f} s)")


async def register(reader: Reader) -> str:
    """Create an account by mailed code."""
    page = await enter_code(reader, "/sign-in?prompt=create")
    return signed_in(reader, page)


async def sign_in(reader: Reader) -> str:
    """Sign in by mailed code."""
    return signed_in(reader, await enter_code(reader, "/sign-in"))


async def new_password(reader: Reader) -> str:
    """Choose a password by mailed code, as somebody who has forgotten one."""
    page = await enter_code(reader, reader.provider_url("/forgot-password"))
    page = await reader.send(page.form(holding="new_password"), {"new_password": reader.password})
    if "Password changed" not in page.text:
        raise CheckFailed(f"no new password on {page}")
    return "the provider has a new password and has signed nobody in"


async def sign_in_by_password(reader: Reader) -> str:
    """Sign in by the new password."""
    address_page = await reader.open("/sign-in")
    typed = {"email": reader.email, "method": "password"}
    page = await reader.send(address_page.form(holding="email"), typed)
    page = await reader.send(page.form(holding="password"), {"password": reader.password})
    return signed_in(reader, page)


async def refresh(reader: Reader) -> str:
    """Exchange the refresh token."""
    home = await reader.open("/")
    page = await reader.send(home.form(to="/refresh"))
    if "The tokens are new." not in page.text:
        raise CheckFailed(f"no new tokens on {page}")
    return "new tokens"


async def sign_out(reader: Reader) -> str:
    """Sign out at the shop and at the provider."""
    home = await reader.open("/")
    page = await reader.send(home.form(to="/sign-out"))
    if ("data-signed-in", "false") not in page.attributes:
        raise CheckFailed(f"still signed in on {page}")
    address_page = await reader.open("/sign-in")
    address_page.form(holding="email")
    return "the shop and the provider have forgotten the browser"


async def enter_code(reader: Reader, path: str) -> Page:
    """Go through the address and the code page."""
    address_page = await reader.open(path)
    code_page = await reader.send(address_page.form(holding="email"), {"email": reader.email})
    return await reader.send(code_page.form(holding="code"), {"code": await reader.code()})


def signed_in(reader: Reader, page: Page) -> str:
    """Return who is signed in at the shop."""
    if ("data-signed-in", "true") not in page.attributes or reader.email not in page.text:
        raise CheckFailed(f"not signed in on {page}")
    return f"the shop greets {reader.email}"
