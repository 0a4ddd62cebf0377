"""One browser on the account page, without redirects followed by themselves."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from tests.flows.browsing import OWN_FORM, path_of, signed_in
from tests.support.person import Form, forms_of
from tests.support.provider import Provider

SESSION = "authserver-session"


@dataclass(slots=True)
class AccountPage:
    """A browser in which somebody has signed in."""

    provider: Provider
    http: httpx.Client
    email: str

    @classmethod
    def of(cls, provider: Provider, email: str, *, source: str = "127.0.0.1") -> "AccountPage":
        """Sign in in a browser of one's own."""
        http = provider.http(source=source)
        signed_in(provider, email, http=http)
        return cls(provider, http, email)

    def get(self, section: str) -> httpx.Response:
        """Return the page of a section."""
        return self.http.get(f"/account/{section}")

    def form(self, section: str, action: str) -> Form:
        """Return the form of the page of `section` that leads to `action` below it."""
        page = self.get(section)
        wanted = f"/account/{section.partition('/')[0]}{action}"
        found = [form for form in forms_of(page) if form.action.path == wanted]
        assert found, f"no form to {wanted}: {page.status_code}\n{page.text[-3000:]}"
        return found[0]

    def send(self, section: str, action: str = "", **typed: str) -> httpx.Response:
        """Send the form of a section."""
        form = self.form(section, action)
        return self.post(form, **typed)

    def post(self, form: Form, **typed: str) -> httpx.Response:
        """Send a form found before."""
        return self.http.post(form.action, data=form.fields | typed, headers=OWN_FORM)

    def confirm(self, section: str) -> httpx.Response:
        """Confirm by a mailed code that it is still the same person."""
        assert path_of(self.send(section, "/confirm")) == f"/account/{section}/code"
        return self.enter(section, self.provider.code_for(self.email))

    def enter(self, section: str, code: str) -> httpx.Response:
        """Enter a code."""
        return self.send(f"{section}/code", "/code", code=code)

    def outcome(self, section: str) -> str | None:
        """Return what the page of the section says of the last action."""
        forms = [f for f in forms_of(self.get(section)) if f.action.path.startswith("/account/")]
        return forms[0].outcome

    def session(self) -> str | None:
        """Return the session cookie."""
        return self.http.cookies.get(SESSION)

    def is_signed_in(self) -> bool:
        """Tell whether the browser has a live session."""
        return self.http.get("/account").status_code == 200


def led_to(response: httpx.Response) -> str:
    """Return the path that a redirect leads to, its interaction left out."""
    assert response.status_code == 303, response.text[-2000:]
    return urlsplit(response.headers["location"]).path
