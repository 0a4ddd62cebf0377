"""acr and amr tell what was done; a client may ask for a second factor (RFC 9470)."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.flows.browsing import Visit
from tests.flows.factors import (
    PASSWORD,
    account_of,
    allow_passwords,
    by_code,
    give_password,
    give_second_factor,
)
from tests.oidc.relying_party import EMAIL, RelyingParty, answer_in, body_of
from tests.support.provider import CALLBACK, Provider

ONE = "urn:authserver:acr:one-factor"
TWO = "urn:authserver:acr:two-factors"
UNMET = "unmet_authentication_requirements"


def essential(*values: str) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": values}}})


def wished(*values: str) -> str:
    return json.dumps({"id_token": {"acr": {"values": values}}})


@pytest.fixture
def client(provider: Provider) -> RelyingParty:
    allow_passwords(provider)
    return RelyingParty.registered(provider)


@pytest.fixture
def codes(client: RelyingParty) -> Sequence[str]:
    """Return the recovery codes of somebody with a password and a second factor."""
    give_password(client.provider, EMAIL)
    return give_second_factor(client.provider, EMAIL)


def path(client: RelyingParty, **changes: str | None) -> str:
    return client.url(**changes).removeprefix(client.provider.endpoint)


def ask(client: RelyingParty, visit: Visit, **changes: str | None) -> dict[str, str] | None:
    """Return what a request is answered with, or None where a page comes first."""
    answer = visit.http.get(path(client, **changes))
    location = answer.headers["location"]
    return answer_in(location) if location.startswith(CALLBACK) else None


def two_steps(client: RelyingParty, **changes: str | None) -> tuple[Visit, dict[str, str]]:
    """Sign in by a mailed code and the password; return the browser and the client's answer."""
    visit = by_code(client.provider, EMAIL, path(client, **changes))
    led_to = visit.send("/second-step", password=PASSWORD).headers["location"]
    return visit, answer_in(visit.http.get(led_to).headers["location"])


def one_step(client: RelyingParty, **changes: str | None) -> tuple[Visit, dict[str, str]]:
    """Sign in by a mailed code to an account without a second factor."""
    visit = Visit.begin(client.provider, path(client, **changes))
    led_to = visit.enter(visit.code_for(EMAIL)).headers["location"]
    return visit, answer_in(visit.http.get(led_to).headers["location"])


def claims_of(client: RelyingParty, answer: dict[str, str]) -> dict[str, Any]:
    return client.claims(body_of(client.exchange(answer["code"]))["id_token"])


def test_discovery_names_both_contexts(client: RelyingParty) -> None:
    metadata = client.http.get("/oidc/.well-known/openid-configuration").json()

    assert metadata["acr_values_supported"] == [ONE, TWO]
    assert {"acr", "amr"} <= set(metadata["claims_supported"])


@pytest.mark.usefixtures("codes")
def test_two_kinds_of_factor_are_told_as_two(client: RelyingParty) -> None:
    _, answer = two_steps(client)

    claims = claims_of(client, answer)

    assert (claims["acr"], claims["amr"]) == (TWO, ["otp", "pwd", "mfa"])


def test_one_factor_is_told_as_one_whatever_was_asked_for(client: RelyingParty) -> None:
    account_of(client.provider, EMAIL)

    _, answer = one_step(client, acr_values=TWO)

    claims = claims_of(client, answer)
    assert (claims["acr"], claims["amr"]) == (ONE, ["otp"])


def test_a_password_that_rests_on_mail_is_not_told_as_a_second_factor(
    client: RelyingParty,
) -> None:
    give_password(client.provider, EMAIL, rests_on_mail=True)
    give_second_factor(client.provider, EMAIL)

    _, answer = two_steps(client)

    claims = claims_of(client, answer)
    assert (claims["acr"], claims["amr"]) == (ONE, ["otp", "pwd"])


@pytest.mark.usefixtures("codes")
def test_the_context_of_an_authorization_stays_over_refreshes_and_is_introspected(
    client: RelyingParty,
) -> None:
    visit, answer = two_steps(client)
    tokens = body_of(client.exchange(answer["code"]))
    before = client.claims(tokens["id_token"])
    client.provider.clock.advance(timedelta(minutes=2))
    client.provider.server.accounts.remove_second_factor(EMAIL)
    again = Visit.begin(client.provider, path(client, prompt="login"), http=visit.http)
    visit.http.get(again.enter(again.code_for(EMAIL)).headers["location"])

    refreshed = body_of(client.refresh(tokens["refresh_token"]))

    after = client.claims(refreshed["id_token"])
    told = body_of(client.post("/oidc/token/introspection", token=refreshed["access_token"]))
    assert [after[name] for name in ("acr", "amr", "auth_time")] == [
        before[name] for name in ("acr", "amr", "auth_time")
    ]
    assert (told["acr"], told["auth_time"]) == (TWO, before["auth_time"])


@pytest.mark.parametrize(
    "changes", [{"acr_values": TWO}, {"claims": wished(TWO)}, {"claims": essential(TWO)}], ids=str
)
def test_a_session_with_one_factor_is_stepped_up_by_signing_in_anew(
    client: RelyingParty, changes: dict[str, str | None]
) -> None:
    account_of(client.provider, EMAIL)
    visit, first = one_step(client)
    before = claims_of(client, first)
    give_password(client.provider, EMAIL)
    give_second_factor(client.provider, EMAIL)
    client.provider.clock.advance(timedelta(minutes=2))
    assert ask(client, visit) is not None
    stepped = Visit.begin(client.provider, path(client, **changes), http=visit.http)
    assert "Continue as" not in stepped.page().text

    stepped.enter(stepped.code_for(EMAIL))
    led_to = stepped.send("/second-step", password=PASSWORD).headers["location"]
    answer = answer_in(stepped.http.get(led_to).headers["location"])

    after = claims_of(client, answer)
    assert (after["acr"], after["auth_time"]) == (TWO, before["auth_time"] + 120)
    assert ask(client, stepped, **changes) is not None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"acr_values": TWO}, None),
        ({"claims": wished(TWO)}, None),
        ({"claims": essential(TWO)}, "login_required"),
        ({"claims": essential(ONE)}, None),
        ({"claims": essential(ONE, TWO)}, None),
        ({"acr_values": f"{ONE} {TWO}"}, None),
    ],
    ids=str,
)
def test_prompt_none_refuses_only_what_is_essential(
    client: RelyingParty, changes: dict[str, str | None], error: str | None
) -> None:
    account_of(client.provider, EMAIL)
    visit, _ = one_step(client)
    give_password(client.provider, EMAIL)
    give_second_factor(client.provider, EMAIL)

    answer = ask(client, visit, prompt="none", **changes)

    assert answer is not None
    assert answer.get("error") == error


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"acr_values": TWO}, None),
        ({"claims": wished(TWO)}, None),
        ({"claims": essential(TWO)}, UNMET),
        ({"claims": essential(TWO), "prompt": "none"}, UNMET),
        ({"claims": essential("urn:example:gold")}, UNMET),
        ({"claims": essential("urn:example:gold", ONE)}, None),
    ],
    ids=str,
)
def test_without_a_second_factor_only_an_essential_context_is_unmet(
    client: RelyingParty, changes: dict[str, str | None], error: str | None
) -> None:
    account_of(client.provider, EMAIL)
    visit, _ = one_step(client)

    answer = ask(client, visit, **changes)

    assert answer is not None
    assert answer.get("error") == error
    assert answer["state"] == "the state"


def test_an_essential_context_that_a_fresh_sign_in_does_not_reach_is_unmet(
    client: RelyingParty,
) -> None:
    account_of(client.provider, EMAIL)

    _, answer = one_step(client, claims=essential(TWO))

    assert answer["error"] == UNMET
    assert "code" not in answer


@pytest.mark.usefixtures("codes")
def test_whoever_insists_on_one_factor_is_told_of_one_although_there_were_two(
    client: RelyingParty,
) -> None:
    visit, _ = two_steps(client)

    answer = ask(client, visit, claims=essential(ONE))

    assert answer is not None
    assert claims_of(client, answer)["acr"] == ONE


@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "1"}], ids=str)
def test_a_demanded_sign_in_asks_for_both_factors_again(
    client: RelyingParty, changes: dict[str, str | None]
) -> None:
    visit, first = two_steps(client)
    before = claims_of(client, first)["auth_time"]
    client.provider.clock.advance(timedelta(minutes=2))
    again = Visit.begin(client.provider, path(client, **changes), http=visit.http)

    again.enter(again.code_for(EMAIL))
    half = again.http.get(f"/oidc/auth/{again.interaction}")
    led_to = again.send("/second-step", password=PASSWORD).headers["location"]
    answer = answer_in(again.http.get(led_to).headers["location"])

    assert not half.headers["location"].startswith(CALLBACK)
    after = claims_of(client, answer)
    assert (after["acr"], after["auth_time"]) == (TWO, before + 120)
