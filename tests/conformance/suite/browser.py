"""Jane's browser, which runs no scripts, and what leaves it for the relying party."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.conformance.suite.server import EMAIL, TestedServer
from tests.support.person import BROWSER_HEADERS, Form, Person, forms_of

MOST_PAGES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The request that takes an answer to the relying party; `body` is none where it is a GET."""

    url: str
    body: dict[str, str] | None

    @property
    def query(self) -> dict[str, str]:
        return dict(once(parse_qsl(urlsplit(self.url).query, keep_blank_values=True)))


class Browser:
    """One browser with its cookies, in which Jane signs in with what is mailed to her."""

    def __init__(self, server: TestedServer) -> None:
        self._http = httpx.Client(
            headers=BROWSER_HEADERS, verify=server.process.trust, trust_env=False, timeout=20.0
        )
        self._server = server
        self._person = Person(self._http, server.process.inbox, endpoint=server.process.endpoint)

    def close(self) -> None:
        """Close it and lose its cookies."""
        self._http.close()

    def open(self, url: str) -> httpx.Response:
        """Return the page that a link leads to, or the redirect that leaves the provider."""
        return self._person.follow(url)

    def post(self, url: str, fields: dict[str, str]) -> httpx.Response:
        """Return the same for a form on a page of the relying party."""
        answer = self._http.post(url, data=fields, headers={"Sec-Fetch-Site": "cross-site"})
        return self.open(str(answer.url.join(answer.headers["Location"])))

    def answered(self, page: httpx.Response) -> httpx.Response:
        """Fill in one form after the other, until there is none that Jane is meant to send."""
        for _ in range(MOST_PAGES):
            form = next((form for form in forms_of(page) if is_a_step(form)), None)
            if form is None:
                return page
            page = self._person.submit(form, **self._typed(form))
        raise AssertionError(f"asked again and again, last at {page.url}")

    def confirmed(self, page: httpx.Response) -> httpx.Response:
        """Press the button that confirms a sign-out, where there is one."""
        for form in forms_of(page):
            if form.action.path == "/oidc/session/end/confirm":
                return self._person.submit(form)
        return page

    def arrival(self, page: httpx.Response) -> Arrival:
        """Return what leaves the browser: by the redirect, or by the one form of the page."""
        if page.is_redirect:
            return Arrival(url=page.headers["Location"], body=None)
        [form] = [form for form in forms_of(page) if form.action.path != "/language"]
        assert form.action.netloc != page.url.netloc, page.text
        return Arrival(url=str(form.action), body=form.fields)

    def _typed(self, form: Form) -> dict[str, str]:
        if "email" in form.fields:
            return {"email": EMAIL}
        if "code" in form.fields:
            return {"code": self._server.next_code()}
        return {"decision": "allow"}


def is_a_step(form: Form) -> bool:
    """Tell whether the form asks for the address, the code, or consent."""
    path = form.action.path
    is_ours = path.startswith(("/sign-in", "/consent"))
    return is_ours and (bool(form.fields.keys() & {"email", "code"}) or path.startswith("/consent"))


def asks_to_sign_in(page: httpx.Response) -> bool:
    """Tell whether the page is the one that asks who is there."""
    return any("email" in form.fields and is_a_step(form) for form in forms_of(page))


def once(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs, no name twice among them."""
    assert len(dict(pairs)) == len(pairs)
    return pairs
