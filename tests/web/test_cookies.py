import json
from base64 import urlsafe_b64encode
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest

from tests.flows.browsing import OWN_FORM, Visit, path_of, signed_in
from tests.support.person import forms_of
from tests.support.provider import Provider

ADA = "ada@example.com"
WEEK, QUARTER, YEAR = 7 * 86400, 90 * 86400, 365 * 86400


def cookies_of(answer: httpx.Response) -> dict[str, "Morsel[str]"]:
    """Return the cookies that an answer sets, by name."""
    found: dict[str, Morsel[str]] = {}
    for line in answer.headers.get_list("set-cookie"):
        found.update(SimpleCookie(line))
    return found


def check(cookie: "Morsel[str]", *, max_age: int, is_secure: bool) -> None:
    assert cookie["max-age"] == str(max_age)
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert bool(cookie["secure"]) is is_secure


@pytest.fixture(params=["plain", "secure"])
def any_provider(request: pytest.FixtureRequest) -> Provider:
    name = {"plain": "provider", "secure": "secure_provider"}[request.param]
    chosen: Provider = request.getfixturevalue(name)
    return chosen


def test_each_cookie_has_the_attributes_that_keep_it_here(any_provider: Provider) -> None:
    is_secure = any_provider.endpoint.startswith("https:")
    prefix = "__Host-" if is_secure else "authserver-"
    any_provider.server.accounts.create(ADA)
    browser = any_provider.http()

    begun = browser.get("/sign-in")
    visit = Visit(any_provider, browser, path_of(begun))
    shown = visit.page()
    asked = visit.ask(ADA)
    refused = visit.enter("000000")
    entered = visit.enter(any_provider.code_for(ADA))
    switched = browser.post("/language", data={"language": "zh-CN"}, headers=OWN_FORM)

    interaction, session = cookies_of(begun), cookies_of(entered)
    assert list(interaction) == [f"{prefix}interaction-{visit.interaction}"]
    assert list(session) == [f"{prefix}session", f"{prefix}device"]
    check(*interaction.values(), max_age=WEEK, is_secure=is_secure)
    check(session[f"{prefix}session"], max_age=QUARTER, is_secure=is_secure)
    check(session[f"{prefix}device"], max_age=180 * 24 * 3600, is_secure=is_secure)
    check(cookies_of(switched)[f"{prefix}language"], max_age=YEAR, is_secure=is_secure)
    for answer in (shown, asked, refused):
        assert cookies_of(answer) == {}
    assert all(len(each.value) >= 43 for each in (*interaction.values(), *session.values()))


def test_signing_out_takes_the_session_cookie_away(any_provider: Provider) -> None:
    is_secure = any_provider.endpoint.startswith("https:")
    any_provider.server.accounts.create(ADA)
    visit = Visit.begin(any_provider)
    visit.enter(visit.code_for(ADA))
    form = next(
        form
        for form in forms_of(visit.http.get("/account"))
        if form.action.path.endswith("/sign-out")
    )

    answer = visit.http.post(form.action, data=form.fields, headers=OWN_FORM)

    (cookie,) = cookies_of(answer).values()
    assert cookie.value == ""
    check(cookie, max_age=0, is_secure=is_secure)


def test_a_browser_keeps_the_cookies_of_ten_interactions_at_most(provider: Provider) -> None:
    first = Visit.begin(provider)
    last = first
    for _ in range(12):
        last = Visit.begin(provider, http=first.http)

    held = [name for name in first.http.cookies if name.startswith("authserver-interaction-")]
    assert len(held) == 10
    assert last.page().status_code == 200
    assert first.page().status_code == 410


@pytest.mark.parametrize("value", ["", "x" * 5000, "\xe9", "a; b", '"quoted"', "%00"])
def test_a_cookie_that_is_not_ours_does_no_harm(provider: Provider, value: str) -> None:
    names = ("session", "language", "interaction-x")
    header = "; ".join(f"authserver-{name}={value}" for name in names).encode("latin-1")
    browser = provider.http()

    for path in ("/account", "/sign-in"):
        answer = browser.get(path, headers=[(b"Cookie", header)])
        assert answer.status_code == 303
    assert browser.get("/sign-in/x", headers=[(b"Cookie", header)]).status_code == 410


def test_cookies_of_the_plain_names_count_for_nothing_over_tls(secure_provider: Provider) -> None:
    secure_provider.server.accounts.create(ADA)
    visit = Visit.begin(secure_provider)
    answer = visit.enter(visit.code_for(ADA))
    secret = cookies_of(answer)["__Host-session"].value
    planted = secure_provider.http()

    for name in ("authserver-session", "session", "__Secure-session"):
        planted.cookies.set(name, secret)

    assert path_of(planted.get("/account")) == "/sign-in"


def test_two_signed_in_browsers_do_not_share_cookies(provider: Provider) -> None:
    assert signed_in(provider, ADA).session() != signed_in(provider, ADA).session()


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 2000,
        b'{"a":' * 400,
        b"\xff",
        json.dumps({"section": "profile", "outcome": "\ud800"}).encode(),
        json.dumps({"section": "profile", "outcome": "name_invalid"}).encode(),
        json.dumps({"section": "profile", "outcome": "cooling_down", "wait_seconds": "x"}).encode(),
        json.dumps({"section": "profile", "outcome": "wrong", "tries_left": "x"}).encode(),
        json.dumps({"section": "profile", "outcome": "too_short", "needed": "9" * 1900}).encode(),
    ],
)
def test_a_message_that_no_server_has_left_does_no_harm(provider: Provider, content: bytes) -> None:
    session = signed_in(provider, ADA).session()
    message = urlsafe_b64encode(content).decode()
    cookies = f"authserver-session={session}; authserver-message={message}"

    answer = provider.http().get("/account/profile", headers={"Cookie": cookies})

    assert answer.status_code == 200
