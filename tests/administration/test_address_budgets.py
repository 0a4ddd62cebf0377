"""An operator's release of an address, and the owner's notice of longer codes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from authserver.administration.mistakes import AccountInvalid
from authserver.domain.email_address import parse_email_address
from tests.flows.browsing import Visit, wrong
from tests.support.provider import Provider, running_provider

ADA = "ada@example.com"
SETTINGS = {
    "AUTHSERVER_CODES__BUDGET__DIGITS8_FROM": "5",
    "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS": "10",
}
RELEASES = text("SELECT detail FROM audit_events WHERE kind = 'failure_budget.released'")


@pytest.fixture
def strict(any_database: str, tmp_path: Path) -> Iterator[Provider]:
    with running_provider(tmp_path, any_database, settings=SETTINGS) as running:
        yield running


def fail_five_times(provider: Provider) -> None:
    visit = Visit.begin(provider)
    code = visit.code_for(ADA)
    for by in range(1, 6):
        visit.enter(wrong(code, by))


def notices(provider: Provider) -> int:
    return [mail["usage_type"] for mail in provider.mails(ADA)].count("LongerCodes")


@pytest.mark.parametrize("has_account", [True, False])
def test_a_released_address_has_short_codes_again(strict: Provider, *, has_account: bool) -> None:
    if has_account:
        strict.server.accounts.create(ADA)
    fail_five_times(strict)
    assert len(Visit.begin(strict).code_for(ADA)) == 8

    released = strict.server.address_budgets.release(ADA.upper())

    assert released.failures == 5
    assert len(Visit.begin(strict).code_for(ADA)) == 6
    address = parse_email_address(ADA)
    assert address is not None
    assert strict.server.address_budgets.state(address).failures == 0
    with strict.server.storage.reading() as work:
        assert len(work.connection.execute(RELEASES).all()) == 1


def test_what_is_no_address_cannot_be_released(strict: Provider) -> None:
    with pytest.raises(AccountInvalid, match="not one plain"):
        strict.server.address_budgets.release("ada")


def test_the_owner_is_told_once_that_codes_have_grown(strict: Provider) -> None:
    strict.server.accounts.create(ADA)

    fail_five_times(strict)
    assert strict.next_mail(ADA)["usage_type"] == "LongerCodes"
    fail_five_times(strict)
    Visit.begin(strict).code_for("bob@example.com")

    assert notices(strict) == 1


def test_an_address_without_account_gets_no_notice(strict: Provider) -> None:
    fail_five_times(strict)

    # The mail of the next start is claimed after the notice.
    Visit.begin(strict).code_for(ADA)

    assert notices(strict) == 0
