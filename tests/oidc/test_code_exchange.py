"""Redeeming an authorization code: once, by the right client, in time, as it was asked for."""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import ClientKind
from tests.delivery.outage import database_away
from tests.oidc.relying_party import EMAIL, RelyingParty, body_of, refusal
from tests.support.databases import PostgresServer
from tests.support.provider import HOME, Provider, running_provider

MEMBERS = {"access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token"}


def is_dead(client: RelyingParty, tokens: dict[str, str]) -> bool:
    """Tell whether neither token is good for anything."""
    access = client.userinfo(tokens["access_token"]).status_code
    refresh = client.refresh(tokens["refresh_token"])
    assert access in {200, 401}
    return access == 401 and refusal(refresh) == "invalid_grant"


@pytest.mark.parametrize(
    "scope", ["openid offline_access", "offline_access roles openid profile email custom_data"]
)
def test_the_answer_has_every_member_in_its_type(either_client: RelyingParty, scope: str) -> None:
    response = either_client.exchange(either_client.sign_in(scope=scope))

    body = body_of(response)
    assert set(body) == MEMBERS
    assert type(body.pop("expires_in")) is int
    assert all(isinstance(value, str) and value.isascii() for value in body.values())
    assert body["token_type"] == "Bearer"
    assert set(body["scope"].split()) == set(scope.split())
    assert len(body["access_token"]) >= 43
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Pragma"] == "no-cache"


def test_without_offline_access_there_is_no_refresh_token(client: RelyingParty) -> None:
    assert set(client.tokens(scope="openid profile")) == MEMBERS - {"refresh_token"}


def test_words_that_are_no_scopes_are_not_granted(client: RelyingParty) -> None:
    granted = client.tokens(scope="openid nonsense email urn:logto:scope:nothing")["scope"]

    assert granted.split() == ["openid", "email"]


def test_codes_are_random_and_long(client: RelyingParty) -> None:
    person = client.provider.person()
    codes = [client.sign_in(person), *(client.silent_code(person) for _ in range(9))]

    assert len(set(codes)) == 10
    assert all(len(code) >= 43 and len(set(code)) > 15 for code in codes)


def test_a_code_used_twice_revokes_every_token_of_its_authorization(
    either_client: RelyingParty,
) -> None:
    client, person = either_client, either_client.provider.person()
    untouched = client.tokens(person)
    code = client.silent_code(person)
    tokens = body_of(client.exchange(code))
    renewed = body_of(client.refresh(tokens["refresh_token"]))

    assert refusal(client.exchange(code)) == "invalid_grant"

    assert is_dead(client, tokens)
    assert is_dead(client, renewed)
    assert not is_dead(client, untouched)


@pytest.mark.parametrize("seconds", [0, 30, 3600])
def test_a_replay_is_seen_however_late_it_comes(client: RelyingParty, seconds: int) -> None:
    code = client.sign_in()
    tokens = body_of(client.exchange(code))
    client.provider.clock.advance(timedelta(seconds=seconds))

    assert refusal(client.exchange(code)) == "invalid_grant"

    assert is_dead(client, tokens)


def test_another_client_neither_redeems_a_code_nor_spends_it(either_client: RelyingParty) -> None:
    code = either_client.sign_in()
    stranger = RelyingParty.registered(either_client.provider)

    assert refusal(stranger.exchange(code)) == "invalid_grant"

    assert body_of(either_client.exchange(code))


def test_another_client_that_replays_a_code_does_no_harm(client: RelyingParty) -> None:
    code = client.sign_in()
    tokens = body_of(client.exchange(code))

    assert refusal(RelyingParty.registered(client.provider).exchange(code)) == "invalid_grant"

    assert not is_dead(client, tokens)


@pytest.mark.parametrize("uri", [None, "", HOME, "http://localhost:3000/callback/", "HTTP://x"])
def test_the_redirect_uri_of_the_request_must_be_repeated(
    client: RelyingParty, uri: str | None
) -> None:
    code = client.sign_in()

    assert refusal(client.exchange(code, redirect_uri=uri)) == "invalid_grant"
    assert refusal(client.exchange(code)) == "invalid_grant"


@pytest.mark.parametrize(("seconds", "is_good"), [(59, True), (60, False), (61, False)])
def test_a_code_lives_for_60_seconds(
    either_client: RelyingParty, seconds: int, *, is_good: bool
) -> None:
    code = either_client.sign_in()
    either_client.provider.clock.advance(timedelta(seconds=seconds))

    answer = either_client.exchange(code)

    assert (answer.status_code == 200) is is_good
    assert is_good or refusal(answer) == "invalid_grant"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (None, "invalid_request"),
        ("", "invalid_request"),
        ("unknown", "invalid_grant"),
        ("ä漢", "invalid_grant"),
        ("x" * 9000, "invalid_grant"),
    ],
)
def test_what_was_never_a_code_is_refused(
    shared_client: RelyingParty, code: str | None, error: str
) -> None:
    answer = shared_client.post("/oidc/token", grant_type="authorization_code", code=code)

    assert refusal(answer) == error


def test_an_access_or_refresh_token_is_no_code_and_a_code_is_no_token(
    client: RelyingParty,
) -> None:
    person = client.provider.person()
    tokens = client.tokens(person)
    code = client.silent_code(person)

    for token in (tokens["access_token"], tokens["refresh_token"], tokens["id_token"]):
        assert refusal(client.exchange(token)) == "invalid_grant"
    for token in (tokens["access_token"], tokens["id_token"], code):
        assert refusal(client.refresh(token)) == "invalid_grant"
    for token in (tokens["refresh_token"], tokens["id_token"], code):
        assert client.userinfo(token).status_code == 401


def test_a_person_suspended_after_the_sign_in_brings_no_tokens(
    either_client: RelyingParty,
) -> None:
    accounts, code = either_client.provider.server.accounts, either_client.sign_in()
    accounts.suspend(EMAIL)

    assert refusal(either_client.exchange(code)) == "invalid_grant"
    accounts.resume(EMAIL)

    assert refusal(either_client.exchange(code)) == "invalid_grant"


@pytest.mark.parametrize("is_resumed", [False, True])
def test_a_person_suspended_after_the_exchange_leaves_no_live_token(
    either_client: RelyingParty, *, is_resumed: bool
) -> None:
    tokens = either_client.tokens()
    either_client.provider.server.accounts.suspend(EMAIL)
    if is_resumed:
        either_client.provider.server.accounts.resume(EMAIL)

    assert is_dead(either_client, tokens)


def test_a_deleted_person_leaves_no_live_code_or_token(either_client: RelyingParty) -> None:
    person = either_client.provider.person()
    tokens = either_client.tokens(person)
    code = either_client.silent_code(person)
    either_client.provider.server.accounts.delete(EMAIL)

    assert refusal(either_client.exchange(code)) == "invalid_grant"
    assert is_dead(either_client, tokens)


def test_signing_out_before_the_exchange_makes_the_code_worthless(client: RelyingParty) -> None:
    person = client.provider.person()
    code = client.sign_in(person)
    person.sign_out(client.logout_url())

    assert refusal(client.exchange(code)) == "invalid_grant"


def test_an_unknown_resource_is_refused_without_spending_the_code(client: RelyingParty) -> None:
    code = client.sign_in()

    refused = client.exchange(code, resource="https://api.example.com")

    assert refusal(refused) == "invalid_target"
    assert body_of(client.exchange(code, resource="urn:logto:resource:organizations"))


def test_a_request_without_openid_brings_no_id_token(provider: Provider) -> None:
    client = RelyingParty.registered(provider)

    tokens = client.tokens(scope="profile")

    assert "id_token" not in tokens
    assert client.userinfo(tokens["access_token"]).status_code == 403


def test_a_code_that_is_spent_is_answered_whatever_the_database_does_then(
    postgres: PostgresServer, postgres_database: str, tmp_path: Path
) -> None:
    page = "https://app.example.com"
    with running_provider(tmp_path, postgres_database) as provider, ExitStack() as away:
        client = RelyingParty.at(provider, f"{page}/callback", kind=ClientKind.SPA)
        code = client.sign_in()

        def leave(_notices: frozenset[object], events: tuple[AuditEvent, ...]) -> None:
            if AuditKind.TOKENS_ISSUED in {each.kind for each in events}:
                # What is remembered of the configuration is too old by now, too.
                provider.clock.advance(timedelta(seconds=2))
                away.enter_context(database_away(postgres, postgres_database))

        provider.server.storage.on_commit(leave)
        client.http.headers["Origin"] = page
        answer = client.exchange(code)
        afterwards = client.userinfo(answer.json()["access_token"])

    assert set(body_of(answer)) == MEMBERS
    assert afterwards.status_code == 503
    # Of pages that were known, also what goes wrong can be read.
    for each in (answer, afterwards):
        assert each.headers["Access-Control-Allow-Origin"] == page
