"""What a client registered about sign-ins counts where its request says nothing of it."""

import json
from datetime import timedelta

import pytest

from authserver.administration.clients import ClientChanges
from tests.flows.browsing import Visit
from tests.flows.factors import PASSWORD, by_code, give_password, give_second_factor
from tests.oidc.relying_party import EMAIL, RelyingParty, answer_in, body_of
from tests.oidc.test_prompts import auth_time, error_for, later, passes
from tests.support.person import Person, forms_of
from tests.support.provider import Provider

ONE = "urn:authserver:acr:one-factor"
TWO = "urn:authserver:acr:two-factors"
ESSENTIAL_ONE = json.dumps({"id_token": {"acr": {"essential": True, "values": [ONE]}}})
WISHED_ONE = json.dumps({"id_token": {"acr": {"values": [ONE]}}})


def wishing(provider: Provider, **metadata: object) -> RelyingParty:
    client = RelyingParty.registered(provider)
    provider.server.clients.update(client.id, ClientChanges(metadata=metadata))
    return client


@pytest.fixture
def anna(shared_provider: Provider) -> Person:
    """Return somebody who signed in ten seconds ago."""
    person = shared_provider.person()
    client = RelyingParty.registered(shared_provider)
    client.sign_in(person)
    later(client, 10)
    return person


@pytest.mark.parametrize(
    ("registered", "sent", "is_silent"),
    [
        (10, None, True),
        (9, None, False),
        (0, None, False),
        (9, "10", True),
        (10, "9", False),
        (0, "10000", True),
        (9, "", False),
    ],
)
def test_a_registered_age_of_the_sign_in_counts_unless_the_request_has_its_own(
    shared_provider: Provider, anna: Person, registered: int, sent: str | None, *, is_silent: bool
) -> None:
    client = wishing(shared_provider, default_max_age=timedelta(seconds=registered))

    assert passes(anna, client, max_age=sent) is is_silent
    if not is_silent:
        assert error_for(anna, client, max_age=sent, prompt="none") == "login_required"


def test_the_sign_in_that_it_demands_is_asked_for_once_and_cannot_be_skipped(
    shared_provider: Provider, anna: Person
) -> None:
    client = wishing(shared_provider, default_max_age=timedelta(seconds=1))
    page = anna.follow(client.url())
    assert not any(form.action.path.endswith("/continue") for form in forms_of(page))
    now = int(shared_provider.clock.now().timestamp())

    code = client.sign_in(anna)

    assert auth_time(client, code) == now


def test_the_age_that_was_registered_when_the_request_began_counts_to_its_end(
    shared_provider: Provider, anna: Person
) -> None:
    client = wishing(shared_provider, default_max_age=timedelta(seconds=1))
    page = anna.follow(client.url())
    changes = ClientChanges(metadata={"default_max_age": None})
    shared_provider.server.clients.update(client.id, changes)

    again = anna.follow(f"{client.provider.endpoint}/oidc/auth/{page.url.path.split('/')[-1]}")

    assert forms_of(again)[0].action == forms_of(page)[0].action
    assert passes(anna, client)


@pytest.fixture
def factors(provider: Provider) -> Provider:
    """Return a server at which somebody has a second factor."""
    give_password(provider, EMAIL)
    give_second_factor(provider, EMAIL)
    return provider


def one_factor(provider: Provider) -> Visit:
    """Return the browser of somebody whose session shows one factor, and who has two."""
    client = RelyingParty.registered(provider)
    provider.server.accounts.remove_second_factor(EMAIL)
    visit = Visit.begin(provider, client.url().removeprefix(provider.endpoint))
    led_to = visit.enter(visit.code_for(EMAIL)).headers["location"]
    visit.http.get(led_to)
    give_second_factor(provider, EMAIL)
    return visit


@pytest.mark.parametrize(
    ("sent", "is_silent"),
    [
        ({}, False),
        ({"acr_values": ""}, False),
        ({"acr_values": ONE}, True),
        ({"acr_values": "urn:example:gold"}, True),
        ({"claims": ESSENTIAL_ONE}, True),
        ({"claims": WISHED_ONE}, True),
        ({"claims": '{"id_token": {"acr": null}}'}, False),
    ],
    ids=str,
)
def test_registered_contexts_are_wished_for_unless_the_request_wishes_itself(
    factors: Provider, sent: dict[str, str], *, is_silent: bool
) -> None:
    visit = one_factor(factors)
    client = wishing(factors, default_acr_values=("urn:example:gold", TWO))

    answer = visit.http.get(client.url(**sent).removeprefix(factors.endpoint))

    assert answer.headers["location"].startswith(client.redirect_uri) is is_silent


def test_a_registered_context_is_reached_by_the_second_step(factors: Provider) -> None:
    client = wishing(factors, default_acr_values=(TWO,))
    visit = by_code(factors, EMAIL, client.url().removeprefix(factors.endpoint))

    led_to = visit.send("/second-step", password=PASSWORD).headers["location"]
    code = answer_in(visit.http.get(led_to).headers["location"])["code"]

    assert client.claims(body_of(client.exchange(code))["id_token"])["acr"] == TWO


def test_the_time_of_authentication_is_told_whether_it_was_required_or_not(
    shared_provider: Provider, anna: Person
) -> None:
    for metadata in ({}, {"require_auth_time": True}):
        client = wishing(shared_provider, **metadata)
        assert auth_time(client, client.silent_code(anna)) > 0
