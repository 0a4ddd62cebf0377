from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.flows.browsing import (
    OWN_FORM,
    Visit,
    path_of,
    request_of_bookstore,
    request_of_client,
    signed_in,
)
from tests.support.person import forms_of
from tests.support.provider import CALLBACK, Provider

ADA = "ada@example.com"
BOB = "bob@example.com"
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
SESSION = "authserver-session"


def code_in(answer: httpx.Response) -> str:
    """Return the authorization code with which a browser is sent to its client."""
    location = answer.headers["location"]
    assert location.startswith(CALLBACK + "?")
    return parse_qs(urlsplit(location).query)["code"][0]


def sessions(provider: Provider) -> int:
    with provider.server.storage.reading() as work:
        text = "SELECT count(*) FROM sessions WHERE ended_at IS NULL"
        return int(work.connection.exec_driver_sql(text).scalar_one())


def is_signed_in(http: httpx.Client) -> bool:
    return http.get("/account").status_code == 200


def press_sign_out(http: httpx.Client) -> httpx.Response:
    """Press the button of the account page."""
    form = next(
        form for form in forms_of(http.get("/account")) if form.action.path.endswith("/sign-out")
    )
    return http.post(form.action, data=form.fields, headers=OWN_FORM)


def test_the_right_code_sent_twice_ends_at_the_client_twice_with_one_session(
    either_provider: Provider,
) -> None:
    either_provider.server.accounts.create(ADA)
    visit = Visit.begin(either_provider, request_of_bookstore(either_provider))
    code = visit.code_for(ADA)

    first = visit.enter(code)
    codes = {code_in(visit.http.get(visit.enter(code).headers["location"])) for _ in range(2)}

    assert path_of(first) == f"/oidc/auth/{visit.interaction}"
    assert len(codes) == 2
    assert sessions(either_provider) == 1
    assert len(either_provider.mails(ADA)) == 1


@pytest.mark.parametrize(("wait", "is_given"), [(59 * SECOND, True), (60 * SECOND, False)])
def test_an_answer_that_was_lost_is_given_again_for_a_minute(
    provider: Provider, wait: timedelta, *, is_given: bool
) -> None:
    visit = signed_in(provider, ADA, request_of_bookstore(provider))
    visit.http.cookies.delete(SESSION)
    provider.clock.advance(wait)

    answer = visit.http.get(f"/oidc/auth/{visit.interaction}")

    assert answer.status_code == (303 if is_given else 410)
    assert (visit.session() is not None) is is_given
    assert is_signed_in(visit.http) is is_given


def test_a_lost_answer_is_not_given_to_another_browser(provider: Provider) -> None:
    visit = signed_in(provider, ADA, request_of_bookstore(provider))
    thief = provider.http()

    assert thief.get(f"/oidc/auth/{visit.interaction}").status_code == 410
    thief.cookies.set(f"authserver-interaction-{visit.interaction}", "x" * 43)
    assert thief.get(f"/oidc/auth/{visit.interaction}").status_code == 410
    assert SESSION not in thief.cookies


def test_steps_that_are_not_due_lead_to_the_one_that_is(provider: Provider) -> None:
    visit = Visit.begin(provider)
    paths = [visit.base, visit.base + "/code", visit.base + "/create-account"]

    def led_to() -> set[str]:
        answers = [visit.http.get(path) for path in paths]
        return {
            path if a.status_code == 200 else path_of(a)
            for path, a in zip(paths, answers, strict=True)
        }

    assert led_to() == {visit.base}
    code = visit.code_for(ADA)
    assert led_to() == {visit.base + "/code"}
    visit.enter(code)
    assert led_to() == {visit.base + "/create-account"}
    visit.decide()
    assert led_to() == {f"/oidc/auth/{visit.interaction}"}


@pytest.mark.parametrize(
    "suffix", ["", "/code", "/resend", "/restart", "/create-account", "/cancel"]
)
def test_after_the_sign_in_every_form_leads_on_and_changes_nothing(
    provider: Provider, suffix: str
) -> None:
    visit = signed_in(provider, ADA)

    answer = visit.send(suffix, email=BOB, code="123456")

    assert path_of(answer) == f"/oidc/auth/{visit.interaction}"
    assert path_of(visit.http.get(answer.headers["location"])) == "/account"
    assert provider.mails(BOB) == []
    assert sessions(provider) == 1


def test_the_account_page_shows_who_is_signed_in_and_signs_out(either_provider: Provider) -> None:
    visit = signed_in(either_provider, ADA)
    stolen = visit.session()
    assert ADA in visit.http.get("/account").text
    assert path_of(visit.http.get("/")) == "/account"

    answer = press_sign_out(visit.http)

    assert answer.status_code == 200
    assert visit.session() is None
    assert path_of(visit.http.get("/account")) == "/sign-in"
    visit.http.cookies.set(SESSION, stolen or "")
    assert path_of(visit.http.get("/account")) == "/sign-in"
    assert sessions(either_provider) == 0


def test_signing_in_again_renews_the_session_and_kills_the_former_cookie(
    either_provider: Provider,
) -> None:
    first = signed_in(either_provider, ADA)
    former = first.session()

    again = signed_in(either_provider, ADA, http=first.http)

    assert sessions(either_provider) == 1
    assert again.session() != former
    other = either_provider.http()
    other.cookies.set(SESSION, former or "")
    assert not is_signed_in(other)


def test_a_cookie_planted_before_the_sign_in_is_worth_nothing(provider: Provider) -> None:
    visit = Visit.begin(provider)
    visit.http.cookies.set(SESSION, "planted" * 6)
    visit.enter(visit.code_for(ADA))
    visit.decide()

    thief = provider.http()
    thief.cookies.set(SESSION, "planted" * 6)

    assert not is_signed_in(thief)


def test_a_second_person_in_the_same_browser_ends_the_session_of_the_first(
    either_provider: Provider,
) -> None:
    first = signed_in(either_provider, ADA)
    of_ada = first.session()

    second = signed_in(either_provider, BOB, http=first.http)

    assert BOB in second.http.get("/account").text
    assert sessions(either_provider) == 1
    other = either_provider.http()
    other.cookies.set(SESSION, of_ada or "")
    assert not is_signed_in(other)


@pytest.mark.parametrize(
    ("days", "lives"), [((13, 13, 13), True), ((14,), False), ((13,) * 6, True), ((13,) * 7, False)]
)
def test_a_session_ends_after_14_days_unused_and_after_90_days(
    provider: Provider, days: tuple[int, ...], *, lives: bool
) -> None:
    request = request_of_bookstore(provider)
    visit = signed_in(provider, ADA, request)

    for step in days[:-1]:
        provider.clock.advance(step * DAY)
        visit.http.get(request)
    provider.clock.advance(days[-1] * DAY)
    answer = visit.http.get(request)

    assert answer.headers["location"].startswith(CALLBACK) is lives
    assert is_signed_in(visit.http) is lives


def test_a_suspended_person_is_signed_out_everywhere(either_provider: Provider) -> None:
    visits = [signed_in(either_provider, ADA) for _ in range(2)]

    either_provider.server.accounts.suspend(ADA)

    assert not any(is_signed_in(visit.http) for visit in visits)


def test_another_tab_may_go_on_with_the_session_there_is(provider: Provider) -> None:
    request = request_of_bookstore(provider, prompt="select_account")
    visit = signed_in(provider, ADA, request)
    other = Visit.begin(provider, request, http=visit.http)
    page = other.page()

    assert "Continue as" in page.text
    assert ADA in page.text
    answer = other.http.get(other.send("/continue").headers["location"])

    assert code_in(answer)
    assert sessions(provider) == 1


@pytest.mark.parametrize("parameters", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_fresh_sign_in_cannot_be_skipped_by_going_on(
    provider: Provider, parameters: dict[str, str]
) -> None:
    client = provider.new_client(requires_pkce=False).client.id
    visit = signed_in(provider, ADA, request_of_client(client))
    provider.clock.advance(SECOND)
    fresh = Visit.begin(provider, request_of_client(client, **parameters), http=visit.http)

    assert "Continue as" not in fresh.page().text
    assert path_of(fresh.send("/continue")) == fresh.base
    assert path_of(fresh.http.get(f"/oidc/auth/{fresh.interaction}")) == fresh.base


def link_of(provider: Provider) -> str:
    return f"/sign-in-link/{provider.server.accounts.make_sign_in_link(ADA).token.reveal()}"


def press_link(http: httpx.Client, link: str) -> httpx.Response:
    form = forms_of(http.get(link))[0]
    return http.post(link, data={"form_token": form.fields.get("form_token", "")}, headers=OWN_FORM)


def test_a_sign_in_link_is_used_by_its_button_once_and_not_by_looking(
    either_provider: Provider,
) -> None:
    either_provider.server.accounts.create(ADA)
    link = link_of(either_provider)
    browser = either_provider.http()
    looks = [browser.get(link) for _ in range(3)]
    assert {look.status_code for look in looks} == {200}
    assert ADA not in looks[0].text

    fields = forms_of(looks[-1])[0].fields
    answer = browser.post(link, data=fields, headers=OWN_FORM)

    assert path_of(answer) == "/account"
    assert is_signed_in(browser)
    other = either_provider.http()
    assert other.get(link).status_code == 410
    assert other.post(link, data=fields, headers=OWN_FORM).status_code == 410
    assert SESSION not in other.cookies


@pytest.mark.parametrize("what", ["expired", "suspended", "unknown", "deleted"])
def test_a_sign_in_link_that_is_over_signs_nobody_in(provider: Provider, what: str) -> None:
    provider.server.accounts.create(ADA)
    link = link_of(provider)
    browser = provider.http()
    fields = forms_of(browser.get(link))[0].fields
    if what == "expired":
        provider.clock.advance(timedelta(minutes=10))
    elif what == "suspended":
        provider.server.accounts.suspend(ADA)
    elif what == "deleted":
        provider.server.accounts.delete(ADA)
    else:
        link = "/sign-in-link/unknown"

    assert browser.get(link).status_code == 410
    assert browser.post(link, data=fields, headers=OWN_FORM).status_code in {403, 410}
    assert SESSION not in browser.cookies


def test_a_sign_in_link_takes_over_from_whoever_was_signed_in(provider: Provider) -> None:
    bob = signed_in(provider, BOB)
    provider.server.accounts.create(ADA)

    press_link(bob.http, link_of(provider))

    assert ADA in bob.http.get("/account").text
    assert sessions(provider) == 1


@pytest.mark.parametrize("path", ["/", "/sign-in", "/register"])
def test_a_bookmark_leads_whoever_is_signed_in_to_the_account_page(
    provider: Provider, path: str
) -> None:
    browser = signed_in(provider, "anna@example.com").http

    assert path_of(browser.get(path)) == "/account"
