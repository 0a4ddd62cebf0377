"""Hashing never starves the server: passwords wait for their seats, everything else goes on."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.flows.browsing import Visit
from tests.flows.with_passwords import (
    GOOD,
    OTHER,
    at_password_page,
    choose,
    experience,
    guess,
    with_password,
)
from tests.support.provider import Provider, running_provider

ADA = "ada@example.com"
# Slow enough that a crowd cannot be served within anybody's patience.
SLOW = {"AUTHSERVER_PASSWORDS__MEMORY_KIB": "65536", "AUTHSERVER_PASSWORDS__ITERATIONS": "20"}
CROWD = 10
PATIENCE_SECONDS = 2.0


@pytest.fixture
def slow(sqlite_database: str, tmp_path: Path) -> Iterator[Provider]:
    with running_provider(tmp_path, sqlite_database, settings=SLOW) as provider:
        choose(provider, experience())
        with_password(provider, ADA)
        yield provider


def walk(provider: Provider) -> list[httpx.Response]:
    """Do what needs no hash: probes, metadata, and a sign-in by code."""
    browser = provider.http()
    answers = [
        browser.get(path)
        for path in ("/healthz", "/readyz", "/oidc/.well-known/openid-configuration", "/oidc/jwks")
    ]
    visit = Visit.begin(provider)
    answers.append(visit.send("", email="bob@example.com", method="code"))
    answers.append(visit.page("/code"))
    answers.append(visit.enter(provider.code_for("bob@example.com")))
    return answers


def test_while_every_seat_is_hashing_all_else_is_answered_and_the_rest_is_told_to_come_back(
    slow: Provider,
) -> None:
    visits = [at_password_page(slow, ADA, source=f"192.0.2.{each}") for each in range(CROWD)]
    for visit in visits:
        visit.hidden()

    with ThreadPoolExecutor(CROWD) as pool:
        entered = [pool.submit(visit.send, "/password", password=OTHER) for visit in visits]
        time.sleep(0.3)
        assert not all(each.done() for each in entered)
        began = time.monotonic()
        others = walk(slow)
        took = time.monotonic() - began
        is_hashing = not all(each.done() for each in entered)
        answers = [each.result() for each in entered]

    assert [answer.status_code for answer in others] == [200, 200, 200, 200, 303, 200, 303]
    assert is_hashing or took < PATIENCE_SECONDS
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert {answer.status_code for answer in answers} == {303, 503}


def test_whoever_was_told_to_come_back_was_not_counted_and_can(slow: Provider) -> None:
    visits = [at_password_page(slow, ADA, source=f"192.0.2.{each}") for each in range(CROWD)]
    for visit in visits:
        visit.hidden()
    with ThreadPoolExecutor(CROWD) as pool:
        answers = list(pool.map(lambda visit: visit.send("/password", password=GOOD), visits))
    waiting = [
        visit for visit, answer in zip(visits, answers, strict=True) if answer.status_code == 503
    ]
    assert waiting

    for visit in waiting[:2]:
        assert guess(visit, GOOD)
