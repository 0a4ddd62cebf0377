"""Refresh tokens: every use rotates, a grace for lost answers, and the end of a family."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.oidc.relying_party import EMAIL, RelyingParty, body_of, refusal
from tests.support.provider import SECRET_KEY, Provider, running_provider

DAY = timedelta(days=1)
NEW_KEY = "a new secret key that is put before the one of all tests"


def rotated(client: RelyingParty, refresh_token: str) -> str:
    """Return the successor."""
    return str(body_of(client.refresh(refresh_token))["refresh_token"])


def is_refused(client: RelyingParty, refresh_token: str) -> bool:
    answer = client.refresh(refresh_token)
    return answer.status_code != 200 and refusal(answer) == "invalid_grant"


def later(client: RelyingParty, step: timedelta) -> None:
    client.provider.clock.advance(step)


def test_every_use_brings_a_new_token_and_a_whole_answer(either_client: RelyingParty) -> None:
    first = either_client.tokens()

    response = either_client.refresh(first["refresh_token"])

    body = body_of(response)
    assert set(body) == set(first)
    assert body["refresh_token"] != first["refresh_token"]
    assert body["access_token"] != first["access_token"]
    assert body["scope"] == first["scope"]
    assert type(body["expires_in"]) is int
    assert response.headers["Cache-Control"] == "no-store"
    assert either_client.userinfo(body["access_token"]).status_code == 200


def test_a_repeat_within_the_grace_brings_the_same_successor(either_client: RelyingParty) -> None:
    client = either_client
    first = client.tokens()["refresh_token"]
    answers = [body_of(client.refresh(first))]
    later(client, timedelta(seconds=29))
    answers.append(body_of(client.refresh(first)))

    assert answers[0]["refresh_token"] == answers[1]["refresh_token"]
    assert all(client.userinfo(each["access_token"]).status_code == 200 for each in answers)
    assert rotated(client, answers[0]["refresh_token"])


def test_reuse_after_the_grace_ends_the_whole_family(either_client: RelyingParty) -> None:
    client = either_client
    first = client.tokens()
    second = body_of(client.refresh(first["refresh_token"]))
    later(client, timedelta(seconds=30))

    assert is_refused(client, first["refresh_token"])

    assert is_refused(client, second["refresh_token"])
    for tokens in (first, second):
        assert client.userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize("rotations", [2, 3, 5])
def test_after_several_rotations_in_one_second_an_old_token_ends_the_family(
    either_client: RelyingParty, rotations: int
) -> None:
    client = either_client
    first = newest = client.tokens()["refresh_token"]
    for _ in range(rotations):
        newest = rotated(client, newest)

    assert is_refused(client, first)

    assert is_refused(client, newest)


def test_the_end_of_one_family_leaves_the_other_ones_of_the_person_alone(
    client: RelyingParty,
) -> None:
    person = client.provider.person()
    first = client.tokens(person)["refresh_token"]
    other = body_of(client.exchange(client.silent_code(person)))["refresh_token"]
    rotated(client, first)
    later(client, timedelta(seconds=30))

    assert is_refused(client, first)

    assert rotated(client, other)


def test_another_client_gets_nothing_and_does_no_harm(either_client: RelyingParty) -> None:
    client, stranger = either_client, RelyingParty.registered(either_client.provider)
    first = client.tokens()["refresh_token"]
    second = rotated(client, first)
    later(client, timedelta(minutes=1))

    assert is_refused(stranger, second)
    assert is_refused(stranger, first)

    assert rotated(client, second)


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (None, "openid offline_access profile email"),
        ("", "openid offline_access profile email"),
        ("email openid", "openid email"),
        ("openid nonsense", "openid"),
        ("openid offline_access profile email", "openid offline_access profile email"),
    ],
)
def test_the_same_or_fewer_scopes_may_be_asked_for(
    client: RelyingParty, asked: str | None, granted: str
) -> None:
    narrow = body_of(client.refresh(client.tokens()["refresh_token"], scope=asked))
    after = body_of(client.refresh(narrow["refresh_token"]))

    claims = client.userinfo(narrow["access_token"]).json()
    assert narrow["scope"] == granted
    assert ("email" in claims) is ("email" in granted)
    assert ("updated_at" in claims) is ("profile" in granted)
    assert after["scope"] == "openid offline_access profile email"


@pytest.mark.parametrize("asked", ["openid roles", "phone", "nonsense", "openid address email"])
def test_more_scopes_are_refused_and_the_token_stays_good(client: RelyingParty, asked: str) -> None:
    token = client.tokens()["refresh_token"]

    assert refusal(client.refresh(token, scope=asked)) == "invalid_scope"

    assert rotated(client, token)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"organization_id": "one"}, "access_denied"),
        ({"resource": "https://api.example.com"}, "invalid_target"),
    ],
)
def test_what_nobody_was_granted_is_refused_and_the_token_stays_good(
    client: RelyingParty, changes: dict[str, str | None], error: str
) -> None:
    token = client.tokens()["refresh_token"]

    assert refusal(client.refresh(token, **changes)) == error

    assert rotated(client, token)


def test_the_reserved_organizations_resource_is_tolerated(client: RelyingParty) -> None:
    token = client.tokens()["refresh_token"]

    assert body_of(client.refresh(token, resource="urn:logto:resource:organizations"))


@pytest.mark.parametrize(
    ("unused", "is_good"),
    [(14 * DAY - timedelta(seconds=1), True), (14 * DAY, False)],
    ids=["in time", "too late"],
)
def test_an_unused_token_expires_after_14_days(
    either_client: RelyingParty, unused: timedelta, *, is_good: bool
) -> None:
    token = rotated(either_client, either_client.tokens()["refresh_token"])
    later(either_client, unused)

    assert is_refused(either_client, token) is not is_good


def test_a_family_ends_after_a_year_however_often_it_is_used(client: RelyingParty) -> None:
    token = client.tokens()["refresh_token"]
    for _ in range(28):
        later(client, 13 * DAY)
        token = rotated(client, token)
    later(client, DAY - timedelta(seconds=1))
    token = rotated(client, token)
    later(client, timedelta(seconds=1))

    assert is_refused(client, token)


def test_a_token_outlives_the_session_that_it_was_granted_in(client: RelyingParty) -> None:
    token = client.tokens()["refresh_token"]
    for _ in range(8):
        later(client, 13 * DAY)
        token = rotated(client, token)

    assert token


@contextmanager
def restarted(client: RelyingParty, folder: Path, url: str, keys: str) -> Iterator[RelyingParty]:
    """Yield the client at a new process over the same database."""
    settings = {"AUTHSERVER_SECRET_KEYS": keys}
    clock = client.provider.clock
    with running_provider(folder, url, settings=settings, randomness_seed=1, clock=clock) as again:
        made = again.server.clients.show(client.id).client
        following = RelyingParty.__new__(RelyingParty)
        following.__dict__.update(client.__dict__)
        following.provider, following.http = again, again.http()
        assert made.id == following.id
        yield following


def test_a_secret_key_may_be_renewed_in_the_middle(
    any_database: str, either_provider: Provider, tmp_path: Path
) -> None:
    client = RelyingParty.registered(either_provider)
    first = client.tokens()["refresh_token"]
    second = rotated(client, first)

    with restarted(client, tmp_path, any_database, f"{NEW_KEY},{SECRET_KEY}") as after:
        assert rotated(after, first) == second
        third = rotated(after, second)
        assert rotated(after, second) == third
        assert is_refused(after, first)
        assert is_refused(after, third)


def test_what_was_spent_before_a_restart_stays_spent(
    any_database: str, either_provider: Provider, tmp_path: Path
) -> None:
    client = RelyingParty.registered(either_provider)
    first = client.tokens()["refresh_token"]
    second = rotated(client, first)
    later(client, timedelta(seconds=30))

    with restarted(client, tmp_path, any_database, SECRET_KEY) as after:
        assert is_refused(after, first)
        assert is_refused(after, second)


def test_a_suspended_person_gets_no_new_tokens_not_even_within_the_grace(
    client: RelyingParty,
) -> None:
    first = client.tokens()["refresh_token"]
    second = rotated(client, first)
    client.provider.server.accounts.suspend(EMAIL)

    assert is_refused(client, first)
    assert is_refused(client, second)


def test_a_revoked_family_has_no_grace(client: RelyingParty) -> None:
    first = client.tokens()["refresh_token"]
    second = rotated(client, first)
    assert client.revoke(second).status_code == 200

    assert is_refused(client, first)
    assert is_refused(client, second)


@pytest.mark.parametrize(
    ("token", "error"), [(None, "invalid_request"), ("", "invalid_request"), ("x", "invalid_grant")]
)
def test_what_was_never_a_refresh_token_is_refused(
    shared_client: RelyingParty, token: str | None, error: str
) -> None:
    answer = shared_client.post("/oidc/token", grant_type="refresh_token", refresh_token=token)

    assert refusal(answer) == error
