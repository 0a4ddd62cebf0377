"""The Bookstore and the provider together, over HTTP, on both databases."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.journeys.mail_walks import press
from tests.support.person import Person, forms_of
from tests.support.stage import Stage, open_stage

ANNA, BEN = "anna@example.com", "ben@example.com"


@pytest.fixture
def stage(any_database: str, tmp_path: Path) -> Iterator[Stage]:
    with open_stage(tmp_path, any_database) as stage:
        yield stage


@pytest.fixture
def anna(stage: Stage) -> Person:
    return stage.visitor()


def address_page(stage: Stage, person: Person, query: str = "") -> httpx.Response:
    """Press "Sign in" in the shop and stand before the provider's page."""
    return person.visit(f"{stage.shop}/sign-in{query}")


def code_page(person: Person, page: httpx.Response, address: str) -> httpx.Response:
    """Type the address."""
    form = next(form for form in forms_of(page) if "email" in form.fields)
    return person.submit(form, email=address)


def finish(stage: Stage, person: Person, page: httpx.Response, address: str) -> httpx.Response:
    """Type the code, create the account if asked, and return the page of the shop."""
    answer = press(person, page, "/code", code=stage.provider.code_for(address))
    if answer.url.path.endswith("/create-account"):
        answer = press(person, answer, "/create-account")
    return person.visit(answer.headers["Location"])


def sign_in(stage: Stage, person: Person, address: str) -> httpx.Response:
    """Go all the way and return the page of the shop."""
    page = code_page(person, address_page(stage, person), address)
    return finish(stage, person, page, address)


def leave(person: Person, home: httpx.Response) -> httpx.Response:
    """Press "Sign out" in the shop and go wherever that leads."""
    return person.visit(str(press(person, home, "/sign-out").url))


def greeted(page: httpx.Response) -> str | None:
    """Return whom the shop greets."""
    found = re.search(r"data-greeting>([^<]*)<", page.text)
    return None if found is None else found[1]


def fact(page: httpx.Response, kind: str, name: str) -> str:
    """Return what the shop shows of a claim."""
    found = re.search(rf'data-{kind}="{name}">([^<]*)<', page.text)
    assert found is not None, name
    return found[1]


def test_sign_in_userinfo_refresh_and_sign_out(stage: Stage, anna: Person) -> None:
    home = sign_in(stage, anna, ANNA)
    refreshed = press(anna, home, "/refresh")
    left = leave(anna, refreshed)
    asked = address_page(stage, anna)

    assert greeted(home) == ANNA
    assert fact(home, "claim", "iss") == stage.provider.issuer
    assert fact(home, "userinfo", "email") == ANNA
    assert fact(home, "userinfo", "sub") == fact(home, "claim", "sub")
    assert greeted(refreshed) == ANNA
    assert "The tokens are new" in refreshed.text
    assert greeted(left) is None
    assert "You have signed out" in left.text
    # The provider has forgotten the browser, too: nobody is offered to go on.
    assert any("email" in form.fields for form in forms_of(asked))
    assert ANNA not in asked.text


def test_a_second_sign_in_of_the_same_browser_asks_for_no_code(stage: Stage, anna: Person) -> None:
    sign_in(stage, anna, ANNA)
    anna.http.cookies.delete("bookstore_session", domain="localhost.local")

    home = address_page(stage, anna)

    assert greeted(home) == ANNA
    assert len(stage.provider.mails(ANNA)) == 1


def test_two_tabs_of_one_browser_finish_one_after_the_other(stage: Stage, anna: Person) -> None:
    first = code_page(anna, address_page(stage, anna), ANNA)
    first_code = stage.provider.code_for(ANNA)
    second = code_page(anna, address_page(stage, anna), ANNA)
    second_code = stage.provider.code_for(ANNA)

    answer = press(anna, second, "/code", code=second_code)
    home = anna.visit(press(anna, answer, "/create-account").headers["Location"])
    late = press(anna, first, "/code", code=first_code)
    late_home = anna.visit(late.headers["Location"]) if late.has_redirect_location else late

    assert greeted(home) == ANNA
    # The older tab ends well or is told plainly; it never breaks the sign-in there is.
    assert late_home.status_code < 500
    assert greeted(anna.visit(stage.shop)) == ANNA


def test_another_account_in_the_same_browser_takes_the_place_of_the_first(
    stage: Stage, anna: Person
) -> None:
    home = sign_in(stage, anna, ANNA)
    leave(anna, home)

    other = sign_in(stage, anna, BEN)

    assert greeted(other) == BEN
    assert fact(other, "claim", "sub") != fact(home, "claim", "sub")


def test_a_sign_in_left_open_too_long_ends_with_the_way_back_to_the_shop(
    stage: Stage, anna: Person
) -> None:
    page = code_page(anna, address_page(stage, anna), ANNA)
    code = stage.provider.code_for(ANNA)
    stage.provider.clock.advance(timedelta(minutes=61))

    ended = press(anna, page, "/code", code=code)

    assert ended.status_code == httpx.codes.GONE
    assert "Nothing is lost" in ended.text
    assert f'href="{stage.shop}' in ended.text


def test_giving_up_leads_back_to_a_shop_that_says_so(stage: Stage, anna: Person) -> None:
    page = code_page(anna, address_page(stage, anna), ANNA)

    answer = anna.visit(press(anna, page, "/cancel").headers["Location"])

    assert answer.url.path == "/callback"
    assert "/sign-in" in answer.text
    assert greeted(anna.visit(stage.shop)) is None


def test_the_shop_says_so_when_the_provider_is_down(stage: Stage, anna: Person) -> None:
    stage.take_provider_down()

    refused = address_page(stage, anna)

    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "Retry-After" in refused.headers
    assert greeted(anna.visit(stage.shop)) is None


def test_whoever_is_signed_in_stays_so_while_the_provider_is_down(
    stage: Stage, anna: Person
) -> None:
    home = sign_in(stage, anna, ANNA)
    stage.take_provider_down()

    refused = press(anna, home, "/refresh")

    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert greeted(anna.visit(stage.shop)) == ANNA
