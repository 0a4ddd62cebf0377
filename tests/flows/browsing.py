"""One browser on the pages of one interaction, without redirects followed by themselves."""

from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import httpx

from tests.support.person import Form, forms_of
from tests.support.provider import CALLBACK, Provider

OWN_FORM = {"Sec-Fetch-Site": "same-origin"}
DECISIONS = {"/sign-in": "/create-account", "/register": "/existing"}


def request_of_client(client_id: str, **parameters: str) -> str:
    """Return the path of an authorization request."""
    query = {
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid email",
        "state": "a state",
        **parameters,
    }
    return f"/oidc/auth?{urlencode(query)}"


def request_of_bookstore(provider: Provider, **parameters: str) -> str:
    """Return the path of an authorization request of a client made for it."""
    return request_of_client(provider.new_client(requires_pkce=False).client.id, **parameters)


def path_of(response: httpx.Response) -> str:
    """Return the path that a redirect leads to."""
    assert response.status_code == 303, response.text
    return urlsplit(response.headers["location"]).path


@dataclass(slots=True)
class Visit:
    """A browser that has begun an interaction; `base` is the path of its first page."""

    provider: Provider
    http: httpx.Client
    base: str
    fields: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        provider: Provider,
        path: str = "/sign-in",
        *,
        source: str = "127.0.0.1",
        http: httpx.Client | None = None,
    ) -> "Visit":
        browser = provider.http(source=source) if http is None else http
        if path == "/sign-in" and browser.cookies.get("authserver-session"):
            # The bookmark would lead somebody who is signed in to the account page.
            path = request_of_bookstore(provider, prompt="login")
        return cls(provider, browser, path_of(browser.get(path)))

    @property
    def interaction(self) -> str:
        return self.base.rpartition("/")[2]

    def page(self, suffix: str = "") -> httpx.Response:
        """Return the page that is due."""
        response = self.http.get(self.base + suffix)
        while response.status_code == 303:
            response = self.http.get(response.headers["location"])
        return response

    def hidden(self) -> dict[str, str]:
        """Return the hidden fields of the forms of this interaction."""
        if not self.fields:
            token = forms_of(self.page())[0].fields["form_token"]
            self.fields = {"form_token": token}
        return self.fields

    def send(self, suffix: str, **typed: str) -> httpx.Response:
        """Send the form whose address ends so."""
        data = self.hidden() | typed
        return self.http.post(self.base + suffix, data=data, headers=OWN_FORM)

    def ask(self, email: str) -> httpx.Response:
        """Send the address."""
        return self.send("", email=email)

    def code_for(self, email: str) -> str:
        """Send the address, which must be accepted, and return the mailed code."""
        assert path_of(self.ask(email)) == self.base + "/code"
        return self.provider.code_for(email)

    def enter(self, code: str) -> httpx.Response:
        """Send a code."""
        return self.send("/code", code=code)

    def decide(self) -> httpx.Response:
        """Press the button of the question after the proof."""
        return self.send(DECISIONS[self.base.rpartition("/")[0]])

    def form(self) -> Form:
        """Return the first form of the page that is due: it tells the outcome."""
        return forms_of(self.page())[0]

    def outcome_of(self, code: str) -> tuple[str | None, int | None]:
        """Enter a code that is not accepted, and return what the page then tells."""
        assert path_of(self.enter(code)) == self.base + "/code"
        shown = self.form()
        return shown.outcome, shown.tries_left

    def session(self) -> str | None:
        """Return the session cookie of the browser."""
        return self.http.cookies.get("authserver-session")


def signed_in(
    provider: Provider, email: str, path: str = "/sign-in", *, http: httpx.Client | None = None
) -> Visit:
    """Return a browser in which the person of the address has just signed in."""
    visit = Visit.begin(provider, path, http=http)
    answer = visit.enter(visit.code_for(email))
    if path_of(answer) == visit.base + "/create-account":
        answer = visit.decide()
    assert path_of(answer) == f"/oidc/auth/{visit.interaction}"
    visit.http.get(answer.headers["location"])
    return visit


def wrong(code: str, by: int = 1) -> str:
    """Return a code that is not `code`."""
    return f"{(int(code) + by) % 10 ** len(code):0{len(code)}d}"
