"""Corners of authorization requests: no age at all, odd demands, several prompts in one."""

import json
import re

import pytest

from tests.oidc.relying_party import EMAIL, RelyingParty, body_of, redirected
from tests.oidc.test_consent import ASKED, answered, third_party
from tests.oidc.test_prompts import OTHER, auth_time, error_for, later, passes
from tests.support.person import Person, forms_of
from tests.support.provider import Provider

ACR = "urn:authserver:acr:one-factor"
UNSTABLE = re.compile(r'/[A-Za-z0-9_-]{20,}|name="form_token" value="[^"]*"')


@pytest.fixture
def client(shared_provider: Provider) -> RelyingParty:
    return RelyingParty.registered(shared_provider)


@pytest.fixture
def anna(client: RelyingParty) -> Person:
    """Return somebody who has signed in at this very instant."""
    person = client.provider.person()
    client.sign_in(person)
    return person


def subject_of(client: RelyingParty, code: str) -> str:
    return str(client.claims(body_of(client.exchange(code))["id_token"])["sub"])


def test_no_age_at_all_is_a_sign_in_anew_even_at_the_same_instant(
    client: RelyingParty, anna: Person
) -> None:
    assert passes(anna, client, max_age="1")
    assert error_for(anna, client, max_age="0", prompt="none") == "login_required"
    assert not passes(anna, client, max_age="0")


def test_the_sign_in_that_it_asks_for_is_its_answer(client: RelyingParty, anna: Person) -> None:
    later(client, 61)
    now = int(client.provider.clock.now().timestamp())

    assert auth_time(client, client.sign_in(anna, max_age="0")) == now


@pytest.mark.parametrize("claim", ["sub", "acr"])
@pytest.mark.parametrize(
    "demanded", [{"value": 5}, {"value": ["a"]}, {"value": {}}, {"values": "a"}, {"values": [5]}]
)
def test_a_demand_that_nobody_can_meet_is_not_taken_for_none(
    client: RelyingParty, anna: Person, claim: str, demanded: dict[str, object]
) -> None:
    claims = json.dumps({"id_token": {claim: {"essential": True, **demanded}}})

    assert error_for(anna, client, claims=claims) == "invalid_request"


@pytest.mark.parametrize("claim", ["sub", "acr"])
@pytest.mark.parametrize(
    "asked", [None, {}, {"essential": True}, {"value": None, "values": None}, {"values": []}]
)
def test_a_claim_without_a_value_demands_nothing(
    client: RelyingParty, anna: Person, claim: str, asked: object
) -> None:
    assert passes(anna, client, claims=json.dumps({"id_token": {claim: asked}}))


@pytest.mark.parametrize("place", ["id_token", "userinfo"])
def test_a_demanded_subject_counts_in_either_place(
    client: RelyingParty, anna: Person, place: str
) -> None:
    own = subject_of(client, client.silent_code(anna))
    other = subject_of(client, client.sign_in(None, OTHER))

    def demand(subject: str) -> str:
        return json.dumps({place: {"sub": {"value": subject}}})

    assert passes(anna, client, claims=demand(own), prompt="none")
    assert error_for(anna, client, claims=demand(other), prompt="none") == "login_required"
    both = json.dumps({"id_token": {"sub": {"value": own}}, "userinfo": {"sub": {"value": other}}})
    assert error_for(anna, client, claims=both) == "invalid_request"


def test_one_of_several_demanded_subjects_will_do(client: RelyingParty, anna: Person) -> None:
    own = subject_of(client, client.silent_code(anna))
    other = subject_of(client, client.sign_in(None, OTHER))

    def demand(*subjects: str) -> str:
        return json.dumps({"id_token": {"sub": {"values": subjects}}})

    assert passes(anna, client, claims=demand(other, own), prompt="none")
    assert error_for(anna, client, claims=demand(other, "c"), prompt="none") == "login_required"
    both = json.dumps(
        {"id_token": {"sub": {"values": [own, other]}}, "userinfo": {"sub": {"value": other}}}
    )
    assert error_for(anna, client, claims=both, prompt="none") == "login_required"


@pytest.mark.parametrize("prompt", ["login none", "select_account none", "none create", "none x"])
def test_none_stands_alone_in_any_order(client: RelyingParty, anna: Person, prompt: str) -> None:
    assert error_for(anna, client, prompt=prompt) == "invalid_request"


@pytest.mark.parametrize("prompt", ["login consent", "consent login select_account"])
def test_a_sign_in_and_a_consent_are_both_asked_for_and_each_once(
    client: RelyingParty, anna: Person, prompt: str
) -> None:
    shop = third_party(client.provider)
    answered(anna, anna.follow(shop.url()), "allow")
    later(shop, 61)

    page = anna.submit(forms_of(anna.follow(shop.url(prompt=prompt)))[0], email=EMAIL)
    code = client.provider.code_for(EMAIL)
    page = anna.submit(next(form for form in forms_of(page) if "code" in form.fields), code=code)
    answer = answered(anna, page, "allow")

    now = int(client.provider.clock.now().timestamp())
    assert auth_time(shop, answer["code"]) == now


def test_choosing_an_account_and_a_consent_are_both_asked_for(
    client: RelyingParty, anna: Person
) -> None:
    shop = third_party(client.provider)
    answered(anna, anna.follow(shop.url()), "allow")
    later(shop, 1)

    page = anna.follow(shop.url(prompt="select_account consent"))
    going_on = next(form for form in forms_of(page) if form.action.path.endswith("/continue"))
    question = anna.submit(going_on)

    assert ASKED in question.text
    assert "code" in answered(anna, question, "allow")


def test_a_hint_tells_nothing_of_whether_there_is_such_an_account(client: RelyingParty) -> None:
    client.sign_in(None, EMAIL)

    def shown(email: str) -> tuple[int, str]:
        page = client.provider.person().follow(client.url(login_hint=email))
        return page.status_code, UNSTABLE.sub("", page.text).replace(email, "…")

    assert shown(EMAIL) == shown("nobody@example.com")


def test_an_essential_acr_is_told_in_the_id_token(client: RelyingParty, anna: Person) -> None:
    claims = json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:x", ACR]}}})

    answer = redirected(anna.follow(client.url(claims=claims, prompt="none")))

    token = body_of(client.exchange(answer["code"]))["id_token"]
    assert client.claims(token)["acr"] == ACR
