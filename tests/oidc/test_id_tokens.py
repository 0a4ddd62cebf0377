"""The ID token, verified by a library that the server does not use."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from authserver.administration.clients import ClientChanges
from authserver.domain.signing_keys import SigningAlgorithm
from tests.oidc.relying_party import EMAIL, RelyingParty, body_of, header_of, unpadded
from tests.support.provider import Provider

ACR = "urn:authserver:acr:one-factor"
PROTOCOL_CLAIMS = {
    *("iss", "sub", "aud", "iat", "exp", "auth_time", "amr", "acr", "sid", "at_hash"),
}


def test_an_id_token_says_who_signed_in_where_how_and_when(either_client: RelyingParty) -> None:
    client = either_client
    tokens = client.tokens(scope="openid offline_access", nonce="the nonce")

    claims = client.claims(tokens["id_token"])

    now = int(client.provider.clock.now().timestamp())
    assert set(claims) == PROTOCOL_CLAIMS | {"nonce"}
    assert claims["iss"] == client.provider.issuer
    assert claims["aud"] == client.id
    assert claims["nonce"] == "the nonce"
    assert (claims["acr"], claims["amr"]) == (ACR, ["otp"])
    assert [claims["iat"], claims["exp"], claims["auth_time"]] == [now, now + 3600, now]
    assert all(type(claims[name]) is int for name in ("iat", "exp", "auth_time"))
    assert claims["sub"] == client.userinfo(tokens["access_token"]).json()["sub"]
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == unpadded(half)


def test_the_header_names_the_one_key_that_fits_and_that_comes_first(
    client: RelyingParty,
) -> None:
    for _ in range(3):
        header = header_of(client.tokens()["id_token"])

        kids = [key["kid"] for key in body_of(client.http.get("/oidc/jwks"))["keys"]]
        assert header == {"alg": "RS256", "kid": kids[0], "typ": "JWT"}
        assert len(set(kids)) == len(kids) >= 2
        client.provider.server.signing_keys.rotate()


@pytest.mark.parametrize("nonce", ["n", "aZ0-._~" * 10, "n" * 1000, "ä <b>\"'&"])
def test_the_nonce_is_returned_unchanged_and_only_at_the_first_exchange(
    client: RelyingParty, nonce: str
) -> None:
    tokens = client.tokens(nonce=nonce)
    refreshed = body_of(client.refresh(tokens["refresh_token"]))

    assert client.claims(tokens["id_token"])["nonce"] == nonce
    assert "nonce" not in client.claims(refreshed["id_token"])


def test_a_refreshed_id_token_is_about_the_same_sign_in(client: RelyingParty) -> None:
    tokens = client.tokens()
    client.provider.clock.advance(timedelta(minutes=30))
    refreshed = body_of(client.refresh(tokens["refresh_token"]))

    before, after = (client.claims(each["id_token"]) for each in (tokens, refreshed))

    same = ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid", "email")
    assert [before[name] for name in same] == [after[name] for name in same]
    assert after["iat"] == before["iat"] + 1800
    assert after["exp"] == before["exp"] + 1800
    half = hashlib.sha256(refreshed["access_token"].encode()).digest()[:16]
    assert after["at_hash"] == unpadded(half)


def test_claims_of_the_scopes_stand_in_the_id_token(client: RelyingParty) -> None:
    claims = client.claims(client.tokens(scope="openid profile email")["id_token"])

    assert claims["email"] == EMAIL
    assert claims["email_verified"] is True
    assert type(claims["updated_at"]) is int
    assert type(claims["created_at"]) is int
    assert None not in claims.values()
    assert "" not in claims.values()


def test_a_client_may_have_lean_id_tokens(client: RelyingParty) -> None:
    changes = ClientChanges(has_claims_in_id_token=False)
    client.provider.server.clients.update(client.id, changes)

    tokens = client.tokens()

    assert set(client.claims(tokens["id_token"])) == PROTOCOL_CLAIMS
    assert client.userinfo(tokens["access_token"]).json()["email"] == EMAIL


@pytest.mark.parametrize(
    ("requested", "in_id_token", "in_userinfo"),
    [
        ({"id_token": {"email": None}}, {"email"}, set()),
        ({"userinfo": {"email": {"essential": True}}}, set(), {"email"}),
        ({"userinfo": {"email": {"value": "x"}, "name": {"values": ["y"]}}}, set(), {"email"}),
        ({"id_token": {"email": None}, "userinfo": None}, {"email"}, set()),
        ({"userinfo": {"roles": None, "custom_data": None, "no_such_claim": None}}, set(), set()),
        ({"id_token": {"iss": {"value": "evil"}, "sub": None, "aud": None}}, set(), set()),
        ({"unheard": 1, "userinfo": {}}, set(), set()),
        ({}, set(), set()),
    ],
)
def test_single_claims_can_be_asked_for(
    client: RelyingParty,
    requested: dict[str, Any],
    in_id_token: set[str],
    in_userinfo: set[str],
) -> None:
    tokens = client.tokens(scope="openid offline_access", claims=json.dumps(requested))
    refreshed = body_of(client.refresh(tokens["refresh_token"]))

    for each in (tokens, refreshed):
        claims = client.claims(each["id_token"])
        assert set(claims) == PROTOCOL_CLAIMS | in_id_token
        assert claims["iss"] == client.provider.issuer
        assert set(client.userinfo(each["access_token"]).json()) == {"sub"} | in_userinfo


@pytest.mark.parametrize("name", ["\x00", "\ud800", "ä", "x" * 3000])
def test_odd_names_among_the_claims_asked_for_are_passed_over(
    either_client: RelyingParty, name: str
) -> None:
    tokens = either_client.tokens(claims=json.dumps({"userinfo": {name: None}}))

    assert either_client.userinfo(tokens["access_token"]).status_code == 200


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("algorithm", [each for each in SigningAlgorithm if each != "RS256"])
def test_a_client_may_have_its_id_tokens_signed_by_another_algorithm(
    provider: Provider, algorithm: SigningAlgorithm
) -> None:
    provider.server.signing_keys.ensure(algorithm)
    client = RelyingParty.registered(provider)
    changes = ClientChanges(id_token_algorithm=algorithm)
    provider.server.clients.update(client.id, changes)

    tokens = client.tokens()

    keys = KeySet.import_key_set(client.http.get("/oidc/jwks").json())
    verified = jwt.decode(tokens["id_token"], keys, algorithms=[algorithm.value])
    assert verified.header["alg"] == algorithm
    assert verified.claims["aud"] == client.id
    hint = client.http.get(client.logout_url(client_id=None, id_token_hint=tokens["id_token"]))
    assert hint.status_code == 303
