import pytest

from tests.account.account_page import AccountPage
from tests.flows.browsing import path_of
from tests.support.provider import Provider

ADA = "ada@example.com"
FIRST = "a sentence that is easy to remember"
SECOND = "another sentence, longer than the first"


@pytest.fixture
def page(either_provider: Provider) -> AccountPage:
    """Return the account page of somebody who has just signed in where passwords are on."""
    either_provider.server.experience.set(
        {"signIn": {"methods": [{"identifier": "email", "password": True}]}}
    )
    return AccountPage.of(either_provider, ADA)


def outcome(page: AccountPage, **typed: str) -> str | None:
    """Send the form and return what the page then says."""
    assert path_of(page.send("password", "", **typed)) == "/account/password"
    return page.outcome("password")


def test_a_password_is_set_changed_with_the_present_one_and_removed(page: AccountPage) -> None:
    assert outcome(page, new_password="short") == "too_short"
    assert outcome(page, new_password=FIRST) == "password_changed"
    assert page.provider.next_mail(ADA)["usage_type"] == "PasswordChanged"
    assert outcome(page, new_password=SECOND) == "present_password_missing"
    assert outcome(page, password=SECOND, new_password=SECOND) == "wrong_present_password"
    assert outcome(page, password=FIRST, new_password=SECOND) == "password_changed"

    answer = page.send("password", "/remove", password=SECOND)

    assert path_of(answer) == "/account/password"
    assert "Your account has no password" in page.get("password").text


def test_a_password_set_behind_a_mailed_code_rests_on_mail(page: AccountPage) -> None:
    outcome(page, new_password=FIRST)

    with page.provider.server.storage.reading() as work:
        account = work.accounts.find_by_address(ADA)
        assert account is not None
        stored = work.passwords.find(account.subject)

    assert stored is not None
    assert stored.rests_on_mail


@pytest.mark.parametrize("section", ["password", "second-factor"])
def test_where_passwords_are_off_its_address_leads_to_the_overview(
    page: AccountPage, section: str
) -> None:
    form = page.form("password", "")
    page.provider.server.experience.put({})

    assert path_of(page.get(section)) == "/account"
    assert path_of(page.post(form, new_password=FIRST)) == "/account/password"
    with page.provider.server.storage.reading() as work:
        account = work.accounts.find_by_address(ADA)
        assert account is not None
        assert work.passwords.find(account.subject) is None
