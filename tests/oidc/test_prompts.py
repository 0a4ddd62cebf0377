"""Who has to sign in again, and when: prompt, max_age and id_token_hint."""

import json
from datetime import timedelta

import pytest

from tests.oidc.relying_party import EMAIL, RelyingParty, answer_in, body_of, redirected
from tests.support.person import Person, forms_of
from tests.support.provider import CALLBACK, ENDPOINT, Provider

ACR = "urn:authserver:acr:one-factor"
OTHER = "bela@example.com"
SIGN_IN = f"{ENDPOINT}/sign-in/"


def passes(person: Person, client: RelyingParty, **changes: str | None) -> bool:
    """Tell whether a request is answered with a code, without any page."""
    answer = person.follow(client.url(**changes))
    return str(answer.headers.get("Location")).startswith(f"{CALLBACK}?code=")


def error_for(person: Person, client: RelyingParty, **changes: str | None) -> str:
    return answer_in(person.pass_through(client.url(**changes)))["error"]


def auth_time(client: RelyingParty, code: str) -> int:
    claims = client.claims(body_of(client.exchange(code))["id_token"])
    assert isinstance(claims["auth_time"], int)
    return int(claims["auth_time"])


def later(client: RelyingParty, seconds: float) -> None:
    client.provider.clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def client(shared_provider: Provider) -> RelyingParty:
    return RelyingParty.registered(shared_provider)


@pytest.fixture
def anna(client: RelyingParty) -> Person:
    """Return somebody who signed in ten seconds ago."""
    person = client.provider.person()
    client.sign_in(person)
    later(client, 10)
    return person


@pytest.mark.parametrize(
    ("changes", "is_silent"),
    [
        ({}, True),
        ({"prompt": "none"}, True),
        ({"prompt": "consent"}, True),
        ({"prompt": "unheard"}, True),
        ({"prompt": "login"}, False),
        ({"prompt": "login consent"}, False),
        ({"prompt": "consent login"}, False),
        ({"prompt": "select_account"}, False),
        ({"prompt": "create"}, False),
        ({"prompt": "consent create"}, False),
        ({"max_age": "10000"}, True),
        ({"max_age": "10"}, True),
        ({"max_age": "9"}, False),
        ({"max_age": "1"}, False),
        ({"max_age": "0"}, False),
        ({"max_age": "999999999"}, True),
        ({"prompt": "consent", "max_age": "1"}, False),
        ({"first_screen": "register"}, True),
        ({"login_hint": OTHER}, True),
        ({"acr_values": "urn:example:gold"}, True),
    ],
    ids=str,
)
def test_an_earlier_sign_in_serves_unless_the_client_wants_more(
    client: RelyingParty, anna: Person, changes: dict[str, str | None], *, is_silent: bool
) -> None:
    assert passes(anna, client, **changes) is is_silent


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"prompt": "none", "max_age": "1"}, "login_required"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "none consent"}, "invalid_request"),
        ({"prompt": "none unheard"}, "invalid_request"),
        ({"prompt": "none", "id_token_hint": "no token"}, "login_required"),
    ],
    ids=str,
)
def test_prompt_none_never_shows_a_page(
    client: RelyingParty, anna: Person, changes: dict[str, str | None], error: str
) -> None:
    assert error_for(anna, client, **changes) == error


def test_prompt_none_without_a_session_leaves_no_interaction_behind(client: RelyingParty) -> None:
    response = client.http.get(client.url(prompt="none"))

    assert redirected(response)["error"] == "login_required"
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "changes", [{"prompt": "login"}, {"max_age": "1"}, {"max_age": "0"}, {"prompt": "create"}]
)
def test_a_demanded_sign_in_happens_once_and_moves_the_time_of_authentication(
    client: RelyingParty, changes: dict[str, str | None]
) -> None:
    person = client.provider.person()
    before = auth_time(client, client.sign_in(person))
    later(client, 45)

    page = person.follow(client.url(**changes))
    page = person.submit(forms_of(page)[0], email=EMAIL)
    code = client.provider.code_for(EMAIL)
    later(client, 5)
    page = person.submit(next(form for form in forms_of(page) if "code" in form.fields), code=code)
    if "Location" not in page.headers:
        page = person.submit(forms_of(page)[0])

    assert auth_time(client, answer_in(page.headers["Location"])["code"]) == before + 50


def test_the_time_of_authentication_stays_over_silent_renewals_and_refreshes(
    client: RelyingParty,
) -> None:
    person = client.provider.person()
    first = client.tokens(person, max_age="15000")
    later(client, 3600)
    refreshed = body_of(client.refresh(first["refresh_token"]))
    silent = body_of(client.exchange(client.silent_code(person, max_age="10000")))

    claims = [client.claims(tokens["id_token"]) for tokens in (first, refreshed, silent)]

    assert len({each["auth_time"] for each in claims}) == 1
    assert [each["iat"] - claims[0]["iat"] for each in claims] == [0, 3600, 3600]


def test_a_session_ends_after_14_days_without_use_and_after_90_days_in_all(
    client: RelyingParty, anna: Person
) -> None:
    for _ in range(6):
        later(client, timedelta(days=13).total_seconds())
        assert passes(anna, client, prompt="none")

    later(client, timedelta(days=13).total_seconds())

    assert error_for(anna, client, prompt="none") == "login_required"


def test_an_unused_session_ends_after_14_days(client: RelyingParty, anna: Person) -> None:
    later(client, timedelta(days=14).total_seconds())

    assert error_for(anna, client, prompt="none") == "login_required"


def test_select_account_goes_on_with_the_account_that_is_chosen(
    client: RelyingParty, anna: Person
) -> None:
    page = anna.follow(client.url(prompt="select_account"))
    going_on = next(form for form in forms_of(page) if form.action.path.endswith("/continue"))

    answer = anna.submit(going_on)

    assert answer.headers["Location"].startswith(f"{CALLBACK}?code=")


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "login"},
        {"max_age": "1"},
        {"hint": "foreign"},
        {"claims": '{"userinfo": {"sub": {"value": "somebody else"}}}'},
    ],
)
def test_going_on_with_the_session_is_not_offered_where_it_would_not_serve(
    client: RelyingParty, anna: Person, changes: dict[str, str | None]
) -> None:
    hint = {"id_token_hint": "foreign"} if "hint" in changes else changes

    page = anna.follow(client.url(**hint))

    assert str(page.url).startswith(SIGN_IN)
    assert not any(form.action.path.endswith("/continue") for form in forms_of(page))


@pytest.mark.parametrize("age_in_days", [0, 13])
def test_a_hint_of_the_same_person_passes_silently_also_when_it_has_expired(
    client: RelyingParty, age_in_days: int
) -> None:
    person = client.provider.person()
    hint = client.tokens(person)["id_token"]
    later(client, timedelta(days=age_in_days).total_seconds())

    assert passes(person, client, prompt="none", id_token_hint=hint)


def test_a_hint_of_another_person_demands_a_sign_in(client: RelyingParty, anna: Person) -> None:
    hint = client.tokens(None, OTHER)["id_token"]

    assert error_for(anna, client, prompt="none", id_token_hint=hint) == "login_required"
    assert not passes(anna, client, id_token_hint=hint)


def test_a_hint_made_for_another_client_still_names_the_person(
    client: RelyingParty, anna: Person
) -> None:
    neighbour = RelyingParty.registered(client.provider)
    hint = body_of(neighbour.exchange(neighbour.silent_code(anna)))["id_token"]

    assert passes(anna, client, prompt="none", id_token_hint=hint)


def demand(**claims: object) -> str:
    return json.dumps({"id_token": claims})


@pytest.mark.parametrize("form", ["value", "values"])
def test_a_client_may_insist_on_one_person(client: RelyingParty, anna: Person, form: str) -> None:
    subjects = [
        client.claims(body_of(client.exchange(code))["id_token"])["sub"]
        for code in (client.silent_code(anna), client.sign_in(None, OTHER))
    ]
    own, other = (
        demand(sub={form: subject if form == "value" else [subject]}) for subject in subjects
    )

    assert passes(anna, client, prompt="none", claims=own)
    assert error_for(anna, client, prompt="none", claims=other) == "login_required"
    assert not passes(anna, client, claims=other)


@pytest.mark.parametrize("demanded", ["id_token_hint", "claims"])
def test_whoever_else_signs_in_is_not_taken_for_the_person_that_was_asked_for(
    client: RelyingParty, demanded: str
) -> None:
    hint = client.tokens(None, OTHER)["id_token"]
    wanted = {"id_token_hint": hint, "claims": demand(sub={"value": client.claims(hint)["sub"]})}

    answer = client.provider.person().sign_in(client.url(**{demanded: wanted[demanded]}), EMAIL)

    assert answer_in(answer)["error"] == "login_required"


@pytest.mark.parametrize(
    ("acr", "is_served"),
    [
        ({"essential": True, "values": ["urn:example:gold", ACR]}, True),
        ({"essential": True, "value": ACR}, True),
        ({"essential": True}, True),
        ({"values": ["urn:example:gold"]}, True),
        (None, True),
        ({"essential": True, "values": ["urn:example:gold"]}, False),
        ({"essential": True, "value": "urn:example:gold"}, False),
    ],
)
def test_an_essential_acr_is_matched_or_the_request_fails(
    client: RelyingParty, anna: Person, acr: object, *, is_served: bool
) -> None:
    claims = demand(acr=acr)

    if is_served:
        assert passes(anna, client, claims=claims)
    else:
        assert error_for(anna, client, claims=claims) == "unmet_authentication_requirements"


def test_a_second_person_at_the_same_browser_leaves_nothing_of_the_first(
    client: RelyingParty,
) -> None:
    person = client.provider.person()
    first = client.tokens(person)
    later(client, 60)
    second = client.tokens(person, OTHER, prompt="login")

    subjects = {client.claims(tokens["id_token"])["sub"] for tokens in (first, second)}

    assert len(subjects) == 2
    assert client.claims(second["id_token"])["sid"] != client.claims(first["id_token"])["sid"]
    assert client.userinfo(first["access_token"]).status_code == 401
    hint = first["id_token"]
    assert error_for(person, client, prompt="none", id_token_hint=hint) == "login_required"
