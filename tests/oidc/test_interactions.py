"""A paused request: bound to its browser, refused by the person, resumed, over."""

from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest

from authserver.administration.clients import ClientChanges
from tests.oidc.relying_party import EMAIL, RelyingParty, answer_in, body_of
from tests.support.person import Form, Person, forms_of
from tests.support.provider import CALLBACK, ENDPOINT, HOME, Provider


def form_to(page: httpx.Response, ending: str) -> Form:
    return next(form for form in forms_of(page) if form.action.path.endswith(ending))


def resumed(person: Person, page: str) -> httpx.Response:
    """Return the answer to going on with the interaction of a page."""
    interaction = httpx.URL(page).path.split("/")[2]
    return person.http.get(f"{ENDPOINT}/oidc/auth/{interaction}")


def begun(client: RelyingParty, person: Person, **changes: str | None) -> str:
    """Begin an interaction and return the address of its page."""
    return str(person.follow(client.url(**changes)).url)


def finish(person: Person, page: str) -> str:
    """Sign in on the page and return where the client is answered."""
    return person.sign_in(page, EMAIL)


def test_cancelling_tells_the_client_that_access_was_denied(either_client: RelyingParty) -> None:
    person = either_client.provider.person()
    page = person.follow(either_client.url())

    answer = person.submit(form_to(page, "/cancel")).headers["Location"]

    assert answer.startswith(CALLBACK + "?")
    parameters = answer_in(answer)
    assert (parameters["error"], parameters["state"]) == ("access_denied", "the state")
    assert parameters["iss"] == either_client.provider.issuer


def test_cancelling_can_be_told_again_and_nobody_can_sign_in_there_any_more(
    client: RelyingParty,
) -> None:
    person = client.provider.person()
    page = person.follow(client.url())
    first = person.submit(form_to(page, "/cancel")).headers["Location"]

    again = person.follow(str(page.url)).headers["Location"]
    posted = person.submit(form_to(page, ""), email=EMAIL).headers["Location"]

    assert first == again == posted


def test_cancelling_works_on_the_page_of_the_code_too(client: RelyingParty) -> None:
    person = client.provider.person()
    page = person.follow(client.url(response_mode="form_post"))
    page = person.submit(form_to(page, ""), email=EMAIL)

    answer = person.submit(form_to(page, "/cancel"))

    assert forms_of(answer)[0].fields["error"] == "access_denied"


def test_an_interaction_of_one_browser_is_unusable_in_another(client: RelyingParty) -> None:
    anna, other = client.provider.person(), client.provider.person()
    page = anna.follow(client.url())
    begun(client, other)

    shown = other.http.get(str(page.url))
    posted = other.http.post(str(page.url), data={**forms_of(page)[0].fields, "email": EMAIL})
    cancelled = other.http.post(f"{page.url}/cancel", data=form_to(page, "/cancel").fields)
    gone_on = resumed(other, str(page.url))

    assert [shown.status_code, posted.status_code, cancelled.status_code] == [410, 410, 410]
    assert gone_on.status_code == 410
    assert "Location" not in gone_on.headers


def test_who_signs_in_in_an_interaction_begun_elsewhere_gives_its_starter_nothing(
    client: RelyingParty,
) -> None:
    attacker, victim = client.provider.person(), client.provider.person()
    page = begun(client, attacker)
    cookie = next(cookie for cookie in attacker.http.cookies.jar if "interaction" in cookie.name)
    victim.http.cookies.set(cookie.name, "made up", domain="localhost.local", path="/")

    assert victim.http.get(page).status_code == 410
    client.sign_in(victim)
    assert resumed(attacker, page).headers["Location"] == page


def test_an_answer_that_was_lost_is_given_again_for_60_seconds(either_client: RelyingParty) -> None:
    client, person = either_client, either_client.provider.person()
    page = begun(client, person)
    first = answer_in(finish(person, page))
    client.provider.clock.advance(timedelta(seconds=59))

    again = answer_in(resumed(person, page).headers["Location"])

    assert again["code"] != first["code"]
    assert again["state"] == first["state"]
    assert body_of(client.exchange(first["code"]))
    assert body_of(client.exchange(again["code"]))


def test_also_a_browser_that_did_not_get_its_session_is_given_it_again(
    client: RelyingParty,
) -> None:
    person = client.provider.person()
    page = begun(client, person)
    finish(person, page)
    person.http.cookies.delete("authserver-session")

    answer = resumed(person, page)

    assert "authserver-session" in answer.headers["Set-Cookie"]
    assert client.silent_code(person)


def test_after_60_seconds_the_interaction_is_used(client: RelyingParty) -> None:
    person = client.provider.person()
    page = begun(client, person)
    finish(person, page)
    client.provider.clock.advance(timedelta(seconds=60))

    answer = resumed(person, page)

    assert answer.status_code == 410
    assert f'href="{HOME}/"' in answer.text


def test_an_interaction_expires_after_an_hour(client: RelyingParty) -> None:
    person = client.provider.person()
    page = begun(client, person)
    client.provider.clock.advance(timedelta(minutes=60))

    assert person.http.get(page).status_code == 410
    assert resumed(person, page).status_code == 410


def test_an_expired_page_leads_to_where_the_client_begins_and_says_with_whom(
    client: RelyingParty,
) -> None:
    start = "https://shop.example/begin?shop=1"
    changes = ClientChanges(metadata={"initiate_login_uri": start})
    client.provider.server.clients.update(client.id, changes)
    person = client.provider.person()
    page = person.follow(client.url())

    client.provider.clock.advance(timedelta(minutes=61))
    expired = person.http.get(page.url)

    assert expired.status_code == 410
    assert f'href="{start}&amp;iss={quote(client.provider.issuer, safe="")}"' in expired.text


@pytest.mark.parametrize("seconds", [30, 90])
@pytest.mark.parametrize("is_lost", [False, True])
def test_going_back_to_a_finished_page_after_signing_out_does_not_lead_in_circles(
    client: RelyingParty, seconds: int, *, is_lost: bool
) -> None:
    person = client.provider.person()
    page = person.follow(client.url())
    page = person.submit(form_to(page, ""), email=EMAIL)
    if is_lost:
        typed = {**form_to(page, "/code").fields, "code": client.provider.code_for(EMAIL)}
        page = person.http.post(str(page.url), data=typed)
        page = person.http.get(page.headers["Location"])
        asked = form_to(page, "/create-account")
        assert person.http.post(str(asked.action), data=asked.fields).status_code == 303
    else:
        page = person.submit(form_to(page, "/code"), code=client.provider.code_for(EMAIL))
        person.submit(form_to(page, "/create-account"))
    leaving = person.follow(client.logout_url(client_id=None, post_logout_redirect_uri=None))
    person.submit(form_to(leaving, "/confirm"))
    client.provider.clock.advance(timedelta(seconds=seconds))

    after = person.follow(str(page.url))

    assert after.status_code == 410


def test_a_suspended_person_is_not_signed_in(client: RelyingParty) -> None:
    person = client.provider.person()
    client.sign_in(person)
    client.provider.server.accounts.suspend(EMAIL)

    assert answer_in(person.pass_through(client.url(prompt="none")))["error"] == "login_required"


def test_tabs_of_one_browser_keep_their_own_request(client: RelyingParty) -> None:
    person = client.provider.person()
    pages = {state: begun(client, person, state=state, nonce=state) for state in ("one", "two")}
    client.provider.clock.advance(timedelta(seconds=1))

    second = answer_in(finish(person, pages["two"]))
    offered = person.follow(pages["one"])
    first = answer_in(person.submit(form_to(offered, "/continue")).headers["Location"])

    for state, answer in {"one": first, "two": second}.items():
        assert answer["state"] == state
        claims = client.claims(body_of(client.exchange(answer["code"]))["id_token"])
        assert claims["nonce"] == state


def test_a_client_deleted_meanwhile_is_not_answered(client: RelyingParty) -> None:
    person = client.provider.person()
    page = begun(client, person)
    client.provider.server.clients.delete(client.id)

    answer = resumed(person, page)

    assert answer.status_code == 410


@pytest.mark.parametrize("name", ["unknown", "%00", "%FF", "a" * 500, "..%2f..%2fme", "%20"])
def test_an_interaction_that_never_was_is_a_page_that_says_so(
    either_provider: Provider, name: str
) -> None:
    answer = either_provider.http().get(f"/oidc/auth/{name}")

    assert answer.status_code in {404, 410}
