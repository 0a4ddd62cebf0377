from datetime import timedelta

import pytest

from tests.account.account_page import AccountPage
from tests.flows.browsing import OWN_FORM, Visit, path_of, signed_in, wrong
from tests.support.provider import Provider

ADA = "ada@example.com"
BOB = "bob@example.com"
NEW = "ada@new.example"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def page(either_provider: Provider) -> AccountPage:
    return AccountPage.of(either_provider, ADA)


def propose(page: AccountPage, email: str = NEW) -> str:
    """Prove the old mailbox, enter the new address, and return the code sent there."""
    page.confirm("address")
    assert path_of(page.send("address", "", email=email)) == "/account/address/code"
    return page.provider.code_for(email)


def address_of(page: AccountPage) -> str:
    """Return the address that the overview shows."""
    text = page.http.get("/account").text
    return next(each for each in (ADA, NEW, BOB, "other@new.example") if each in text)


def test_the_address_changes_only_after_both_mailboxes_are_proven(page: AccountPage) -> None:
    code = propose(page)
    assert address_of(page) == ADA

    assert path_of(page.enter("address", code)) == "/account/address"

    assert address_of(page) == NEW
    assert page.provider.next_mail(ADA)["usage_type"] == "AddressChanged"
    signed_in(page.provider, NEW)


def test_no_new_address_is_taken_before_the_old_mailbox_is_proven(page: AccountPage) -> None:
    token = page.form("address", "/confirm")

    answer = page.http.post(
        "/account/address", data=token.fields | {"email": NEW}, headers=OWN_FORM
    )

    assert path_of(answer) == "/account/address"
    assert page.provider.mails(NEW) == []


def test_a_proof_of_the_old_mailbox_serves_for_ten_minutes(page: AccountPage) -> None:
    page.confirm("address")
    form = page.form("address", "")
    page.provider.clock.advance(10 * MINUTE)

    page.post(form, email=NEW)

    assert page.provider.mails(NEW) == []


def test_wrong_codes_at_the_new_address_are_counted_and_change_nothing(page: AccountPage) -> None:
    code = propose(page)

    for tries_left in (4, 3, 2, 1):
        page.enter("address", wrong(code))
        assert page.form("address/code", "/code").tries_left == tries_left
    page.enter("address", wrong(code))
    page.http.post("/account/address/code", data={"code": code})

    assert address_of(page) == ADA
    assert "Too many wrong codes" in page.get("address/code").text


def test_that_another_account_has_the_address_is_told_only_to_its_reader(
    page: AccountPage,
) -> None:
    signed_in(page.provider, BOB)

    page.confirm("address")
    page.send("address", "", email=BOB)
    assert "Another account" not in page.get("address/code").text
    page.enter("address", page.provider.code_for(BOB))

    assert page.outcome("address") == "address_taken"
    assert address_of(page) == ADA


def test_a_change_ends_what_was_begun_with_the_old_address(page: AccountPage) -> None:
    elsewhere = AccountPage(page.provider, page.provider.http(), ADA)
    signed_in(page.provider, ADA, http=elsewhere.http)
    reset = Visit.begin(page.provider)
    stale = reset.code_for(ADA)
    other = propose(elsewhere, "other@new.example")

    page.enter("address", propose(page))

    answer = elsewhere.http.post("/account/address/code", data={"code": other})
    assert answer.status_code in {303, 403}
    elsewhere.provider.clock.advance(MINUTE)
    assert address_of(page) == NEW
    assert path_of(reset.enter(stale)) == reset.base + "/code"
    assert reset.session() is None
    assert "/code" not in elsewhere.get("address/code").headers.get("location", "")
    with page.provider.server.storage.reading() as work:
        account = work.accounts.find_by_address(NEW)
        assert account is not None
        assert account.email_proven_at is not None
        assert work.recognised_browsers.list(account.subject, page.provider.clock.now()) == []


def test_the_confirmation_gives_the_session_another_cookie(page: AccountPage) -> None:
    page.provider.clock.advance(10 * MINUTE)
    former = page.session()

    page.confirm("deletion")

    assert page.session() != former
    thief = page.provider.http()
    thief.cookies.set("authserver-session", former or "")
    assert thief.get("/account").status_code == 303
    assert page.is_signed_in()
