"""A share of the day's mails is kept for addresses with an account; nobody sees for whom."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from authserver.domain.outgoing_mail import MailState
from tests.flows.browsing import Visit, path_of
from tests.support.provider import Provider, running_provider

BANNER = "New registrations wait"
SETTINGS = {
    "AUTHSERVER_CODES__MAILS__PER_DAY": "10",
    "AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "1000",
}


@pytest.fixture
def small(any_database: str, tmp_path: Path) -> Iterator[Provider]:
    with running_provider(tmp_path, any_database, settings=SETTINGS) as running:
        yield running


def ask(provider: Provider, email: str) -> httpx.Response:
    return Visit.begin(provider).ask(email)


def states(provider: Provider) -> list[tuple[MailState, str | None]]:
    """Return where every mail stands once none is owed any more, oldest first."""
    while True:
        with provider.server.storage.reading() as work:
            mails = [story.mail for story in work.outgoing_mails.recent(None, 1000)]
        if all(mail.finished_at for mail in mails):
            return [(mail.state, mail.reason) for mail in reversed(mails)]


def test_addresses_without_account_leave_the_kept_mails_to_the_others(small: Provider) -> None:
    known = [f"known{number}@example.com" for number in range(3)]
    for email in known:
        small.server.accounts.create(email)

    for number in range(30):
        assert path_of(ask(small, f"unknown{number}@example.com")).endswith("/code")
        states(small)
    for email in known:
        assert path_of(ask(small, email)).endswith("/code")
        assert small.code_for(email)

    told = states(small)
    assert [state for state, _ in told].count(MailState.ACCEPTED) == 10
    assert told.count((MailState.DROPPED, "kept_for_accounts")) == 23
    assert ask(small, "late@example.com").status_code == 429
    assert ask(small, known[0]).status_code == 429


def test_all_pages_say_that_registrations_wait(small: Provider) -> None:
    assert BANNER not in Visit.begin(small).page().text
    for number in range(7):
        ask(small, f"unknown{number}@example.com")
    states(small)
    small.clock.advance(timedelta(seconds=6))

    visit = Visit.begin(small)
    assert BANNER in visit.page().text
    visit.ask("ada@example.com")
    assert BANNER in visit.page("/code").text
    assert BANNER in Visit.begin(small, "/register").page().text

    small.clock.advance(timedelta(hours=25))
    Visit.begin(small).page()
    assert BANNER not in Visit.begin(small).page().text
