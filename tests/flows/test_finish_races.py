"""The number typed elsewhere and the code typed in the first tab, at the same instant."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from authserver.domain.interactions import InteractionId
from authserver.domain.verifications import Verification
from tests.flows.browsing import Visit, path_of, wrong
from tests.flows.links import OtherDevice, number_on
from tests.storage.racing import race, race_of
from tests.support.provider import Provider, running_provider

ADA = "ada@example.com"
ROUNDS = 5
ROOM = {
    "AUTHSERVER_CODES__FINISH_ELSEWHERE": "true",
    "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY": "1000",
    "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS": "1000",
}


@pytest.fixture
def offering(any_database: str, tmp_path: Path) -> Iterator[Provider]:
    """Return a server whose mails have links, on either database in turn."""
    with running_provider(tmp_path, any_database, settings=ROOM) as running:
        yield running


class Waiting:
    """A first tab that waits for its code, and the link of its mail opened elsewhere."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.visit = Visit.begin(provider)
        self.other = OtherDevice.after_asking(provider, self.visit, ADA)
        self.number = number_on(self.visit)
        self.code = str(provider.mails(ADA)[0]["code"])
        self.token = self.other.form().fields["form_token"]
        self.visit.hidden()

    def enter_number(self, number: str) -> httpx.Response:
        return self.other.enter(number, self.token)

    def verification(self) -> Verification:
        with self.provider.server.storage.reading() as work:
            interaction = work.interactions.find(InteractionId(self.visit.interaction))
            assert interaction is not None
            verification = work.verifications.find(str(interaction.verification_id))
        assert verification is not None
        return verification


def count(provider: Provider, table: str) -> int:
    with provider.server.storage.reading() as work:
        statement = f"SELECT count(*) FROM {table}"  # noqa: S608 - the names stand in this file
        return int(work.connection.exec_driver_sql(statement).scalar_one())


def sign_ins(provider: Provider) -> int:
    with provider.server.storage.reading() as work:
        statement = "SELECT count(*) FROM audit_events WHERE kind = 'session.started'"
        return int(work.connection.exec_driver_sql(statement).scalar_one())


def test_right_code_and_right_number_at_the_same_instant_sign_in_once(
    offering: Provider,
) -> None:
    offering.server.accounts.create(ADA)
    for done in range(ROUNDS):
        waiting = Waiting(offering)
        visit = waiting.visit
        calls = [
            partial(visit.enter, waiting.code),
            partial(waiting.enter_number, waiting.number),
            partial(visit.send, "/finish"),
        ]
        race_of([call for call in calls for _ in range(3)])
        # Where the number was first, the first tab has still to go on.
        visit.send("/finish")

        assert waiting.verification().proof_used_at is not None
        assert count(offering, "sessions") == sign_ins(offering) == done + 1
        assert count(offering, "failures") == 0
        assert visit.session() is not None
        assert waiting.other.http.cookies.get("authserver-session") is None


def test_going_on_many_times_after_the_proof_is_one_session(offering: Provider) -> None:
    offering.server.accounts.create(ADA)
    waiting = Waiting(offering)
    waiting.enter_number(waiting.number)

    answers = race(8, lambda: waiting.visit.send("/finish"))

    ends = {
        waiting.visit.http.get(answer.headers["location"], follow_redirects=True)
        for answer in answers
    }
    assert {end.url.path for end in ends} == {"/account"}
    assert count(offering, "sessions") == sign_ins(offering) == 1


def test_wrong_codes_and_wrong_numbers_together_are_no_more_than_the_tries(
    offering: Provider,
) -> None:
    waiting = Waiting(offering)
    codes = [partial(waiting.visit.enter, wrong(waiting.code, by)) for by in range(1, 7)]
    numbers = [partial(waiting.enter_number, wrong(waiting.number, by)) for by in range(1, 7)]

    race_of([*codes, *numbers])

    assert waiting.other.state() == "exhausted"
    assert waiting.visit.outcome_of(waiting.code)[0] == "exhausted"
    assert waiting.verification().attempts == 5
    assert count(offering, "failures") == 5


def test_a_right_number_among_wrong_ones_gains_no_try(offering: Provider) -> None:
    waiting = Waiting(offering)

    race_of([partial(waiting.enter_number, wrong(waiting.number, by)) for by in range(9)])

    seen = waiting.verification()
    is_proven = seen.verified_at is not None
    assert seen.attempts <= 5
    assert count(offering, "failures") == seen.attempts - is_proven
    assert waiting.other.state() == ("verified" if is_proven else "exhausted")


@pytest.mark.parametrize("suffix", ["/restart", "/cancel"])
def test_a_number_at_the_instant_at_which_the_first_tab_gives_up_signs_nobody_in(
    offering: Provider, suffix: str
) -> None:
    offering.server.accounts.create(ADA)
    for _ in range(ROUNDS):
        waiting = Waiting(offering)

        race_of(
            [partial(waiting.enter_number, waiting.number), partial(waiting.visit.send, suffix)]
        )

        assert count(offering, "sessions") == 0
        if suffix == "/restart":
            assert path_of(waiting.visit.send("/finish")) == waiting.visit.base
    assert sign_ins(offering) == 0
