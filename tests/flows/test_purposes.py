"""A code serves the purpose that its mail names, and no other one."""

from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from authserver.domain.verifications import Purpose
from tests.account.account_page import AccountPage
from tests.flows.browsing import Visit, path_of
from tests.flows.factors import PASSWORD, allow_passwords, give_password, give_second_factor
from tests.support.back_end import BackEnd, new_service, told
from tests.support.provider import Provider, running_provider

ADA = "ada@example.com"
NEW = "ada@new.example"
# All codes are under way at once, and each place is tried with all of the others.
ROOM = {
    "AUTHSERVER_CODES__TRIES": "10",
    "AUTHSERVER_CODES__BUDGET__DIGITS8_FROM": "99",
    "AUTHSERVER_CODES__BUDGET__BASE32_FROM": "100",
    "AUTHSERVER_CODES__BUDGET__DEVICE_STOP_AT": "100",
    "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY": "100",
    "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS": "100",
}
# Tells whether a code opens what it was entered for.
Enter = Callable[[str], bool]


@pytest.fixture
def roomy_provider(any_database: str, tmp_path: Path) -> Iterator[Provider]:
    with running_provider(tmp_path, any_database, settings=ROOM) as provider:
        allow_passwords(provider)
        yield provider


def places(provider: Provider) -> dict[Purpose, tuple[Enter, str]]:
    """Begin a verification of every purpose; return what enters a code there, and the right one."""
    page, other = (AccountPage.of(provider, ADA) for _ in range(2))
    page.confirm("address")
    assert path_of(page.send("address", "", email=NEW)) == "/account/address/code"
    bound = provider.code_for(NEW)
    assert path_of(other.send("address", "/confirm")) == "/account/address/code"
    confirmed = provider.code_for(ADA)
    give_password(provider, ADA)
    give_second_factor(provider, ADA)
    found: dict[Purpose, tuple[Enter, str]] = {
        Purpose.USER_PERMISSION_VALIDATION: (
            lambda code: leads_on(other.enter("address", code)),
            confirmed,
        )
    }
    for purpose, path in {
        Purpose.SIGN_IN: "/sign-in",
        Purpose.REGISTER: "/register",
        Purpose.FORGOT_PASSWORD: "/forgot-password",
    }.items():
        visit = Visit.begin(provider, path)
        found[purpose] = entering(visit, "/code"), visit.code_for(ADA)
    second = Visit.begin(provider)
    second.send("", email=ADA, method="password")
    assert path_of(second.send("/password", password=PASSWORD)) == second.base + "/second-step"
    found[Purpose.MFA_VERIFICATION] = entering(second, "/second-step"), provider.code_for(ADA)
    service = new_service(provider.server, provider.endpoint)
    shop = BackEnd(provider.http(), service, provider.endpoint)
    name = shop.started(ADA)
    found[Purpose.GENERIC] = (
        lambda code: bool(told(shop.enter(name, code))["verified"]),
        provider.code_for(ADA),
    )
    # The last: it ends what is under way for the old address.
    found[Purpose.BIND_NEW_IDENTIFIER] = (
        lambda code: leads_on(page.enter("address", code)),
        bound,
    )
    return found


def entering(visit: Visit, step: str) -> Enter:
    return lambda code: leads_on(visit.send(step, code=code), step)


def leads_on(answer: httpx.Response, step: str = "/code") -> bool:
    return not path_of(answer).endswith(step)


def seen(provider: Provider) -> dict[Purpose, tuple[str, int]]:
    """Return state and tries of the last verification of each purpose."""
    with provider.server.storage.reading() as work:
        rows = work.connection.execute(
            text("SELECT purpose, state, attempts FROM verifications ORDER BY created_at, purpose")
        )
        return {Purpose(row.purpose): (row.state, row.attempts) for row in rows}


def test_a_code_of_one_purpose_opens_no_other_and_costs_a_try(roomy_provider: Provider) -> None:
    waiting = places(roomy_provider)
    assert set(waiting) == set(Purpose)

    for (enter, _), (_, foreign) in permutations(waiting.values(), 2):
        assert not enter(foreign)

    assert seen(roomy_provider) == dict.fromkeys(Purpose, ("live", len(Purpose) - 1))
    for purpose, (enter, own) in waiting.items():
        assert enter(own)
        assert seen(roomy_provider)[purpose][0] == "verified"
