"""Config, Basic and Form Post Basic: the modules of the certification plans, in both modes."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.oidc.relying_party import EMAIL, RelyingParty, answer_in, body_of
from tests.support.person import Person, forms_of
from tests.support.provider import CALLBACK, Provider

MODES = ["query", "form_post"]
SCOPES = ["openid", "openid profile", "openid email", "openid address", "openid phone"]
REORDERED = "phone address email profile openid"
LONG = "aZ0-._~" * 18 + "xy"

pytestmark = pytest.mark.parametrize("mode", MODES)


class Suite:
    """A static client without PKCE and a browser, as the plans use them."""

    def __init__(self, provider: Provider, mode: str) -> None:
        self.client = RelyingParty.registered(provider, requires_pkce=False)
        self.person: Person = provider.person()
        self.mode = mode

    def asked(self, **changes: str | None) -> httpx.Response:
        """Send an authorization request and return the page or answer that it comes to."""
        parameters: dict[str, str | None] = {"response_mode": self.mode, "scope": "openid"}
        return self.person.follow(self.client.url(**{**parameters, **changes}))

    def answer(self, **changes: str | None) -> dict[str, str]:
        """Return the authorization response, signing in where a page asks for it."""
        page = self.asked(**changes)
        if any("email" in form.fields for form in forms_of(page)):
            page = self.signed_in(page)
        return self.read(page)

    def signed_in(self, page: httpx.Response) -> httpx.Response:
        """Sign in on the page."""
        page = self.submit(page, "email", email=EMAIL)
        page = self.submit(page, "code", code=self.client.provider.code_for(EMAIL))
        question = [form for form in forms_of(page) if "create-account" in form.action.path]
        return self.person.submit(question[0]) if question else page

    def submit(self, page: httpx.Response, field: str, **typed: str) -> httpx.Response:
        """Fill in the form that has the field."""
        return self.person.submit(
            next(form for form in forms_of(page) if field in form.fields), **typed
        )

    def read(self, page: httpx.Response) -> dict[str, str]:
        """Return the parameters from where the mode puts them, and from nowhere else."""
        if self.mode == "query":
            location = page.headers["Location"]
            assert location.startswith(f"{CALLBACK}?")
            return answer_in(location)
        assert "Location" not in page.headers
        [form] = forms_of(page)
        assert str(form.action) == CALLBACK
        return form.fields

    def claims(self, code: str) -> dict[str, Any]:
        """Redeem a code and return what the ID token says."""
        return self.client.claims(body_of(self.client.exchange(code))["id_token"])

    def later(self, seconds: int) -> None:
        """Let time pass."""
        self.client.provider.clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def suite(shared_provider: Provider, mode: str) -> Suite:
    return Suite(shared_provider, mode)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"scope": REORDERED},
        {"display": "page"},
        {"display": "popup"},
        {"extra": "foobar"},
        {"login_hint": "unknown@example.com"},
        {"ui_locales": "se"},
        {"claims_locales": "se"},
        {"acr_values": "1 2"},
        {"state": LONG},
        {"nonce": LONG},
        {"claims": json.dumps({"userinfo": {"name": {"essential": True}}})},
        *({"scope": scope} for scope in SCOPES),
    ],
    ids=str,
)
def test_oidcc_server_and_the_variations_of_its_request(
    suite: Suite, changes: dict[str, str | None]
) -> None:
    answer = suite.answer(**changes)

    claims = suite.claims(answer["code"])
    assert set(answer) == {"code", "state", "iss"}
    assert answer["state"] == changes.get("state", "the state")
    assert claims.get("nonce") == changes.get("nonce")
    assert claims["aud"] == suite.client.id


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"response_type": None}, {"unsupported_response_type", "invalid_request"}),
        ({"prompt": "none", "state": LONG}, {"login_required"}),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, {"request_not_supported"}),
        ({"request_uri": "https://localhost/r#1"}, {"request_uri_not_supported"}),
    ],
    ids=["response-type-missing", "prompt-none-not-logged-in", "request", "request-uri"],
)
def test_oidcc_errors_come_in_the_mode_that_was_asked_for(
    suite: Suite, changes: dict[str, str | None], errors: set[str]
) -> None:
    answer = suite.answer(**changes)

    assert answer["error"] in errors
    assert answer["state"] == changes.get("state", "the state")
    assert set(answer) == {"error", "error_description", "state", "iss"}


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "1"}], ids=str)
def test_oidcc_prompt_login_and_max_age_1_authenticate_again(
    suite: Suite, changes: dict[str, str | None]
) -> None:
    first = suite.claims(suite.answer()["code"])
    suite.later(40)

    page = suite.asked(**changes)
    second = suite.claims(suite.read(suite.signed_in(page))["code"])

    assert second["auth_time"] == first["auth_time"] + 40
    assert second["sub"] == first["sub"]


@pytest.mark.parametrize("changes", [{"prompt": "none"}, {"max_age": "10000"}], ids=str)
def test_oidcc_prompt_none_and_max_age_10000_use_the_session(
    suite: Suite, changes: dict[str, str | None]
) -> None:
    first = suite.claims(suite.answer(max_age="15000")["code"])
    suite.later(2)

    second = suite.claims(suite.read(suite.asked(**changes))["code"])

    assert (first["sub"], first["auth_time"]) == (second["sub"], second["auth_time"])


def test_oidcc_id_token_hint(suite: Suite) -> None:
    tokens = body_of(suite.client.exchange(suite.answer()["code"]))

    answer = suite.read(suite.asked(prompt="none", id_token_hint=tokens["id_token"]))

    assert suite.claims(answer["code"])["sub"] == suite.client.claims(tokens["id_token"])["sub"]


@pytest.mark.parametrize("seconds", [0, 30])
def test_oidcc_codereuse(suite: Suite, seconds: int) -> None:
    code = suite.answer()["code"]
    tokens = body_of(suite.client.exchange(code))
    suite.later(seconds)

    again = suite.client.exchange(code)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert suite.client.userinfo(tokens["access_token"]).status_code == 401


def test_oidcc_ensure_registered_redirect_uri(suite: Suite) -> None:
    page = suite.asked(redirect_uri=f"{CALLBACK}/LEvZ")

    assert page.status_code == 400
    assert forms_of(page) == [form for form in forms_of(page) if form.action.path == "/language"]


def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    parameters = suite.client.parameters(response_mode=suite.mode)
    begun = suite.person.http.post("/oidc/auth", data=parameters)

    page = suite.signed_in(suite.person.follow(begun.headers["Location"]))

    assert suite.claims(suite.read(page)["code"])


def test_oidcc_server_client_secret_basic(suite: Suite) -> None:
    fields = {
        "grant_type": "authorization_code",
        "code": suite.answer()["code"],
        "redirect_uri": CALLBACK,
    }

    answer = suite.client.http.post(
        "/oidc/token", data=fields, auth=(suite.client.id, str(suite.client.secret))
    )

    assert body_of(answer)["id_token"]


def test_oidcc_refresh_token(suite: Suite) -> None:
    other = RelyingParty.registered(suite.client.provider)
    code = suite.answer(scope="openid offline_access", prompt="consent")["code"]
    tokens = body_of(suite.client.exchange(code))

    stolen = other.refresh(tokens["refresh_token"])
    renewed = suite.client.refresh(tokens["refresh_token"])

    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert renewed.headers["Cache-Control"] == "no-store"
    before, after = (suite.client.claims(each["id_token"]) for each in (tokens, body_of(renewed)))
    kept = ("iss", "sub", "aud", "auth_time")
    assert [before[name] for name in kept] == [after[name] for name in kept]
