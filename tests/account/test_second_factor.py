import re

import pytest

from tests.account.account_page import AccountPage
from tests.flows.browsing import Visit, path_of
from tests.flows.factors import PASSWORD as HARBOURS
from tests.flows.factors import allow_passwords, give_password, give_second_factor
from tests.support.provider import Provider

ADA = "ada@example.com"
PASSWORD = "a sentence that is easy to remember"
CODE = re.compile(r"<li>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</li>")


@pytest.fixture
def page(either_provider: Provider) -> AccountPage:
    """Return the account page of somebody who has just set a password."""
    either_provider.server.experience.set(
        {"signIn": {"methods": [{"identifier": "email", "password": True}]}}
    )
    page = AccountPage.of(either_provider, ADA)
    page.send("password", "", new_password=PASSWORD)
    assert either_provider.next_mail(ADA)["usage_type"] == "PasswordChanged"
    return page


def shown_codes(page: AccountPage) -> list[str]:
    """Ask for new recovery codes and return those that are shown."""
    assert path_of(page.send("second-factor", "/begin")) == "/account/second-factor"
    return CODE.findall(page.get("second-factor").text)


def test_the_second_step_is_on_once_a_recovery_code_is_typed_back(page: AccountPage) -> None:
    codes = shown_codes(page)
    assert len(set(codes)) == 10

    page.send("second-factor", "/finish", code="0000-0000-0000-0000")
    assert page.outcome("second-factor") == "recovery_code_wrong"
    page.send("second-factor", "/finish", code=codes[3].lower().replace("-", " "))

    shown = page.get("second-factor").text
    assert "You have 10 recovery codes left" in shown
    assert not CODE.findall(shown)
    assert page.provider.next_mail(ADA)["usage_type"] == "SecondFactorChanged"
    with page.provider.server.storage.reading() as work:
        account = work.accounts.find_by_address(ADA)
        assert account is not None
        stored = work.passwords.find(account.subject)
    assert stored is not None
    assert not stored.rests_on_mail


def test_with_a_second_step_a_mailed_code_alone_confirms_nobody(page: AccountPage) -> None:
    page.send("second-factor", "/finish", code=shown_codes(page)[0])

    answer = page.send("second-factor", "/confirm")

    assert path_of(answer).startswith("/sign-in/")
    assert "Switch it off" not in page.get("second-factor").text
    assert "sign in again" in page.get("deletion").text


def test_codes_that_nobody_typed_back_change_nothing(page: AccountPage) -> None:
    shown_codes(page)

    with page.provider.server.storage.reading() as work:
        account = work.accounts.find_by_address(ADA)
        assert account is not None
        assert work.second_factors.list(account.subject) == []
        assert work.second_factors.count_codes(account.subject) == 0


def test_the_second_step_goes_with_the_password_and_both_are_told(
    either_provider: Provider,
) -> None:
    allow_passwords(either_provider)
    give_password(either_provider, ADA)
    give_second_factor(either_provider, ADA)
    visit = Visit.begin(either_provider)
    visit.send("", email=ADA, method="password")
    assert path_of(visit.send("/password", password=HARBOURS)).endswith("/second-step")
    visit.send("/second-step", code=either_provider.code_for(ADA))
    page = AccountPage(either_provider, visit.http, ADA)

    assert path_of(page.send("password", "/remove", password=HARBOURS)) == "/account/password"

    assert "Your account has no password" in page.get("password").text
    wanted = {"PasswordChanged", "SecondFactorChanged"}
    while not wanted <= {mail["usage_type"] for mail in either_provider.mails(ADA)}:
        either_provider.next_mail(ADA)  # gives up after a while
