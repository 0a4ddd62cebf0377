"""Guessing at many addresses, a little each, makes strangers' new codes longer for a while."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.flows.browsing import Visit, path_of, signed_in, wrong
from tests.support.provider import Provider, running_provider

ADA = "ada@example.com"
ADMIN = "root@example.com"
MINUTE = timedelta(minutes=1)
LOW = {
    "AUTHSERVER_CODES__SPRAY__MIN_WRONG": "5",
    "AUTHSERVER_CODES__SPRAY__DAY_WRONG": "20",
    "AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "1000",
}
RAISED = text("SELECT detail FROM audit_events WHERE kind = 'spray_alarm.raised'")


@pytest.fixture
def watched(any_database: str, tmp_path: Path) -> Iterator[Provider]:
    with running_provider(tmp_path, any_database, settings=LOW) as running:
        yield running


def spray(provider: Provider, times: int, first: int = 0) -> None:
    """Enter a wrong code for each of so many addresses."""
    for number in range(first, first + times):
        visit = Visit.begin(provider)
        code = visit.code_for(f"person{number}@example.com")
        visit.enter(wrong(code))


def length_of_next(provider: Provider, email: str = ADA) -> int:
    return len(Visit.begin(provider).code_for(email))


def raised(provider: Provider) -> int:
    with provider.server.storage.reading() as work:
        return len(work.connection.execute(RAISED).all())


def test_new_codes_of_strangers_grow_in_an_alarm_and_earlier_ones_stay(watched: Provider) -> None:
    early = Visit.begin(watched)
    code = early.code_for(ADA)
    spray(watched, 4)
    assert length_of_next(watched, "bob@example.com") == 6

    spray(watched, 1)

    assert length_of_next(watched, "cyd@example.com") == 8
    assert path_of(early.enter(code)) == early.base + "/create-account"


def test_the_alarm_is_told_once_to_administrators_and_in_the_audit_log(watched: Provider) -> None:
    watched.server.accounts.create(ADMIN, is_admin=True)

    spray(watched, 8)

    assert watched.next_mail(ADMIN)["usage_type"] == "SprayAlarm"
    assert len(watched.mails(ADMIN)) == 1
    assert raised(watched) == 1


def test_the_alarm_ends_an_hour_after_what_raised_it_last(watched: Provider) -> None:
    spray(watched, 5)
    watched.clock.advance(4 * MINUTE)
    spray(watched, 1)

    watched.clock.advance(59 * MINUTE)
    assert length_of_next(watched) == 8
    watched.clock.advance(MINUTE)
    assert length_of_next(watched, "bob@example.com") == 6
    assert raised(watched) == 1


def test_wrong_codes_among_many_right_ones_raise_no_alarm(watched: Provider) -> None:
    for number in range(6):
        signed_in(watched, f"someone{number}@example.com")

    spray(watched, 5)

    assert length_of_next(watched) == 6


def test_twenty_wrong_codes_over_a_day_raise_the_slow_alarm(watched: Provider) -> None:
    for first in range(0, 20, 4):
        spray(watched, 4, first)
        watched.clock.advance(7 * MINUTE)

    assert length_of_next(watched) == 8
    assert raised(watched) == 1


def test_a_recognised_browser_neither_raises_the_alarm_nor_feels_it(watched: Provider) -> None:
    owner = signed_in(watched, ADA).http
    watched.clock.advance(10 * MINUTE)
    at_home = Visit.begin(watched, "/sign-in", http=owner)
    code = at_home.code_for(ADA)
    for by in range(1, 5):
        at_home.enter(wrong(code, by))
    spray(watched, 4)
    assert length_of_next(watched, "bob@example.com") == 6

    spray(watched, 1)

    watched.clock.advance(2 * MINUTE)
    again = Visit.begin(watched, "/sign-in", http=owner)
    assert len(again.code_for(ADA)) == 6


def test_the_alarm_outlives_a_restart(any_database: str, tmp_path: Path) -> None:
    with running_provider(tmp_path, any_database, settings=LOW) as before:
        spray(before, 5)
        clock = before.clock

    with running_provider(
        tmp_path, any_database, settings=LOW, randomness_seed=7, clock=clock
    ) as after:
        assert length_of_next(after) == 8
        [finding] = [each for each in after.server.diagnosis.run() if each.name == "spray_alarm"]
        assert "holds until" in finding.message
