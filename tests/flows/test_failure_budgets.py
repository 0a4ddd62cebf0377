"""Codes grow with the failures of strangers; the owner's own browser does not notice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.flows.browsing import Visit, signed_in
from tests.support.provider import Provider, running_provider

EMAIL = "anna@example.com"
DAY = timedelta(days=1)
NEVER_MAILED = {6: "000000", 8: "00000000", 13: "00000-00000-000"}
ROOM = {
    "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY": "1000",
    "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS": "1000",
    "AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "100000",
    "AUTHSERVER_CODES__TRIES": "10",
    "AUTHSERVER_CODES__SPRAY__MIN_WRONG": "10000",
}


@pytest.fixture
def roomy(any_database: str, tmp_path: Path) -> Iterator[Provider]:
    """Return a server whose mail limits leave room for many verifications."""
    with running_provider(tmp_path, any_database, settings=ROOM) as running:
        yield running


def length_of(code: str) -> int:
    return len(code.replace("-", ""))


def fail(provider: Provider, times: int, email: str = EMAIL) -> None:
    """Enter wrong codes for the address, ten to a verification, each from a new browser."""
    while times > 0:
        visit = Visit.begin(provider)
        code = visit.code_for(email)
        wrong = "1" * length_of(code) if set(code) != {"1"} else "2" * length_of(code)
        for _ in range(min(times, 10)):
            visit.enter(wrong)
        times -= 10


@pytest.mark.parametrize(("failures", "length"), [(19, 6), (20, 8), (39, 8), (40, 13)])
def test_codes_for_an_address_grow_with_the_failures_of_strangers(
    roomy: Provider, failures: int, length: int
) -> None:
    fail(roomy, failures)

    visit = Visit.begin(roomy)
    code = visit.code_for(EMAIL)

    assert length_of(code) == length
    visit.enter(code)
    assert "create-account" in str(visit.page().url)


def test_a_code_that_is_too_short_by_now_is_not_even_compared(roomy: Provider) -> None:
    early = Visit.begin(roomy)
    code = early.code_for(EMAIL)
    fail(roomy, 20)

    outcome, tries_left = early.outcome_of(code)

    assert outcome == "longer_code_needed"
    assert tries_left is None


def test_the_owners_browser_keeps_short_codes_whatever_strangers_do(roomy: Provider) -> None:
    owner = signed_in(roomy, EMAIL).http
    fail(roomy, 40)
    roomy.clock.advance(timedelta(hours=1))

    at_home = Visit.begin(roomy, "/sign-in", http=owner)
    elsewhere = Visit.begin(roomy)

    assert length_of(at_home.code_for(EMAIL)) == 6
    assert length_of(elsewhere.code_for(EMAIL)) == 13


def test_failures_are_forgotten_with_the_window(roomy: Provider) -> None:
    fail(roomy, 40)
    roomy.clock.advance(30 * DAY + timedelta(seconds=1))

    assert length_of(Visit.begin(roomy).code_for(EMAIL)) == 6


def test_letter_case_of_the_address_makes_no_difference(roomy: Provider) -> None:
    shouted = EMAIL.upper()
    fail(roomy, 20, shouted)

    Visit.begin(roomy).ask(EMAIL)

    # The inbox, too, takes both spellings for one address.
    assert length_of(roomy.code_for(shouted)) == 8


def test_another_address_is_not_touched(roomy: Provider) -> None:
    fail(roomy, 40)

    assert length_of(Visit.begin(roomy).code_for("berta@example.com")) == 6
