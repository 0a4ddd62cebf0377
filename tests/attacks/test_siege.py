"""Weeks of guessing at one account: never more guesses than promised, and the owner gets in."""

from pathlib import Path

import pytest

from tests.attacks.siege import Siege
from tests.support.provider import running_provider

DAYS = 3
POLICIES = {
    "default": ("digits6", False),
    "strict from the start": ("digits8", False),
    "stolen device cookie": ("digits6", True),
}


def test_a_patient_attacker_gets_the_short_codes_of_each_window_and_no_more(
    sqlite_database: str, tmp_path: Path
) -> None:
    with running_provider(tmp_path, sqlite_database) as provider:
        siege = Siege(provider, sqlite_database, tmp_path / "outbox", is_patient=True)
        books = siege.run(32)

    assert list(books.broken(start_class="digits6", days=60)) == []
    assert books.evaluated == {"digits6": 40}


@pytest.mark.parametrize(("start_class", "steals"), POLICIES.values(), ids=POLICIES)
def test_an_attacker_without_the_mailbox_gets_the_promised_guesses_and_the_owner_gets_in(
    sqlite_database: str, tmp_path: Path, start_class: str, *, steals: bool
) -> None:
    settings = {"AUTHSERVER_CODES__START_CLASS": start_class}
    with running_provider(tmp_path, sqlite_database, settings=settings) as provider:
        siege = Siege(provider, sqlite_database, tmp_path / "outbox", steals=steals)
        books = siege.run(DAYS)

    assert list(books.broken(start_class=start_class, days=DAYS, thefts=int(steals))) == []
    assert sum(books.evaluated.values()) > 20 * DAYS
    assert books.at_home[True] == DAYS - 1
