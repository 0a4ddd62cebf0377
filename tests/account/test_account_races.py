"""What happens on account pages at one and the same time."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.account.account_page import AccountPage
from tests.flows.browsing import OWN_FORM
from tests.support.person import Form
from tests.support.provider import Provider

ADA = "ada@example.com"
NEW = ("ada@one.example", "ada@two.example")


def at_once(*posts: tuple[httpx.Client, Form, dict[str, str]]) -> list[httpx.Response]:
    """Send all forms at the same time."""

    def send(post: tuple[httpx.Client, Form, dict[str, str]]) -> httpx.Response:
        http, form, typed = post
        return http.post(form.action, data=form.fields | typed, headers=OWN_FORM)

    with ThreadPoolExecutor(len(posts)) as pool:
        return list(pool.map(send, posts))


def switching(page: AccountPage, email: str) -> tuple[httpx.Client, Form, dict[str, str]]:
    """Go as far as the right code for the new address."""
    page.confirm("address")
    page.send("address", "", email=email)
    code = page.provider.code_for(email)
    return page.http, page.form("address/code", "/code"), {"code": code}


def test_of_two_switches_at_one_time_one_wins_and_the_old_address_is_told_once(
    either_provider: Provider,
) -> None:
    pages = [AccountPage.of(either_provider, ADA, source=f"203.0.113.{n}") for n in (1, 2)]
    posts = [switching(page, email) for page, email in zip(pages, NEW, strict=True)]

    answers = at_once(*posts)

    assert {answer.status_code for answer in answers} == {303}
    with either_provider.server.storage.reading() as work:
        owned = [email for email in NEW if work.accounts.find_by_address(email) is not None]
        assert work.accounts.find_by_address(ADA) is None
    assert len(owned) == 1
    assert either_provider.next_mail(ADA)["usage_type"] == "AddressChanged"


def test_a_switch_beside_a_deletion_leaves_no_half_account(either_provider: Provider) -> None:
    one, two = (AccountPage.of(either_provider, ADA, source=f"203.0.113.{n}") for n in (1, 2))
    switch = switching(one, NEW[0])

    answers = at_once(switch, (two.http, two.form("deletion", ""), {"sure": "yes"}))

    assert {answer.status_code for answer in answers} == {303}
    with either_provider.server.storage.reading() as work:
        assert work.accounts.find_by_address(ADA) is None
        assert work.accounts.find_by_address(NEW[0]) is None
    assert not one.is_signed_in()


def test_a_session_that_ends_beside_its_use_stays_ended(either_provider: Provider) -> None:
    one, two = (AccountPage.of(either_provider, ADA, source=f"203.0.113.{n}") for n in (1, 2))
    end = (two.http, two.form("sessions", "/end-others"), dict[str, str]())
    use = (one.http, one.form("profile", ""), {"name": "Ada"})

    answers = at_once(end, use, use)

    assert {answer.status_code for answer in answers} == {303}
    assert not one.is_signed_in()
    assert two.is_signed_in()
