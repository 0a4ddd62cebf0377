"""What somebody with one factor, or with a proof that is over, tries to make more of."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import sleep

import pytest

from tests.flows.browsing import Visit, path_of
from tests.flows.factors import (
    account_of,
)
from tests.flows.links import OtherDevice, number_on
from tests.support.provider import running_provider

ADA, ADAS_NEXT = "ada@example.com", "ada@example.org"
LINKS = {"AUTHSERVER_CODES__FINISH_ELSEWHERE": "true"}
PASSWORDS_ALONE = {
    "signIn": {"methods": [{"identifier": "email", "password": True, "verificationCode": False}]},
    "signInMode": "SignIn",
}
# Ten guesses of strangers, and as many as a code has tries beside the code that then comes first.
MOST_GUESSES = 15


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
