"""The page that posts an authorization response to the client."""

import base64
import hashlib
import html
import re

import httpx
import pytest

from authserver.domain.clients import ClientKind
from tests.oidc.relying_party import EMAIL, RelyingParty, body_of
from tests.support.person import Person, forms_of
from tests.support.provider import CALLBACK, Provider

MARKUP = '"\'><script>alert(1)</script><input name="code" value="evil">&amp;&#x27;%22'


def answered(
    client: RelyingParty, person: Person | None = None, /, **changes: str
) -> httpx.Response:
    visitor = person or client.provider.person()
    page = visitor.follow(client.url(response_mode="form_post", **changes))
    assert page.status_code == 200
    assert "Location" not in page.headers
    return page


def sources(page: httpx.Response, directive: str) -> set[str]:
    rules = [rule.split() for rule in page.headers["Content-Security-Policy"].split(";")]
    return next(set(rule[1:]) for rule in rules if rule[0] == directive)


def fields_of(page: httpx.Response) -> dict[str, str]:
    [form] = forms_of(page)
    assert str(form.action) == CALLBACK
    return form.fields


def test_a_code_travels_in_a_form_and_nowhere_else(client: RelyingParty) -> None:
    person = client.provider.person()
    client.sign_in(person)

    page = answered(client, person)

    fields = fields_of(page)
    assert set(fields) == {"code", "state", "iss"}
    assert str(page.url).startswith(f"{client.provider.issuer}/auth")
    assert body_of(client.exchange(fields["code"]))


def test_a_code_travels_in_a_form_after_a_sign_in_too(client: RelyingParty) -> None:
    person = client.provider.person()
    page = person.follow(client.url(response_mode="form_post"))
    page = person.submit(forms_of(page)[0], email=EMAIL)
    page = person.submit(forms_of(page)[0], code=client.provider.code_for(EMAIL))
    page = person.submit(forms_of(page)[0])

    assert set(fields_of(page)) == {"code", "state", "iss"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"prompt": "none"}, "login_required"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"request": "e30.e30."}, "request_not_supported"),
    ],
)
def test_an_error_travels_in_a_form(
    shared_client: RelyingParty, changes: dict[str, str], error: str
) -> None:
    fields = fields_of(answered(shared_client, **changes))

    assert fields["error"] == error
    assert set(fields) == {"error", "error_description", "state", "iss"}


@pytest.mark.parametrize("state", [MARKUP, "a\nb\tc", "ä漢\U0001f600", " leading and trailing "])
def test_state_arrives_as_it_was_sent_and_is_never_markup(
    shared_client: RelyingParty, state: str
) -> None:
    page = answered(shared_client, prompt="none", state=state)

    assert fields_of(page)["state"] == state
    assert "<script>alert" not in page.text
    assert page.text.count('name="code"') == 0


def test_the_policy_of_the_page_admits_its_script_and_its_target_alone(
    shared_client: RelyingParty,
) -> None:
    page = answered(shared_client, prompt="none")

    scripts = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert len(scripts) == 1
    assert sources(page, "script-src") == {"'self'", f"'sha256-{digest}'"}
    assert sources(page, "form-action") == {"http://localhost:3000"}
    assert sources(page, "default-src") == {"'none'"}
    assert sources(page, "frame-ancestors") == {"'none'"}
    assert page.headers["Cache-Control"] == "no-store"
    assert "onload" not in html.unescape(page.text)


def test_the_page_works_without_script(shared_client: RelyingParty) -> None:
    page = answered(shared_client, prompt="none")

    assert '<button class="primary" type="submit">' in page.text


def test_a_native_address_may_be_posted_to_at_its_port(shared_provider: Provider) -> None:
    native = RelyingParty.at(shared_provider, "http://127.0.0.1/cb", kind=ClientKind.NATIVE)
    uri = "http://127.0.0.1:51004/cb"

    page = answered(native, prompt="none", redirect_uri=uri)

    assert sources(page, "form-action") == {"http://127.0.0.1:51004"}
    assert str(forms_of(page)[0].action) == uri


@pytest.mark.parametrize("step", ["address", "code"])
def test_the_pages_before_it_allow_the_redirect_to_the_client(
    client: RelyingParty, step: str
) -> None:
    person = client.provider.person()
    page = person.follow(client.url())
    if step == "code":
        page = person.submit(forms_of(page)[0], email=EMAIL)

    assert sources(page, "form-action") == {"'self'", "http://localhost:3000"}
    assert sources(page, "script-src") == {"'self'"}
    assert page.headers["X-Frame-Options"] == "DENY"
