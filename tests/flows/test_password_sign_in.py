"""Signing in with a password: what is right, what is told, and what is counted."""

from datetime import timedelta

import pytest

from authserver.crypto.argon2_hasher import Argon2Hasher
from authserver.domain.failure_budgets import BudgetKind
from authserver.domain.lifetimes import Lifetimes
from tests.flows.browsing import Visit, path_of
from tests.flows.with_passwords import (
    GOOD,
    OTHER,
    at_password_page,
    choose,
    experience,
    failures,
    give_password,
    guess,
    stored_password,
    with_password,
)
from tests.support.person import forms_of
from tests.support.provider import Provider

ADA = "ada@example.com"
DAY = timedelta(days=1)


@pytest.fixture
def taking(either_provider: Provider) -> Provider:
    """Return a server that takes passwords first, and codes."""
    choose(either_provider, experience())
    with_password(either_provider, ADA)
    return either_provider


@pytest.fixture
def taking_on_sqlite(provider: Provider) -> Provider:
    choose(provider, experience())
    with_password(provider, ADA)
    return provider


def recognised(provider: Provider, email: str) -> Visit:
    """Return a browser in which the owner of the address has signed in."""
    visit = at_password_page(provider, email)
    assert guess(visit, GOOD)
    return visit


def test_the_right_password_signs_in(taking: Provider) -> None:
    visit = Visit.begin(taking)
    assert path_of(visit.ask(ADA)) == visit.base + "/password"
    assert visit.session() is None

    assert guess(visit, GOOD)

    assert visit.session() is not None
    assert path_of(visit.http.get(f"/oidc/auth/{visit.interaction}")) == "/account"
    assert failures(taking, ADA) == 0
    assert taking.mails(ADA) == []


def test_address_and_password_may_come_in_one_form(taking: Provider) -> None:
    visit = Visit.begin(taking)

    answer = visit.send("/password", email="ADA@Example.com", password=GOOD)

    assert path_of(answer) == f"/oidc/auth/{visit.interaction}"


@pytest.mark.parametrize("password", [GOOD.upper(), GOOD + " ", GOOD[:-1], "x" * 300, OTHER])
def test_a_wrong_password_is_told_in_one_text_and_counted(
    taking_on_sqlite: Provider, password: str
) -> None:
    visit = at_password_page(taking_on_sqlite, ADA)

    assert not guess(visit, password)

    assert visit.session() is None
    shown = forms_of(visit.page("/password"))[0]
    assert shown.outcome == "wrong_password"
    assert "Address and password do not match." in visit.page("/password").text
    assert failures(taking_on_sqlite, ADA) == 1


def test_an_empty_password_is_asked_for_again_and_not_counted(taking_on_sqlite: Provider) -> None:
    visit = at_password_page(taking_on_sqlite, ADA)

    assert not guess(visit, "")

    assert forms_of(visit.page("/password"))[0].outcome == "password_missing"
    assert failures(taking_on_sqlite, ADA) == 0


@pytest.mark.parametrize("kind", ["suspended", "unproven", "without a password", "unknown"])
def test_an_account_that_cannot_use_a_password_is_told_as_a_wrong_one(
    either_provider: Provider, kind: str
) -> None:
    choose(either_provider, experience())
    if kind == "suspended":
        with_password(either_provider, ADA)
        either_provider.server.accounts.suspend(ADA)
    elif kind != "unknown":
        either_provider.server.accounts.create(ADA)
    if kind == "unproven":
        give_password(either_provider, ADA)
    visit = at_password_page(either_provider, ADA)

    assert not guess(visit, GOOD)

    assert forms_of(visit.page("/password"))[0].outcome == "wrong_password"
    assert visit.session() is None
    assert failures(either_provider, ADA) == 1


def test_a_code_may_be_mailed_instead_and_back_again(taking_on_sqlite: Provider) -> None:
    visit = at_password_page(taking_on_sqlite, ADA)

    assert path_of(visit.send("", method="code")) == visit.base + "/code"

    code = taking_on_sqlite.code_for(ADA)
    assert f"{visit.base}/password" in visit.page("/code").text
    assert visit.http.get(visit.base + "/password").status_code == 200
    assert not guess(visit, OTHER)
    assert path_of(visit.enter(code)) == f"/oidc/auth/{visit.interaction}"


def test_where_the_code_comes_first_a_password_may_be_used_instead(provider: Provider) -> None:
    choose(provider, experience(first=False))
    with_password(provider, ADA)
    visit = Visit.begin(provider)
    assert 'value="password"' in visit.page().text

    assert path_of(visit.send("", email=ADA, method="password")) == visit.base + "/password"
    assert guess(visit, GOOD)


def test_without_passwords_there_is_no_such_page(provider: Provider) -> None:
    with_password(provider, ADA)
    visit = Visit.begin(provider)
    assert "password" not in visit.page().text.replace("You need no password", "")

    answer = visit.send("/password", email=ADA, password=GOOD)

    assert path_of(answer) == visit.base
    assert visit.session() is None
    assert path_of(visit.send("", email=ADA, method="password")) == visit.base + "/code"
    assert path_of(visit.http.get(visit.base + "/password")) == visit.base + "/code"


def test_switching_passwords_off_is_in_force_within_a_second(taking_on_sqlite: Provider) -> None:
    visit = at_password_page(taking_on_sqlite, ADA)
    choose(taking_on_sqlite, experience(password=False))

    assert path_of(visit.send("/password", password=GOOD)) == visit.base


def test_from_ten_wrong_passwords_on_a_code_comes_first_and_nobody_is_locked_out(
    taking: Provider,
) -> None:
    for number in range(10):
        visit = at_password_page(taking, ADA, source=f"192.0.2.{number}")
        assert not guess(visit, OTHER)
    visit = at_password_page(taking, ADA)
    page = visit.page("/password").text
    assert "many wrong passwords" in page
    assert 'name="password"' not in page

    assert not guess(visit, GOOD)
    assert failures(taking, ADA) == 10

    assert path_of(visit.send("", method="code")) == visit.base + "/code"
    assert path_of(visit.enter(taking.code_for(ADA))) == f"/oidc/auth/{visit.interaction}"


def test_after_the_code_the_password_is_taken_where_codes_do_not_sign_in(
    either_provider: Provider,
) -> None:
    choose(either_provider, experience(code=False, signUp={"password": True}))
    with_password(either_provider, ADA)
    for _ in range(10):
        assert not guess(at_password_page(either_provider, ADA), OTHER)
    visit = at_password_page(either_provider, ADA)
    assert not guess(visit, GOOD)
    assert path_of(visit.send("", method="code")) == visit.base + "/code"

    assert path_of(visit.enter(either_provider.code_for(ADA))) == visit.base + "/password"

    assert visit.session() is None
    assert 'name="password"' in visit.page("/password").text
    assert not guess(visit, OTHER)
    assert guess(visit, GOOD)
    assert failures(either_provider, ADA) == 11


def test_wrong_passwords_are_forgotten_after_thirty_days(taking_on_sqlite: Provider) -> None:
    for _ in range(10):
        assert not guess(at_password_page(taking_on_sqlite, ADA), OTHER)
    taking_on_sqlite.clock.advance(30 * DAY)

    assert guess(at_password_page(taking_on_sqlite, ADA), GOOD)


def test_an_address_without_account_is_counted_like_one_with(taking_on_sqlite: Provider) -> None:
    for _ in range(10):
        assert not guess(at_password_page(taking_on_sqlite, "nobody@example.com"), OTHER)

    visit = at_password_page(taking_on_sqlite, "nobody@example.com")
    assert "many wrong passwords" in visit.page("/password").text


def test_a_recognised_browser_is_not_bound_by_strangers_and_has_twenty_of_its_own(
    taking: Provider,
) -> None:
    own = recognised(taking, ADA)
    for _ in range(10):
        assert not guess(at_password_page(taking, ADA), OTHER)

    def again() -> Visit:
        visit = Visit.begin(taking, http=own.http)
        assert path_of(visit.send("", email=ADA, method="password")) == visit.base + "/password"
        return visit

    for _ in range(19):
        assert not guess(again(), OTHER)
    assert failures(taking, ADA) == 10
    assert guess(again(), GOOD)
    for _ in range(20):
        assert not guess(again(), OTHER)

    visit = again()
    assert "many wrong passwords" in visit.page("/password").text
    assert failures(taking, ADA) == 10

    visit.send("", method="code")
    assert path_of(visit.enter(taking.code_for(ADA))) == f"/oidc/auth/{visit.interaction}"
    assert guess(again(), GOOD)


def test_a_browser_of_another_account_is_a_stranger(taking_on_sqlite: Provider) -> None:
    with_password(taking_on_sqlite, "bob@example.com")
    bob = recognised(taking_on_sqlite, "bob@example.com")
    visit = Visit.begin(taking_on_sqlite, http=bob.http)
    visit.send("", email=ADA, method="password")

    assert not guess(visit, OTHER)

    assert failures(taking_on_sqlite, ADA) == 1
    assert failures(taking_on_sqlite, ADA, BudgetKind.ADDRESS) == 0


def test_a_hash_of_other_parameters_is_renewed_by_the_next_sign_in(
    taking_on_sqlite: Provider,
) -> None:
    give_password(taking_on_sqlite, ADA, hasher=Argon2Hasher(7168, 1, 1))
    before = stored_password(taking_on_sqlite, ADA)
    taking_on_sqlite.clock.advance(DAY)

    assert not guess(at_password_page(taking_on_sqlite, ADA), OTHER)
    assert stored_password(taking_on_sqlite, ADA) == before
    assert guess(at_password_page(taking_on_sqlite, ADA), GOOD)

    after = stored_password(taking_on_sqlite, ADA)
    assert before
    assert after
    assert after.hash.reveal().startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (after.changed_at, after.rests_on_mail) == (before.changed_at, before.rests_on_mail)
    assert guess(at_password_page(taking_on_sqlite, ADA), GOOD)


def test_a_session_by_password_says_so(taking_on_sqlite: Provider) -> None:
    clock = taking_on_sqlite.clock
    visit = at_password_page(taking_on_sqlite, ADA)
    assert guess(visit, GOOD)

    with taking_on_sqlite.server.storage.reading() as work:
        account = work.accounts.find_by_address(ADA)
        assert account is not None
        [session] = work.sessions.list(account.subject, clock.now(), Lifetimes())
    assert session.amr == ("pwd",)
    assert session.acr == "urn:authserver:acr:one-factor"


def test_neither_log_nor_page_nor_url_shows_a_password(
    taking_on_sqlite: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    visit = at_password_page(taking_on_sqlite, ADA)

    answer = visit.send("/password", password=OTHER)

    assert OTHER not in answer.headers["location"]
    assert OTHER not in visit.page("/password").text
    assert OTHER not in caplog.text
