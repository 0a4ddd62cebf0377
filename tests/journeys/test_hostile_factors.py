"""What somebody with one factor, or with a proof that is over, tries to make more of."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from time import sleep

import pytest

from authserver.domain.email_address import parse_email_address
from tests.account.account_page import AccountPage
from tests.flows.browsing import Visit, path_of
from tests.flows.factors import (
    NEW_PASSWORD,
    PASSWORD,
    account_of,
    allow_passwords,
    by_code,
    give_password,
    give_second_factor,
)
from tests.flows.links import OtherDevice, number_on
from tests.flows.with_passwords import failures
from tests.support.provider import Provider, running_provider

ADA, ADAS_NEXT = "ada@example.com", "ada@example.org"
LINKS = {"AUTHSERVER_CODES__FINISH_ELSEWHERE": "true"}
PASSWORDS_ALONE = {
    "signIn": {"methods": [{"identifier": "email", "password": True, "verificationCode": False}]},
    "signInMode": "SignIn",
}
# Ten guesses of strangers, and as many as a code has tries beside the code that then comes first.
MOST_GUESSES = 15


def refused(visit: Visit, password: str) -> bool:
    """Enter a password; tell whether the page for passwords follows."""
    return path_of(visit.send("/password", password=password)) == visit.base + "/password"


def test_one_mailed_code_is_not_worth_any_number_of_passwords(either_provider: Provider) -> None:
    either_provider.server.experience.set(PASSWORDS_ALONE)
    give_password(either_provider, ADA)
    give_second_factor(either_provider, ADA)
    visit = Visit.begin(either_provider)
    visit.send("", email=ADA, method="code")
    assert path_of(visit.enter(either_provider.code_for(ADA))) == visit.base + "/password"

    assert all(refused(visit, f"not the password {number}") for number in range(MOST_GUESSES))

    assert refused(visit, PASSWORD)
    assert failures(either_provider, ADA) == MOST_GUESSES
    assert "password" not in visit.form().fields


def test_a_proof_kept_for_later_is_not_worth_any_number_of_passwords(
    sqlite_database: str, tmp_path: Path
) -> None:
    with running_provider(tmp_path, sqlite_database, settings=LINKS) as provider:
        allow_passwords(provider)
        give_password(provider, ADA)
        give_second_factor(provider, ADA)
        visit = Visit.begin(provider)
        other = OtherDevice.after_asking(provider, visit, ADA)
        other.enter(number_on(visit))

        assert all(refused(visit, f"not the password {number}") for number in range(MOST_GUESSES))

        assert refused(visit, PASSWORD)


def test_a_session_is_not_worth_any_number_of_guesses_at_the_present_password(
    provider: Provider,
) -> None:
    allow_passwords(provider)
    give_password(provider, ADA)
    page = AccountPage.of(provider, ADA)
    form = page.form("password", "")

    for number in range(MOST_GUESSES + 20):
        page.post(form, password=f"not it {number}", new_password=NEW_PASSWORD)
    page.post(form, password=PASSWORD, new_password=NEW_PASSWORD)

    assert page.outcome("password") == "code_comes_first"


def give_another_address(provider: Provider) -> None:
    """Let the owner of the account have moved to another mailbox."""
    new = parse_email_address(ADAS_NEXT)
    assert new is not None
    now = provider.clock.now()
    with provider.server.storage.writing() as work:
        account = work.accounts.find_by_address(ADA)
        assert account is not None
        work.accounts.change_address(account.subject, account.address, new, now, proven_at=now)
        work.commit()


def suspend_for_a_moment(provider: Provider) -> None:
    """Let an operator have thrown out whoever was in."""
    provider.server.accounts.suspend(ADA)
    provider.server.accounts.resume(ADA)


@pytest.mark.parametrize("happens", [give_another_address, suspend_for_a_moment])
def test_a_mailed_code_is_no_first_factor_any_more_once_the_account_has_changed(
    provider: Provider, happens: Callable[[Provider], None]
) -> None:
    allow_passwords(provider)
    give_password(provider, ADA)
    give_second_factor(provider, ADA)
    stranger = by_code(provider, ADA)
    provider.clock.advance(timedelta(seconds=1))
    happens(provider)

    answer = stranger.send("/second-step", password=PASSWORD)

    assert path_of(answer) == stranger.base
    assert stranger.session() is None


def test_a_password_that_was_removed_is_no_first_factor_any_more(provider: Provider) -> None:
    allow_passwords(provider)
    give_password(provider, ADA)
    give_second_factor(provider, ADA)
    visit = Visit.begin(provider)
    visit.send("", email=ADA, method="password")
    visit.send("/password", password=PASSWORD)
    code = provider.code_for(ADA)
    with provider.server.storage.writing() as work:
        account = work.accounts.find_by_address(ADA)
        assert account is not None
        work.passwords.remove(account.subject)
        work.second_factors.remove_all(account.subject)
        work.commit()

    answer = visit.send("/second-step", code=code)

    assert path_of(answer) == visit.base
    assert visit.session() is None


@pytest.fixture
def waiting(postgres_database: str, tmp_path: Path) -> Iterator[Visit]:
    """Return a first tab whose mailbox was proven on another device."""
    with running_provider(tmp_path, postgres_database, settings=LINKS) as provider:
        account_of(provider, ADA)
        visit = Visit.begin(provider)
        other = OtherDevice.after_asking(provider, visit, ADA)
        other.enter(number_on(visit))
        visit.hidden()
        yield visit


def test_going_on_with_a_proof_and_a_suspension_do_not_wait_for_each_other(
    waiting: Visit,
) -> None:
    answers: list[str] = []

    with waiting.provider.server.storage.writing() as work:
        # As a suspension does: first the proofs of the address, then its account.
        work.verifications.cancel_for_address(ADA)
        going_on = Thread(target=lambda: answers.append(path_of(waiting.send("/finish"))))
        going_on.start()
        sleep(0.5)
        assert work.accounts.hold_by_address(ADA) is not None
        work.commit()
    going_on.join()

    assert answers == [waiting.base]
    assert waiting.session() is None
