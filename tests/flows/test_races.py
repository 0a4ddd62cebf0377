"""The same form sent many times at the same instant."""

from functools import partial

import pytest

from tests.flows.browsing import Visit, path_of, wrong
from tests.storage.racing import race, race_of
from tests.support.provider import Provider

ADA = "ada@example.com"


def test_guesses_at_the_same_instant_are_no_more_than_the_tries(
    either_provider: Provider,
) -> None:
    visit = Visit.begin(either_provider)
    code = visit.code_for(ADA)
    visit.hidden()

    race_of([partial(visit.enter, wrong(code, by)) for by in range(1, 13)])

    assert visit.outcome_of(code)[0] == "exhausted"
    assert visit.session() is None


def test_four_wrong_codes_and_the_right_one_at_the_same_instant_prove_the_mailbox(
    either_provider: Provider,
) -> None:
    visit = Visit.begin(either_provider)
    code = visit.code_for(ADA)
    visit.hidden()

    race_of([partial(visit.enter, wrong(code, by)) for by in range(5)])

    assert visit.page().url.path == visit.base + "/create-account"


@pytest.mark.parametrize("is_known", [True, False])
def test_the_right_code_and_the_button_many_times_make_one_account_and_one_session(
    either_provider: Provider, *, is_known: bool
) -> None:
    if is_known:
        either_provider.server.accounts.create(ADA)
    visit = Visit.begin(either_provider)
    code = visit.code_for(ADA)
    visit.hidden()

    race(8, lambda: visit.enter(code))
    answers = race(8, visit.decide)

    # Who lost may be led over the step that was due when it was asked.
    ends = {visit.http.get(answer.headers["location"], follow_redirects=True) for answer in answers}
    assert {end.url.path for end in ends} == {"/account"}
    assert len(either_provider.server.accounts.list()) == 1
    with either_provider.server.storage.reading() as work:
        count = work.connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar_one()
    assert count == 1


def test_an_address_many_times_is_one_verification_with_one_mail(
    either_provider: Provider,
) -> None:
    visit = Visit.begin(either_provider)
    visit.hidden()

    answers = race(8, lambda: visit.ask(ADA))

    assert {path_of(answer) for answer in answers} == {visit.base + "/code"}
    code = either_provider.code_for(ADA)
    assert path_of(visit.enter(code)) == visit.base + "/create-account"
    assert len(either_provider.mails(ADA)) == 1


def test_send_again_many_times_is_one_mail(either_provider: Provider) -> None:
    visit = Visit.begin(either_provider)
    visit.code_for(ADA)
    either_provider.clock.advance(either_provider.server.loaded.settings.codes.mails.cooldown[0])

    statuses = sorted(answer.status_code for answer in race(8, lambda: visit.send("/resend")))

    assert statuses == [303] + [429] * 7
    either_provider.code_for(ADA)
    assert len(either_provider.mails(ADA)) == 2
