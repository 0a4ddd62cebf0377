"""Passwords guessed at one time: no more are compared than the limit says."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from authserver.domain.email_address import EmailAddress
from authserver.domain.interactions import InteractionId
from authserver.domain.password_policy import PasswordPolicy
from authserver.domain.randomness import SystemRandomness
from authserver.domain.verifications import CodePolicy
from authserver.flows.passwords import CodeComesFirst, Guess, PasswordChecks
from authserver.flows.visitor import Visitor
from authserver.storage.brands import StoredBrands
from authserver.storage.configuration_cache import ConfigurationCache
from tests.flows.browsing import Visit, path_of
from tests.flows.with_passwords import (
    GOOD,
    OTHER,
    at_password_page,
    choose,
    experience,
    failures,
    give_password,
    guess,
    hasher_of,
    with_password,
)
from tests.support.provider import Provider

ADA = "ada@example.com"
ADDRESS = EmailAddress(typed=ADA, canonical=ADA)
CROWD = 24


@pytest.fixture
def taking(either_provider: Provider) -> Provider:
    choose(either_provider, experience())
    with_password(either_provider, ADA)
    return either_provider


def crowd(provider: Provider, passwords: list[str]) -> list[bool]:
    """Enter passwords at one time, each in a browser of its own."""
    visits = [
        at_password_page(provider, ADA, source=f"192.0.2.{number}")
        for number in range(len(passwords))
    ]
    for visit in visits:
        visit.hidden()

    def enter(visit: Visit, password: str) -> bool:
        answer = visit.send("/password", password=password)
        while answer.status_code == 503:
            # More than can be hashed at once: they come back, as they are told.
            answer = visit.send("/password", password=password)
        return path_of(answer) == f"/oidc/auth/{visit.interaction}"

    with ThreadPoolExecutor(len(visits)) as pool:
        return list(pool.map(enter, visits, passwords))


def test_of_many_wrong_guesses_at_one_time_ten_are_compared(taking: Provider) -> None:
    assert not any(crowd(taking, [OTHER] * CROWD))

    assert failures(taking, ADA) == 10
    assert not guess(at_password_page(taking, ADA), GOOD)


def test_many_right_passwords_at_one_time_leave_no_failure_behind(taking: Provider) -> None:
    signed_in = crowd(taking, [GOOD] * 8)

    assert all(signed_in)
    assert failures(taking, ADA) == 0


def test_a_right_password_among_wrong_ones_signs_in_once_at_most(taking: Provider) -> None:
    signed_in = crowd(taking, [OTHER] * 9 + [GOOD] + [OTHER] * 9)

    assert sum(signed_in) <= 1
    assert failures(taking, ADA) in {9, 10}


def test_guesses_claimed_at_one_time_are_as_many_as_the_limit_says(taking: Provider) -> None:
    checks, visit = checks_of(taking), at_password_page(taking, ADA)

    def claim(_: int) -> Guess | CodeComesFirst:
        with taking.server.storage.writing() as work:
            claimed = checks.claim(work, ADDRESS, visitor_of(visit), taking.clock.now())
            work.commit()
        return claimed

    with ThreadPoolExecutor(16) as pool:
        claimed = list(pool.map(claim, range(60)))

    assert sum(isinstance(each, Guess) for each in claimed) == 10


@pytest.mark.parametrize("change", ["another password", "suspended", "removed"])
def test_what_changes_between_comparison_and_session_signs_nobody_in(
    taking: Provider, change: str
) -> None:
    checks, visit = checks_of(taking), at_password_page(taking, ADA)
    now = taking.clock.now()
    with taking.server.storage.writing() as work:
        claimed = checks.claim(work, ADDRESS, visitor_of(visit), now)
        work.commit()
    assert isinstance(claimed, Guess)
    right = checks.compare(claimed, GOOD)
    assert right is not None

    if change == "another password":
        give_password(taking, ADA, OTHER)
    elif change == "suspended":
        taking.server.accounts.suspend(ADA)
    else:
        taking.server.accounts.delete(ADA)

    with taking.server.storage.writing() as work:
        assert checks.accept(work, right, now) is None
        work.commit()
    assert failures(taking, ADA) == 1


def checks_of(provider: Provider) -> PasswordChecks:
    """Return what judges passwords, over the storage of a server."""
    storage, clock = provider.server.storage, provider.clock
    return PasswordChecks(
        hasher=hasher_of(provider),
        rules=PasswordPolicy(least_length=15, common=frozenset()),
        codes=CodePolicy(),
        brands=StoredBrands(ConfigurationCache(storage, clock)),
        randomness=SystemRandomness(),
        code_first_from=10,
    )


def visitor_of(visit: Visit) -> Visitor:
    return Visitor(
        interaction_id=InteractionId(visit.interaction),
        interaction_cookie=None,
        session_secret=None,
        device_secret=None,
        source="192.0.2.1",
        browser="",
        chosen_locale=None,
    )
