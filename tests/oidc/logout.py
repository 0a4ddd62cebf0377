"""Asking the provider to end the session, and answering its question."""

import string

import httpx

from tests.oidc.relying_party import RelyingParty, answer_in
from tests.support.person import Person, forms_of

STATE = "aZ0 \"'<b>&amp;%23%#+=?/\\:;,|~`!@$^*()[]{}-_." + string.digits
OTHER = "bela@example.com"
CONFIRM = "/oidc/session/end/confirm"
DONE = "<title>You are signed out"
ASKED = "<title>Sign out?"


def is_signed_in(client: RelyingParty, person: Person) -> bool:
    """Tell whether the browser has a session, by a request that shows no page."""
    answer = answer_in(person.pass_through(client.url(prompt="none")))
    assert "code" in answer or answer["error"] == "login_required"
    return "code" in answer


def by_hint(client: RelyingParty, tokens: dict[str, str], **changes: str | None) -> str:
    """Return the address of a logout request with a hint and no client_id."""
    asked: dict[str, str | None] = {"client_id": None, "id_token_hint": tokens["id_token"]}
    return client.logout_url(**{**asked, **changes})


def confirmed(person: Person, page: httpx.Response) -> httpx.Response:
    """Press the button of the page that asks."""
    assert ASKED in page.text
    return person.submit(next(form for form in forms_of(page) if form.action.path == CONFIRM))


def location(response: httpx.Response) -> str:
    """Return where an answer leads."""
    assert response.status_code == 303
    return response.headers["Location"]
