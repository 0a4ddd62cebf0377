"""New secret keys are put in front; what was begun under the old one goes on."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from tests.flows.browsing import Visit, path_of
from tests.support.provider import SECRET_KEY, Provider, running_provider
from tests.support.stopped_clock import StoppedClock

ADA = "ada@example.com"
NEW_KEY = "another secret key that was put in front of the one of all tests"


def carried_over(visit: Visit, provider: Provider) -> Visit:
    """Return the same browser, with the same open page, before the restarted server."""
    browser = provider.http()
    browser.cookies.update(visit.http.cookies)
    return Visit(provider, browser, visit.base, visit.hidden())


def test_a_verification_goes_on_after_a_key_was_put_in_front(
    any_database: str, tmp_path: Path
) -> None:
    clock = StoppedClock()
    with running_provider(tmp_path, any_database, clock=clock) as before:
        visit = Visit.begin(before)
        code = visit.code_for(ADA)
        carried = visit.hidden()

    rotated = {"AUTHSERVER_SECRET_KEYS": f"{NEW_KEY},{SECRET_KEY}"}
    with running_provider(
        tmp_path, any_database, clock=clock, settings=rotated, randomness_seed=7
    ) as after:
        same = carried_over(visit, after)
        assert same.fields == carried

        assert path_of(same.enter(code)) == same.base + "/create-account"
        answer = same.decide()
        same.http.get(answer.headers["location"])
        assert ADA in same.http.get("/account").text


def test_a_verification_has_expired_once_its_key_is_gone(any_database: str, tmp_path: Path) -> None:
    clock = StoppedClock()
    with running_provider(tmp_path, any_database, clock=clock) as before:
        visit = Visit.begin(before)
        code = visit.code_for(ADA)

        with before.server.storage.writing() as work:
            # Signing keys that it sealed would keep the server from starting without it.
            work.connection.execute(text("DELETE FROM signing_keys"))
            work.commit()

    without = {"AUTHSERVER_SECRET_KEYS": NEW_KEY}
    with running_provider(
        tmp_path, any_database, clock=clock, settings=without, randomness_seed=7
    ) as after:
        visit.http = carried_over(visit, after).http
        # The open page, too, was made under the key that is gone.
        visit.provider, visit.fields = after, {}

        assert visit.outcome_of(code)[0] == "expired"
        # The mail with the dead code is read and done with.
        assert after.code_for(ADA) == code
        clock.advance(timedelta(seconds=30))
        assert path_of(visit.send("/resend")) == visit.base + "/code"
        assert path_of(visit.enter(after.code_for(ADA))) == visit.base + "/create-account"
