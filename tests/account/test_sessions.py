import json
from datetime import timedelta

import pytest

from tests.account.account_page import AccountPage
from tests.flows.browsing import OWN_FORM, path_of, request_of_client, signed_in
from tests.support.provider import CALLBACK, Provider

ADA = "ada@example.com"
BOB = "bob@example.com"
SECTIONS = ("profile", "language", "address", "sessions", "browsers", "applications", "export")


@pytest.fixture
def page(either_provider: Provider) -> AccountPage:
    return AccountPage.of(either_provider, ADA)


def connected(page: AccountPage) -> dict[str, str]:
    """Sign in to a client in the same browser; return the header with its access token."""
    made = page.provider.new_client(requires_pkce=False)
    answer = page.http.get(request_of_client(made.client.id))
    code = answer.headers["location"].partition("code=")[2].partition("&")[0]
    assert made.secret
    tokens = page.http.post(
        "/oidc/token",
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK},
        auth=(made.client.id, made.secret.reveal()),
    ).json()
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def test_another_session_is_listed_and_ended(page: AccountPage) -> None:
    other = AccountPage.of(page.provider, ADA, source="203.0.113.7")
    assert "203.0.•.•" in page.get("sessions").text

    page.send("sessions", "/end-others")

    assert not other.is_signed_in()
    assert page.is_signed_in()


def test_sessions_browsers_and_applications_of_others_are_as_unknown_as_none(
    page: AccountPage,
) -> None:
    bob = AccountPage.of(page.provider, BOB)
    of_bob = bob.form("sessions", "/end").fields["session"]
    browser = bob.form("browsers", "/forget").fields["browser"]

    page.post(page.form("sessions", "/end"), session=of_bob)
    assert page.outcome("sessions") == "unknown"
    page.post(page.form("sessions", "/end"), session="x" * 25)
    assert page.outcome("sessions") == "unknown"
    page.post(page.form("browsers", "/forget"), browser=browser)
    assert page.outcome("browsers") == "unknown"

    assert bob.is_signed_in()
    assert bob.form("browsers", "/forget").fields["browser"] == browser


def test_a_form_of_another_session_or_section_is_refused(page: AccountPage) -> None:
    bob = AccountPage.of(page.provider, BOB)
    foreign = bob.form("sessions", "/end-all").fields
    of_section = page.form("profile", "").fields

    for fields in (foreign, of_section, {"other": "1"}, {"form_token": "x" * 43}):
        answer = page.http.post("/account/sessions/end-all", data=fields, headers=OWN_FORM)
        assert answer.status_code == 403
    assert page.is_signed_in()


def test_an_application_that_is_disconnected_holds_dead_tokens(page: AccountPage) -> None:
    bearer = connected(page)
    assert "Bookstore" in page.get("applications").text
    assert page.http.get("/oidc/me", headers=bearer).status_code == 200

    page.send("applications", "/withdraw")

    assert page.http.get("/oidc/me", headers=bearer).status_code == 401
    assert "No application is connected" in page.get("applications").text


def test_the_export_holds_what_is_stored_and_no_secret(page: AccountPage) -> None:
    connected(page)

    answer = page.http.get("/account/export/account.json")

    assert answer.headers["content-disposition"].startswith("attachment")
    document = json.loads(answer.text)
    assert document["account"][0]["address"] == ADA
    assert {"sessions", "authorizations", "mails", "events"} <= set(document)
    assert document["authorizations"]
    assert "digest" not in answer.text
    assert "hash" not in answer.text


def test_a_deleted_account_is_gone_with_its_sessions_and_tokens(page: AccountPage) -> None:
    bearer = connected(page)
    other = AccountPage.of(page.provider, ADA)
    page.send("deletion", "")
    assert page.outcome("deletion") == "not_sure"

    answer = page.send("deletion", "", sure="yes")

    assert path_of(answer) == "/account/deleted"
    assert page.provider.next_mail(ADA)["usage_type"] == "AccountDeleted"
    assert not other.is_signed_in()
    assert page.http.get("/oidc/me", headers=bearer).status_code == 401
    again = signed_in(page.provider, ADA)
    assert "No application is connected" in again.http.get("/account/applications").text


def test_a_stale_sign_in_deletes_nothing(page: AccountPage) -> None:
    form = page.form("deletion", "")
    page.provider.clock.advance(timedelta(minutes=10))

    assert path_of(page.post(form, sure="yes")) == "/account/deletion"

    assert page.is_signed_in()
    assert "Send me a code" in page.get("deletion").text


def test_an_operators_link_is_no_fresh_sign_in(either_provider: Provider) -> None:
    either_provider.server.accounts.create(ADA)
    token = either_provider.server.accounts.make_sign_in_link(ADA).token.reveal()
    http = either_provider.http()
    page = AccountPage(either_provider, http, ADA)
    link = f"/sign-in-link/{token}"
    field = http.get(link).text.partition('name="form_token" value="')[2].partition('"')[0]
    http.post(link, data={"form_token": field}, headers=OWN_FORM)
    assert page.is_signed_in()

    assert "Send me a code" in page.get("deletion").text
    page.confirm("deletion")

    assert "Keep it" in page.get("deletion").text


@pytest.mark.parametrize("section", SECTIONS)
def test_whoever_is_not_signed_in_is_led_through_the_sign_in_and_back(
    provider: Provider, section: str
) -> None:
    http = provider.http()
    path = path_of(http.get(f"/account/{section}"))
    assert path.startswith("/sign-in/")

    visit = signed_in(provider, ADA, f"/account/{section}", http=http)

    assert path_of(visit.http.get(f"/oidc/auth/{visit.interaction}")) == f"/account/{section}"


def test_names_are_kept_and_released_to_clients(page: AccountPage) -> None:
    page.send("profile", "", name=" Ada Lovelace ", nickname="A")
    assert page.outcome("profile") == "saved"
    page.send("profile", "", nickname="x" * 201)
    assert page.outcome("profile") == "name_invalid"

    with page.provider.server.storage.reading() as work:
        account = work.accounts.find_by_address(ADA)

    assert account is not None
    assert account.claims == {"name": "Ada Lovelace", "nickname": "A"}


def test_the_chosen_language_is_used_after_the_sign_in_only(page: AccountPage) -> None:
    page.send("language", "", locale="de")

    other = AccountPage.of(page.provider, ADA)

    assert '<html lang="de"' in other.http.get("/account").text
    assert '<html lang="en"' in page.provider.http().get("/sign-in", follow_redirects=True).text
