from datetime import timedelta

import pytest

from tests.flows.browsing import Visit, path_of, request_of_bookstore, signed_in
from tests.support.person import forms_of
from tests.support.provider import CALLBACK, Provider

ADA = "ada@example.com"
BOB = "bob@example.com"
MINUTE = timedelta(minutes=1)


def proven(provider: Provider, path: str = "/sign-in", email: str = ADA) -> Visit:
    """Return a visit whose mailbox is proven, and which has a question left."""
    visit = Visit.begin(provider, path)
    assert path_of(visit.enter(visit.code_for(email))).startswith(visit.base + "/")
    return visit


def accounts(provider: Provider) -> list[str]:
    return [account.address.typed for account in provider.server.accounts.list()]


def test_the_question_to_create_an_account_comes_only_after_the_right_code(
    either_provider: Provider,
) -> None:
    visit = Visit.begin(either_provider)
    assert path_of(visit.http.get(visit.base + "/create-account")) == visit.base
    assert path_of(visit.decide()) == visit.base
    code = visit.code_for(ADA)
    assert path_of(visit.http.get(visit.base + "/create-account")) == visit.base + "/code"
    assert path_of(visit.decide()) == visit.base + "/code"
    assert accounts(either_provider) == []

    assert path_of(visit.enter(code)) == visit.base + "/create-account"

    assert accounts(either_provider) == []
    assert visit.session() is None
    assert ADA in visit.page().text
    assert path_of(visit.decide()) == f"/oidc/auth/{visit.interaction}"
    assert accounts(either_provider) == [ADA]
    assert visit.session() is not None


def test_registering_a_new_address_makes_the_account_at_once(either_provider: Provider) -> None:
    visit = Visit.begin(either_provider, "/register")

    assert path_of(visit.enter(visit.code_for(ADA))) == f"/oidc/auth/{visit.interaction}"

    assert accounts(either_provider) == [ADA]
    assert path_of(visit.http.get(f"/oidc/auth/{visit.interaction}")) == "/account"


def test_registering_an_address_that_has_an_account_offers_to_sign_in_on_the_same_proof(
    either_provider: Provider,
) -> None:
    signed_in(either_provider, ADA)
    visit = Visit.begin(either_provider, "/register")
    code = visit.code_for(ADA)

    assert path_of(visit.enter(code)) == visit.base + "/existing"

    assert visit.session() is None
    assert "already" in visit.page().text
    assert path_of(visit.decide()) == f"/oidc/auth/{visit.interaction}"
    assert visit.session() is not None
    assert accounts(either_provider) == [ADA]
    assert len(either_provider.mails(ADA)) == 2


@pytest.mark.parametrize(("path", "is_known"), [("/sign-in", False), ("/register", True)])
@pytest.mark.parametrize(
    ("age", "works"), [(10 * MINUTE - MINUTE / 60, True), (10 * MINUTE, False)]
)
def test_a_proof_serves_for_ten_minutes(
    provider: Provider, path: str, age: timedelta, *, is_known: bool, works: bool
) -> None:
    if is_known:
        provider.server.accounts.create(ADA)
    visit = proven(provider, path)

    provider.clock.advance(age)

    led_to = path_of(visit.decide())
    assert led_to == (f"/oidc/auth/{visit.interaction}" if works else visit.base)
    assert (visit.session() is not None) is works
    if not works:
        assert forms_of(visit.page())[0].fields.get("email") is not None


def test_after_a_proof_has_run_out_the_address_can_be_proven_again(provider: Provider) -> None:
    visit = proven(provider)
    provider.clock.advance(10 * MINUTE)

    assert path_of(visit.enter(visit.code_for(ADA))) == visit.base + "/create-account"
    assert path_of(visit.decide()) == f"/oidc/auth/{visit.interaction}"


def test_another_address_may_be_taken_instead_of_creating_the_account(provider: Provider) -> None:
    provider.server.accounts.create(BOB)
    visit = proven(provider)

    assert path_of(visit.send("/restart")) == visit.base
    assert path_of(visit.decide()) == visit.base

    assert path_of(visit.enter(visit.code_for(BOB))) == f"/oidc/auth/{visit.interaction}"
    assert accounts(provider) == [BOB]


def test_an_account_made_meanwhile_is_signed_in_to_and_not_made_twice(provider: Provider) -> None:
    visit = proven(provider)
    provider.server.accounts.create("ADA@example.com")

    assert path_of(visit.decide()) == f"/oidc/auth/{visit.interaction}"

    assert accounts(provider) == ["ADA@example.com"]


def test_a_proof_of_one_address_does_not_open_another_interaction(provider: Provider) -> None:
    first = proven(provider)
    second = Visit.begin(provider, http=first.http)

    assert path_of(second.decide()) == second.base
    assert path_of(Visit(provider, first.http, f"/register/{first.interaction}").decide()) == (
        f"/register/{first.interaction}"
    )


def test_an_account_suspended_after_the_proof_is_not_signed_in_to(
    either_provider: Provider,
) -> None:
    either_provider.server.accounts.create(ADA)
    visit = proven(either_provider, "/register")

    either_provider.server.accounts.suspend(ADA)

    assert path_of(visit.decide()) == visit.base + "/code"
    assert visit.form().outcome == "replaced"
    assert visit.session() is None


def test_giving_up_tells_the_client_and_ends_the_interaction(provider: Provider) -> None:
    visit = Visit.begin(provider, request_of_bookstore(provider))
    code = visit.code_for(ADA)

    answer = visit.http.get(visit.send("/cancel").headers["location"])

    assert answer.headers["location"].startswith(f"{CALLBACK}?error=access_denied")
    assert "state=a+state" in answer.headers["location"]
    assert path_of(visit.enter(code)) == f"/oidc/auth/{visit.interaction}"
    assert visit.session() is None


def test_a_link_leads_from_signing_in_to_registering_in_the_same_interaction(
    provider: Provider,
) -> None:
    visit = Visit.begin(provider, request_of_bookstore(provider))
    assert f"/register/{visit.interaction}" in visit.page().text
    register = Visit(provider, visit.http, f"/register/{visit.interaction}")

    answer = register.enter(register.code_for(ADA))

    answer = visit.http.get(answer.headers["location"])
    assert answer.headers["location"].startswith(f"{CALLBACK}?code=")
