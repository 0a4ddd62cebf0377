"""A person with a browser, who signs in at the provider's pages and reads the mailed code."""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

BROWSER_HEADERS = {
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Language": "en",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}
LONGEST_REDIRECT_CHAIN = 20


@dataclass(slots=True, kw_only=True)
class Form:
    """A form of a page: where it goes, what it holds already, and its `data-` attributes."""

    action: httpx.URL
    fields: dict[str, str] = field(default_factory=dict)
    outcome: str | None = None
    tries_left: int | None = None


class Inbox:
    """Reads the mails of a server; each code mailed to an address is handed out once.

    Share one between all the people of a server, or an old mail counts as new.
    """

    def __init__(self, *, patience_seconds: float, pause_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._pause_seconds = pause_seconds
        self._read: set[tuple[object, ...]] = set()

    def __call__(self, address: str) -> str:
        """Wait for a mail with a code that was not read before, and return the code."""
        give_up_at = time.monotonic() + self._patience_seconds
        while time.monotonic() < give_up_at:
            # Not by their number: of mails sent at once an earlier one may come last.
            mailed = {
                (mail["to"], mail["sent_at"], mail["text"]): mail["code"]
                for mail in self.mails(address)
                if mail["code"] is not None
            }
            unread = [code for key, code in mailed.items() if key not in self._read]
            if unread:
                self._read |= mailed.keys()
                return str(unread[0])
            time.sleep(self._pause_seconds)
        raise AssertionError(f"no new mail to {address} within {self._patience_seconds} s")

    def mails(self, address: str) -> Sequence[Mapping[str, object]]:
        """Return every mail to the address, newest first."""
        raise NotImplementedError

    def forget(self) -> None:
        """Take every mail for unread."""
        self._read.clear()


class DevInbox(Inbox):
    """Asks the developer inbox of a server."""

    def __init__(
        self,
        endpoint: str,
        trust: ssl.SSLContext | None = None,
        *,
        patience_seconds: float = 15.0,
    ) -> None:
        super().__init__(patience_seconds=patience_seconds, pause_seconds=0.02)
        self._endpoint = endpoint
        # Loading the world's certificates takes longer than all else here.
        self._trust = trust or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def mails(self, address: str) -> list[dict[str, object]]:
        """Return every mail to the address, newest first."""
        answer = httpx.get(
            f"{self._endpoint}/dev/mail.json",
            params={"to": address},
            trust_env=False,
            verify=self._trust,
        )
        answer.raise_for_status()
        mails: list[dict[str, object]] = answer.json()
        return mails


class Person:
    """Drives the provider's pages as a browser without JavaScript does.

    Redirects are followed by hand, and only within the provider: what the provider sends to a
    client is returned unopened, byte for byte.
    """

    def __init__(self, http: httpx.Client, inbox: Callable[[str], str], *, endpoint: str) -> None:
        self.http = http
        self._inbox = inbox
        self._provider = _origin(httpx.URL(endpoint))

    @classmethod
    @contextmanager
    def browsing(cls, endpoint: str, inbox: Callable[[str], str]) -> Iterator["Person"]:
        """Open a browser of one's own, with no cookies yet."""
        with httpx.Client(headers=BROWSER_HEADERS, trust_env=False, timeout=20.0) as http:
            yield cls(http, inbox, endpoint=endpoint)

    def sign_in(self, authorization_url: str, email: str) -> str:
        """Sign in by mailed code, creating the account if asked, and return the client's URL."""
        page = self.submit(self._form(self.follow(authorization_url), field="email"), email=email)
        page = self.submit(self._form(page, field="code"), code=self._inbox(email))
        if page.url.path.endswith("/create-account"):
            page = self.submit(self._form(page, action="/create-account"))
        return self._client_url(page)

    def sign_out(self, end_session_url: str) -> str:
        """Sign out, confirming if asked, and return the URL of the client that is told."""
        page = self.follow(end_session_url)
        if _onward(page) is None:
            page = self.submit(self._form(page, action="/sign-out"))
        return self._client_url(page)

    def pass_through(self, authorization_url: str) -> str:
        """Follow a request that must need no page, and return the client's URL."""
        return self._client_url(self.follow(authorization_url))

    def follow(self, url: str) -> httpx.Response:
        """Open the URL; return a page, or the provider's redirect to some other site."""
        return self._walk(self.http.build_request("GET", url), leave=False)

    def visit(self, url: str) -> httpx.Response:
        """Open the URL and follow redirects wherever they lead; return the page there."""
        return self._walk(self.http.build_request("GET", url), leave=True)

    def submit(self, form: Form, **typed: str) -> httpx.Response:
        """Send the form with its hidden fields as found; return what `follow` would."""
        origin = _origin(form.action)
        request = self.http.build_request(
            "POST",
            form.action,
            data=form.fields | typed,
            headers={"Origin": origin, "Referer": f"{origin}/", "Sec-Fetch-Site": "same-origin"},
        )
        return self._walk(request, leave=False)

    def _walk(self, request: httpx.Request, *, leave: bool) -> httpx.Response:
        for _ in range(LONGEST_REDIRECT_CHAIN):
            response = self.http.send(request)
            onward = _onward(response)
            if onward is None:
                return response
            target = response.url.join(onward)
            from_provider = _origin(response.url) == self._provider
            if from_provider and _origin(target) != self._provider and not leave:
                return response
            request = response.next_request or self.http.build_request("GET", target)
            request.headers.pop("Origin", None)
        raise AssertionError(f"redirected in circles, last to {request.url}")

    def _form(self, page: httpx.Response, *, field: str = "", action: str = "") -> Form:
        for form in forms_of(page):
            if (not field or field in form.fields) and form.action.path.endswith(action):
                return form
        raise AssertionError(f"no form with field '{field}' to '{action}'\n{_describe(page)}")

    def _client_url(self, response: httpx.Response) -> str:
        onward = _onward(response)
        if onward is None:
            raise AssertionError(f"a page instead of the way to the client\n{_describe(response)}")
        return onward


def forms_of(page: httpx.Response) -> list[Form]:
    """Return the forms of a page, in order, with their fields as filled by the server."""
    return _parsed(page).forms


class _PageParser(HTMLParser):
    """Collects an immediate refresh, and forms with the fields a browser would send."""

    def __init__(self, page_url: httpx.URL) -> None:
        super().__init__()
        self._page_url = page_url
        self._open = False
        self.forms: list[Form] = []
        self.refresh_to: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            tries_left = attributes.get("data-tries-left")
            self._open = True
            self.forms.append(
                Form(
                    action=self._page_url.join(attributes.get("action", "")),
                    outcome=attributes.get("data-outcome"),
                    tries_left=int(tries_left) if tries_left else None,
                )
            )
        elif tag == "input" and self._open and _is_sent(attributes):
            self.forms[-1].fields[attributes["name"]] = attributes.get("value", "")
        elif tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            wait, _, target = attributes.get("content", "").partition(";")
            if wait.strip() == "0":
                self.refresh_to = target.strip().removeprefix("url=").strip("'\"") or None

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False


def _parsed(page: httpx.Response) -> _PageParser:
    parser = _PageParser(page.url)
    parser.feed(page.text)
    parser.close()
    return parser


def _onward(response: httpx.Response) -> str | None:
    """Return where the answer itself sends a browser: by redirect, or by an immediate refresh."""
    if response.is_redirect:
        return response.headers["Location"]
    if response.headers.get("Content-Type", "").startswith("text/html"):
        return _parsed(response).refresh_to
    return None


def _is_sent(attributes: dict[str, str]) -> bool:
    kind = attributes.get("type", "text")
    if kind in {"checkbox", "radio"} and "checked" not in attributes:
        return False
    return bool(attributes.get("name")) and kind not in {"submit", "button", "image", "reset"}


def _origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _describe(page: httpx.Response) -> str:
    return f"{page.status_code} {page.url}\n{page.text[:2000]}"
