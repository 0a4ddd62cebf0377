"""Ending a session: who may do it without being asked, and what ends with it."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from authserver.administration.clients import ClientChanges
from tests.oidc.logout import (
    CONFIRM,
    DONE,
    OTHER,
    STATE,
    by_hint,
    confirmed,
    is_signed_in,
    location,
)
from tests.oidc.relying_party import EMAIL, RelyingParty, answer_in, body_of
from tests.support.person import Person, forms_of
from tests.support.provider import HOME, Provider


@pytest.fixture
def client(shared_provider: Provider) -> RelyingParty:
    return RelyingParty.registered(shared_provider)


@pytest.fixture
def anna(client: RelyingParty) -> Person:
    return client.provider.person()


@pytest.fixture
def tokens(client: RelyingParty, anna: Person) -> dict[str, str]:
    """Return the tokens of Anna, who has just signed in."""
    return client.tokens(anna)


def test_the_id_of_a_client_suffices_where_the_session_holds_an_authorization_for_it(
    either_client: RelyingParty,
) -> None:
    client, anna = either_client, either_client.provider.person()
    client.sign_in(anna)

    assert location(anna.follow(client.logout_url(state=STATE))).startswith(f"{HOME}?state=")

    assert not is_signed_in(client, anna)


@pytest.mark.usefixtures("tokens")
def test_the_id_of_a_client_that_the_session_never_met_makes_us_ask(
    client: RelyingParty, anna: Person
) -> None:
    stranger = RelyingParty.registered(client.provider)

    page = anna.follow(stranger.logout_url(state=STATE))
    assert is_signed_in(client, anna)
    answer = location(confirmed(anna, page))

    assert answer_in(answer) == {"state": STATE}
    assert not is_signed_in(client, anna)


@pytest.mark.usefixtures("tokens")
def test_a_hint_of_somebody_else_makes_us_ask(client: RelyingParty, anna: Person) -> None:
    other = client.tokens(None, OTHER)

    page = anna.follow(by_hint(client, other, client_id=client.id))

    assert EMAIL in page.text
    assert is_signed_in(client, anna)
    assert location(confirmed(anna, page)) == HOME


def test_an_expired_hint_is_as_good_as_a_fresh_one(
    client: RelyingParty, anna: Person, tokens: dict[str, str]
) -> None:
    client.provider.clock.advance(timedelta(days=13))

    assert location(anna.follow(by_hint(client, tokens))) == HOME
    assert not is_signed_in(client, anna)


def test_hint_and_client_must_agree(
    client: RelyingParty, anna: Person, tokens: dict[str, str]
) -> None:
    stranger = RelyingParty.registered(client.provider)

    answer = anna.follow(by_hint(client, tokens, client_id=stranger.id))

    assert answer.status_code == 400
    assert is_signed_in(client, anna)


@pytest.mark.parametrize("client_id", ["unknown", "authserver-account", "<script>", "x" * 3000])
@pytest.mark.usefixtures("tokens")
def test_an_unknown_client_is_an_error_page(
    client: RelyingParty, anna: Person, client_id: str
) -> None:
    assert anna.follow(client.logout_url(client_id=client_id)).status_code == 400
    assert is_signed_in(client, anna)


@pytest.mark.parametrize("name", ["client_id", "post_logout_redirect_uri", "state", "other"])
@pytest.mark.usefixtures("tokens")
def test_a_parameter_sent_twice_is_refused(client: RelyingParty, anna: Person, name: str) -> None:
    url = client.logout_url(state="a", other="b")

    assert anna.follow(f"{url}&{name}=a").status_code == 400
    assert is_signed_in(client, anna)


def test_who_is_not_signed_in_is_led_back_at_once(client: RelyingParty) -> None:
    person = client.provider.person()

    assert location(person.follow(client.logout_url())) == HOME
    without = person.follow(client.logout_url(client_id=None, post_logout_redirect_uri=None))
    assert DONE in without.text


def test_a_registered_query_is_kept_beside_the_state(
    client: RelyingParty, anna: Person, tokens: dict[str, str]
) -> None:
    uri = "https://app.example.com/bye?tenant=a%20b"
    changes = ClientChanges(post_logout_redirect_uris=[uri])
    client.provider.server.clients.update(client.id, changes)

    answer = location(anna.follow(by_hint(client, tokens, post_logout_redirect_uri=uri, state="s")))

    assert answer == f"{uri}&state=s"


@pytest.mark.parametrize("change", ["no token", "token of another browser", "foreign origin"])
@pytest.mark.usefixtures("tokens")
def test_the_answer_to_the_question_must_come_from_our_page(
    client: RelyingParty, anna: Person, change: str
) -> None:
    page = anna.follow(client.logout_url(client_id=None))
    form = next(form for form in forms_of(page) if form.action.path == CONFIRM)
    headers = {"Origin": client.provider.endpoint}
    if change == "no token":
        form.fields.pop("form_token")
    elif change == "foreign origin":
        headers["Origin"] = "https://evil.example"
    else:
        bela = client.provider.person()
        client.sign_in(bela, OTHER)
        foreign = forms_of(bela.follow(client.logout_url(client_id=None)))
        form = next(each for each in foreign if each.action.path == CONFIRM)

    answer = anna.http.post(CONFIRM, data=form.fields, headers=headers)

    assert answer.status_code == 403
    assert is_signed_in(client, anna)


def test_the_confirmation_cannot_be_got(anna: Person) -> None:
    assert anna.http.get(CONFIRM).status_code == 405


@pytest.mark.usefixtures("tokens")
def test_the_question_carries_markup_in_the_state_as_text(
    client: RelyingParty, anna: Person
) -> None:
    stranger = RelyingParty.registered(client.provider)
    state = '"><script>alert(1)</script>'

    page = anna.follow(stranger.logout_url(state=state))

    assert "<script>alert" not in page.text
    assert answer_in(location(confirmed(anna, page))) == {"state": state}


def test_logout_ends_the_session_cookie_and_the_leaving_client_and_spares_offline_neighbours(
    either_client: RelyingParty,
) -> None:
    client, anna = either_client, either_client.provider.person()
    tokens = client.tokens(anna)
    neighbour, online = (RelyingParty.registered(client.provider) for _ in range(2))
    offline = body_of(neighbour.exchange(neighbour.silent_code(anna)))
    only_online = body_of(online.exchange(online.silent_code(anna, scope="openid")))
    cookies = dict(anna.http.cookies)

    anna.follow(by_hint(client, tokens))
    anna.http.cookies.update(cookies)

    assert not is_signed_in(client, anna)
    for party, held in ((client, tokens), (neighbour, offline), (online, only_online)):
        assert party.userinfo(held["access_token"]).status_code == 401
    assert client.refresh(tokens["refresh_token"]).status_code == 400
    renewed = body_of(neighbour.refresh(offline["refresh_token"]))
    assert neighbour.userinfo(renewed["access_token"]).status_code == 200


def test_logout_in_one_browser_leaves_the_other_browser_of_the_person_alone(
    client: RelyingParty, anna: Person, tokens: dict[str, str]
) -> None:
    elsewhere = client.provider.person()
    there = client.tokens(elsewhere)

    anna.follow(by_hint(client, tokens))

    assert is_signed_in(client, elsewhere)
    assert client.userinfo(there["access_token"]).status_code == 200
    assert body_of(client.refresh(there["refresh_token"]))


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/",
        "http://localhost:3000/",
        "http://localhost:3000/callback",
        "http://localhost:3000#",
        "http://localhost:3000@evil.example",
        "http://localhost:3000.evil.example",
        "http://LOCALHOST:3000",
        "//localhost:3000",
        "javascript:alert(1)",
    ],
)
def test_what_only_resembles_the_registered_address_is_an_error_page(
    client: RelyingParty, anna: Person, tokens: dict[str, str], uri: str
) -> None:
    for url in (
        by_hint(client, tokens, post_logout_redirect_uri=uri),
        client.logout_url(post_logout_redirect_uri=uri),
    ):
        answer = anna.follow(url)

        assert answer.status_code == 400
        assert "evil.example" not in answer.text
        assert is_signed_in(client, anna)


def test_a_posted_request_is_as_good(
    client: RelyingParty, anna: Person, tokens: dict[str, str]
) -> None:
    posted = dict(parse_qsl(urlsplit(by_hint(client, tokens, state=STATE)).query))

    onward = location(anna.http.post("/oidc/session/end", data=posted))

    assert answer_in(location(anna.follow(onward))) == {"state": STATE}
    assert not is_signed_in(client, anna)


@pytest.mark.parametrize("uri", [HOME, "https://evil.example", None])
@pytest.mark.usefixtures("tokens")
def test_without_any_client_the_person_is_asked_and_stays_here(
    client: RelyingParty, anna: Person, uri: str | None
) -> None:
    page = anna.follow(client.logout_url(client_id=None, post_logout_redirect_uri=uri))
    assert EMAIL in page.text
    assert is_signed_in(client, anna)

    done = confirmed(anna, page)

    assert done.status_code == 200
    assert DONE in done.text
    assert "evil.example" not in done.text
    assert not is_signed_in(client, anna)
