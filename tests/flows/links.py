"""The link of a mail, opened on another device than the one that asked for the mail."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from tests.flows.browsing import OWN_FORM, Visit
from tests.support.person import Form, forms_of
from tests.support.provider import Provider

LINK = re.compile(r"^(\S+/finish/\S+)$", re.MULTILINE)
NUMBER = re.compile(r'<p class="number"><bdi dir="ltr">([0-9]{6})</bdi></p>')
STATE = re.compile(r'<p data-outcome="([a-z_]+)">')


def link_in(text: str) -> str:
    """Return the path of the link in a mail's text."""
    (link,) = LINK.findall(text)
    return str(urlsplit(link).path)


def number_on(visit: Visit) -> str:
    """Return the number that the code page of the first tab shows."""
    (number,) = NUMBER.findall(visit.page().text)
    return str(number)


@dataclass(slots=True)
class OtherDevice:
    """A browser that has opened the link of a mail."""

    http: httpx.Client
    path: str

    @classmethod
    def after_asking(cls, provider: Provider, visit: Visit, email: str) -> "OtherDevice":
        """Send the address in the first tab, and open the link of the mail elsewhere."""
        visit.ask(email)
        return cls(provider.http(source="198.51.100.7"), link_in(provider.next_mail(email)["text"]))

    def page(self) -> httpx.Response:
        return self.http.get(self.path)

    def form(self) -> Form:
        """Return the form that asks for the number."""
        return forms_of(self.page())[0]

    def state(self) -> str:
        """Return what the page tells instead of asking for a number."""
        (state,) = STATE.findall(self.page().text)
        return str(state)

    def enter(self, number: str, token: str | None = None) -> httpx.Response:
        """Send a number."""
        form_token = self.form().fields["form_token"] if token is None else token
        data = {"code": number, "form_token": form_token}
        return self.http.post(self.path, data=data, headers=OWN_FORM)

    def outcome_of(self, number: str) -> tuple[str | None, int | None]:
        """Enter a number that is not accepted, and return what the page then tells."""
        assert self.enter(number).status_code == 303
        shown = self.form()
        return shown.outcome, shown.tries_left
