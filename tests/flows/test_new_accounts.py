"""Who may register, and what sign-up asks for."""

from typing import Any

import pytest

from authserver.domain.accounts import AccountOrigin
from tests.flows.browsing import Visit, path_of, request_of_bookstore
from tests.flows.with_passwords import (
    GOOD,
    OTHER,
    at_password_page,
    choose,
    experience,
    failures,
    give_password,
    guess,
    hasher_of,
    stored_password,
)
from tests.support.person import forms_of
from tests.support.provider import Provider

ADA = "ada@example.com"
CLOSED = {"signInMode": "SignIn"}
NOT_HERE = {"emailBlocklistPolicy": {"customBlocklist": ["example.com"]}}
WITH_PASSWORD = experience(first=False, signUp={"password": True})
TICK = {"agreeToTermsPolicy": "ManualRegistrationOnly"}


def accounts(provider: Provider) -> list[str]:
    return [account.address.typed for account in provider.server.accounts.list()]


def proven(provider: Provider, path: str = "/register", email: str = ADA) -> Visit:
    """Return a visit that has entered its code and is asked for the rest."""
    visit = Visit.begin(provider, path)
    code = visit.code_for(email)
    assert path_of(visit.enter(code)) == visit.base + "/create-account"
    return visit


def create(visit: Visit, **typed: str) -> str:
    """Send the page that creates the account; return where it leads."""
    return path_of(visit.send("/create-account", **typed))


def test_closed_registration_shows_no_way_in_and_takes_no_form(either_provider: Provider) -> None:
    visit = Visit.begin(either_provider, request_of_bookstore(either_provider))
    token = visit.hidden()
    choose(either_provider, CLOSED)
    register = Visit(either_provider, visit.http, f"/register/{visit.interaction}", token)

    assert "/register/" not in visit.page().text
    assert path_of(register.http.get(register.base)) == visit.base
    assert path_of(register.ask(ADA)) == visit.base
    assert path_of(visit.ask(ADA)) == visit.base + "/code"

    mail = either_provider.next_mail(ADA)
    assert (mail["usage_type"], mail["code"]) == ("NoAccount", None)
    assert accounts(either_provider) == []


@pytest.mark.parametrize("path", ["/sign-in", "/register"])
def test_registration_closed_after_the_code_was_mailed_makes_no_account(
    either_provider: Provider, path: str
) -> None:
    visit = Visit.begin(either_provider, path)
    code = visit.code_for(ADA)
    choose(either_provider, CLOSED)

    assert path_of(visit.enter(code)) == visit.base + "/no-account"

    assert "There is no account for" in visit.page().text
    assert create(visit) == visit.base + "/no-account"
    assert path_of(visit.send("/existing")) == visit.base + "/no-account"
    assert path_of(visit.send("/finish")) == visit.base + "/no-account"
    assert (accounts(either_provider), visit.session()) == ([], None)
    other = path_of(visit.send("/restart"))
    assert other == visit.base


def test_registration_closed_after_the_question_makes_no_account(
    either_provider: Provider,
) -> None:
    visit = proven(either_provider, "/sign-in")
    choose(either_provider, CLOSED)

    assert create(visit) == visit.base + "/no-account"

    assert (accounts(either_provider), visit.session()) == ([], None)


def test_closed_registration_leaves_accounts_alone(provider: Provider) -> None:
    provider.server.accounts.create(ADA)
    choose(provider, CLOSED)
    visit = Visit.begin(provider)

    assert path_of(visit.enter(visit.code_for(ADA))) == f"/oidc/auth/{visit.interaction}"


def test_an_operator_makes_accounts_whatever_the_rules_of_registration(provider: Provider) -> None:
    choose(provider, {**CLOSED, **NOT_HERE})

    assert provider.server.accounts.create(ADA).origin is AccountOrigin.OPERATOR


def test_a_domain_that_is_not_admitted_cannot_register(either_provider: Provider) -> None:
    choose(either_provider, NOT_HERE)
    register = Visit.begin(either_provider, "/register")

    assert path_of(register.ask(ADA)) == register.base

    assert forms_of(register.page())[0].outcome == "address_not_permitted"
    assert path_of(register.ask("ada@example.org")) == register.base + "/code"
    visit = Visit.begin(either_provider)
    assert path_of(visit.ask(ADA)) == visit.base + "/code"
    assert either_provider.next_mail(ADA)["usage_type"] == "NoAccount"


def test_a_domain_blocked_after_the_code_was_mailed_makes_no_account(provider: Provider) -> None:
    visit = Visit.begin(provider, "/register")
    code = visit.code_for(ADA)
    choose(provider, NOT_HERE)

    assert path_of(visit.enter(code)) == visit.base + "/no-account"

    assert accounts(provider) == []


@pytest.mark.parametrize("path", ["/sign-in", "/register"])
def test_where_sign_up_wants_a_password_the_account_is_made_with_it(
    either_provider: Provider, path: str
) -> None:
    choose(either_provider, WITH_PASSWORD)
    visit = proven(either_provider, path)
    page = visit.page().text
    assert 'autocomplete="new-password"' in page
    assert page.count('name="new_password"') == 1
    assert (accounts(either_provider), visit.session()) == ([], None)

    assert create(visit, new_password=GOOD) == f"/oidc/auth/{visit.interaction}"

    assert accounts(either_provider) == [ADA]
    assert visit.session() is not None
    stored = stored_password(either_provider, ADA)
    assert stored is not None
    assert stored.rests_on_mail
    assert hasher_of(either_provider).matches(stored.hash, GOOD)
    assert guess(at_password_page(either_provider, ADA), GOOD)
    assert failures(either_provider, ADA) == 0


@pytest.mark.parametrize(
    ("password", "outcome"),
    [
        ("", "too_short"),
        ("fourteen signs", "too_short"),
        ("x" * 257, "too_long"),
        ("passwordpassword", "common"),
        ("ada@example.com!", "guessable"),
        ("authserver-2024", "guessable"),
    ],
)
def test_a_password_that_does_not_do_is_told_and_makes_no_account(
    provider: Provider, password: str, outcome: str
) -> None:
    choose(provider, WITH_PASSWORD)
    visit = proven(provider)

    assert create(visit, new_password=password) == visit.base + "/create-account"

    page = visit.page()
    assert forms_of(page)[0].outcome == outcome
    assert "There is a problem" in page.text
    assert not password or password not in page.text
    assert accounts(provider) == []
    assert create(visit, new_password=GOOD) == f"/oidc/auth/{visit.interaction}"


def test_a_password_without_a_proof_changes_nothing(provider: Provider) -> None:
    choose(provider, WITH_PASSWORD)
    visit = Visit.begin(provider, "/register")

    assert create(visit, new_password=GOOD) == visit.base
    visit.code_for(ADA)
    assert create(visit, new_password=GOOD) == visit.base + "/code"

    assert accounts(provider) == []


def test_a_proof_that_ran_out_begins_anew(provider: Provider) -> None:
    choose(provider, WITH_PASSWORD)
    visit = proven(provider)
    provider.clock.advance(provider.server.loaded.settings.codes.proof_life)

    assert create(visit, new_password=GOOD) == visit.base

    assert accounts(provider) == []


def test_an_account_made_meanwhile_keeps_its_password(either_provider: Provider) -> None:
    choose(either_provider, WITH_PASSWORD)
    visit = proven(either_provider)
    other = proven(either_provider)
    assert create(other, new_password=OTHER) == f"/oidc/auth/{other.interaction}"

    assert create(visit, new_password=GOOD) == visit.base + "/existing"

    assert visit.session() is None
    assert path_of(visit.send("/existing")) == f"/oidc/auth/{visit.interaction}"
    assert not guess(at_password_page(either_provider, ADA), GOOD)
    assert guess(at_password_page(either_provider, ADA), OTHER)


@pytest.mark.parametrize("path", ["/sign-in", "/register"])
def test_a_tick_is_asked_for_where_it_is_wanted(provider: Provider, path: str) -> None:
    choose(provider, TICK)
    visit = proven(provider, path)

    assert create(visit) == visit.base + "/create-account"
    assert forms_of(visit.page())[0].outcome == "terms_not_agreed"
    assert accounts(provider) == []

    assert create(visit, terms="yes") == f"/oidc/auth/{visit.interaction}"


def test_where_codes_do_not_sign_in_an_address_that_has_an_account_is_asked_for_its_password(
    provider: Provider,
) -> None:
    choose(provider, experience(code=False, signUp={"password": True}))
    assert create(proven(provider), new_password=GOOD).startswith("/oidc/auth/")
    visit = Visit.begin(provider, "/register")
    assert path_of(visit.enter(visit.code_for(ADA))) == visit.base + "/existing"

    answer = visit.send("/existing")

    assert path_of(answer) == f"/sign-in/{visit.interaction}/password"
    assert visit.session() is None
    sign_in = Visit(provider, visit.http, f"/sign-in/{visit.interaction}")
    assert guess(sign_in, GOOD)


@pytest.mark.parametrize("code_signs_in", [True, False])
def test_the_first_proof_of_the_mailbox_removes_a_password_that_somebody_left_there(
    either_provider: Provider, *, code_signs_in: bool
) -> None:
    document: dict[str, Any] = experience(code=code_signs_in, signUp={"password": True})
    choose(either_provider, document)
    either_provider.server.accounts.create(ADA)
    give_password(either_provider, ADA, OTHER)
    attacker = at_password_page(either_provider, ADA)
    assert not guess(attacker, OTHER)

    owner = Visit.begin(either_provider)
    assert path_of(owner.send("", email=ADA, method="code")) == owner.base + "/code"
    led_to = path_of(owner.enter(either_provider.code_for(ADA)))

    expected = f"/oidc/auth/{owner.interaction}" if code_signs_in else owner.base + "/password"
    assert led_to == expected
    assert stored_password(either_provider, ADA) is None
    assert not guess(attacker, OTHER)
    assert not guess(at_password_page(either_provider, ADA), OTHER)
