"""How many clients may register themselves, and how long unused ones stay."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.oidc.relying_party import refusal
from tests.oidc.test_registration import METADATA, OPEN, REG, bearer, party_of, tokens_of
from tests.storage.racing import race
from tests.support.provider import Provider, running_provider

PER_HOUR, PER_DAY = 3, 5
LIMITED = {
    **OPEN,
    "AUTHSERVER_REGISTRATION__PER_SOURCE_HOUR": str(PER_HOUR),
    "AUTHSERVER_REGISTRATION__PER_DAY": str(PER_DAY),
}
HERE, THERE, ELSEWHERE = "192.0.2.1", "198.51.100.7", "203.0.113.9"

Register = Callable[..., httpx.Response]


@pytest.fixture
def limited(any_database: str, tmp_path: Path) -> Iterator[Provider]:
    """Return a server at which a few may register, on either database in turn."""
    with running_provider(tmp_path, any_database, settings=LIMITED) as running:
        yield running


@pytest.fixture
def register(limited: Provider) -> Register:
    """Return what registers from a source."""

    def post(source: str, **changes: object) -> httpx.Response:
        return limited.http(source=source).post(REG, json={**METADATA, **changes})

    return post


def seconds_to_wait(response: httpx.Response) -> int:
    """Return how long a refused source is asked to wait."""
    assert refusal(response, 429) == "temporarily_unavailable"
    return int(response.headers["Retry-After"])


def test_a_source_registers_so_many_clients_in_an_hour(
    limited: Provider, register: Register
) -> None:
    faulty = [register(HERE, subject_type="pairwise").status_code for _ in range(PER_HOUR + 1)]
    taken = [register(HERE).status_code for _ in range(PER_HOUR)]
    wait = seconds_to_wait(register(HERE))
    another = register(THERE).status_code

    limited.clock.advance(timedelta(seconds=wait - 1))
    early = register(HERE).status_code
    limited.clock.advance(timedelta(seconds=1))

    assert faulty == [400] * (PER_HOUR + 1)
    assert taken == [201] * PER_HOUR
    assert another == 201
    assert 3600 <= wait <= 3900
    assert early == 429
    assert register(HERE).status_code == 201


def test_all_sources_together_register_so_many_clients_in_a_day(
    limited: Provider, register: Register
) -> None:
    taken = [register(source).status_code for source in [HERE] * PER_HOUR + [THERE] * 2]

    wait = seconds_to_wait(register(ELSEWHERE))
    limited.clock.advance(timedelta(seconds=wait))

    assert taken == [201] * PER_DAY
    assert timedelta(hours=24) <= timedelta(seconds=wait) <= timedelta(hours=25)
    assert register(ELSEWHERE).status_code == 201


def test_the_limit_holds_for_who_registers_at_the_same_instant(
    limited: Provider, register: Register
) -> None:
    answers = race(6, lambda: register(HERE).status_code)

    assert sorted(answers) == [201] * PER_HOUR + [429] * 3
    assert len(limited.server.clients.list()) == PER_HOUR


def test_an_ipv6_network_is_one_source(register: Register) -> None:
    taken = [register(f"2001:db8::{number}").status_code for number in range(1, PER_HOUR + 2)]

    assert taken == [201] * PER_HOUR + [429]


def test_a_client_that_nobody_signed_in_to_is_deleted_after_a_while(
    limited: Provider, register: Register
) -> None:
    unused, used, cared_for = (dict[str, Any](register(HERE).json()) for _ in range(3))
    by_operator = limited.new_client().client.id
    tokens_of(party_of(limited, used))
    limited.clock.advance(timedelta(days=15))
    limited.http().put(
        cared_for["registration_client_uri"],
        json={**METADATA, "client_id": cared_for["client_id"]},
        headers=bearer(cared_for["registration_access_token"]),
    )

    limited.clock.advance(timedelta(days=15))
    pruned = limited.server.prune()

    left = {client.id for client in limited.server.clients.list()}
    assert pruned["clients"] == 1
    assert {used["client_id"], cared_for["client_id"], by_operator} <= left
    assert unused["client_id"] not in left
    answer = limited.http().get(
        unused["registration_client_uri"], headers=bearer(unused["registration_access_token"])
    )
    assert refusal(answer, 401) == "invalid_token"
    assert party_of(limited, used).exchange("unknown").json()["error"] == "invalid_grant"
