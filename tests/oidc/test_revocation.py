"""Ending tokens, and asking whether they live."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from authserver.domain.clients import ClientKind
from tests.oidc.relying_party import RelyingParty, body_of, refusal
from tests.support.provider import Provider

REVOKED = text(
    "SELECT subject, client_id, CAST(detail AS TEXT) AS detail FROM audit_events"
    " WHERE kind = 'token.revoked' ORDER BY id"
)
INACTIVE = {"active": False}


def lives(client: RelyingParty, tokens: dict[str, str]) -> tuple[bool, bool]:
    """Tell whether the access token and the refresh token are still good."""
    access = client.userinfo(tokens["access_token"]).status_code == 200
    return access, client.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "unheard"])
def test_a_revoked_refresh_token_takes_all_tokens_with_it(
    either_client: RelyingParty, hint: str | None
) -> None:
    tokens = either_client.tokens()

    answer = either_client.revoke(tokens["refresh_token"], token_type_hint=hint)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert lives(either_client, tokens) == (False, False)


def test_a_spent_refresh_token_can_still_end_its_family(client: RelyingParty) -> None:
    first = client.tokens()
    second = body_of(client.refresh(first["refresh_token"]))

    assert client.revoke(first["refresh_token"]).status_code == 200

    assert lives(client, second) == (False, False)


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token"])
def test_a_revoked_access_token_leaves_the_refresh_token_alive(
    either_client: RelyingParty, hint: str | None
) -> None:
    tokens = either_client.tokens()

    assert either_client.revoke(tokens["access_token"], token_type_hint=hint).status_code == 200

    assert lives(either_client, tokens) == (False, True)


def test_revoking_again_or_something_unknown_is_no_fault(client: RelyingParty) -> None:
    tokens = client.tokens()

    for token in (tokens["refresh_token"], tokens["refresh_token"], tokens["id_token"], "unknown"):
        assert client.revoke(token).status_code == 200


def test_a_revocation_stands_in_the_audit_log_once(either_client: RelyingParty) -> None:
    person = either_client.provider.person()
    first = either_client.tokens(person)
    second = body_of(either_client.exchange(either_client.silent_code(person)))
    subject = either_client.claims(first["id_token"])["sub"]
    other = RelyingParty.registered(either_client.provider)

    for token in (first["access_token"], second["refresh_token"], second["access_token"]):
        for caller in (other, either_client, either_client):
            assert caller.revoke(token).status_code == 200

    with either_client.provider.server.storage.reading() as work:
        logged = work.connection.execute(REVOKED).all()
    assert [(each.subject, each.client_id) for each in logged] == [(subject, either_client.id)] * 2
    kinds = [json.loads(each.detail)["token"] for each in logged]
    # The last one had ended with its refresh token.
    assert kinds == ["access_token", "refresh_token"]


def test_the_tokens_of_another_client_stay_untouched(either_client: RelyingParty) -> None:
    tokens = either_client.tokens()
    stranger = RelyingParty.registered(either_client.provider)

    for name in ("access_token", "refresh_token"):
        assert stranger.revoke(tokens[name]).status_code == 200

    assert lives(either_client, tokens) == (True, True)


@pytest.mark.parametrize("kind", [ClientKind.WEB, ClientKind.SPA])
def test_the_id_of_the_client_and_the_token_suffice(provider: Provider, kind: ClientKind) -> None:
    client = RelyingParty.registered(provider, kind=kind)
    tokens = client.tokens()

    answer = client.http.post(
        "/oidc/token/revocation", data={"client_id": client.id, "token": tokens["refresh_token"]}
    )

    assert answer.status_code == 200
    assert lives(client, tokens) == (False, False)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": None, "client_secret": None}, 401, "invalid_client"),
        ({"client_id": "unknown", "client_secret": None}, 401, "invalid_client"),
        ({"client_id": "authserver-account", "client_secret": None}, 401, "invalid_client"),
        ({"token": None}, 400, "invalid_request"),
        ({"token": ""}, 400, "invalid_request"),
    ],
    ids=str,
)
def test_a_revocation_that_cannot_be_read_revokes_nothing(
    client: RelyingParty, changes: dict[str, str | None], status: int, error: str
) -> None:
    tokens = client.tokens()
    sent = {"token": tokens["refresh_token"], **changes}

    assert refusal(client.post("/oidc/token/revocation", **sent), status) == error

    assert lives(client, tokens) == (True, True)


def test_a_live_token_is_described_to_its_own_client(either_client: RelyingParty) -> None:
    client = either_client
    tokens = client.tokens()
    now = int(client.provider.clock.now().timestamp())
    common = {
        "active": True,
        "iss": client.provider.issuer,
        "client_id": client.id,
        "sub": client.claims(tokens["id_token"])["sub"],
        "scope": tokens["scope"],
        "iat": now,
    }

    access, refresh = (
        body_of(client.post("/oidc/token/introspection", token=tokens[name]))
        for name in ("access_token", "refresh_token")
    )

    signed_in = {"acr": "urn:authserver:acr:one-factor", "auth_time": now}
    assert access == {**common, **signed_in, "token_type": "Bearer", "exp": now + 3600}
    assert refresh == {**common, "exp": now + 14 * 24 * 3600}


def test_of_any_other_token_only_its_inactivity_is_told(client: RelyingParty) -> None:
    person = client.provider.person()
    tokens = client.tokens(person)
    spent = body_of(client.exchange(client.silent_code(person)))
    body_of(client.refresh(spent["refresh_token"]))
    neighbour = RelyingParty.registered(client.provider)

    for stranger, token in [
        (neighbour, tokens["access_token"]),
        (neighbour, tokens["refresh_token"]),
        (client, tokens["id_token"]),
        (client, spent["refresh_token"]),
        (client, "unknown"),
    ]:
        assert body_of(stranger.post("/oidc/token/introspection", token=token)) == INACTIVE
    client.revoke(tokens["refresh_token"])
    client.provider.clock.advance(timedelta(hours=1))

    for token in (*tokens.values(), spent["access_token"]):
        assert body_of(client.post("/oidc/token/introspection", token=str(token))) == INACTIVE


def test_only_a_client_that_proves_itself_may_introspect(client: RelyingParty) -> None:
    spa = RelyingParty.registered(client.provider, kind=ClientKind.SPA)
    token = spa.tokens()["access_token"]

    nameless = client.post("/oidc/token/introspection", token=token, client_secret=None)

    assert refusal(nameless, 401) == "invalid_client"
    assert refusal(spa.post("/oidc/token/introspection", token=token), 401) == "invalid_client"
