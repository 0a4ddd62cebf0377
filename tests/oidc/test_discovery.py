"""What the provider says of itself, and the keys that it publishes."""

from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import text

from authserver.administration.clients import ClientChanges
from authserver.domain.signing_keys import SigningAlgorithm
from tests.oidc.relying_party import RelyingParty, body_of, header_of
from tests.support.provider import ENDPOINT, Provider, running_provider

ISSUER = f"{ENDPOINT}/oidc"
METADATA = "/oidc/.well-known/openid-configuration"
METADATA_PATHS = [
    METADATA,
    "/oidc/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/oidc",
]
CACHED_PATHS = [*METADATA_PATHS, "/oidc/jwks"]
METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"]

EXPECTED: dict[str, object] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "userinfo_endpoint": f"{ISSUER}/me",
    "jwks_uri": f"{ISSUER}/jwks",
    "end_session_endpoint": f"{ISSUER}/session/end",
    "revocation_endpoint": f"{ISSUER}/token/revocation",
    "introspection_endpoint": f"{ISSUER}/token/introspection",
    "scopes_supported": [
        "openid",
        "offline_access",
        "profile",
        "email",
        "phone",
        "address",
        "custom_data",
        "identities",
        "roles",
        "urn:logto:scope:organizations",
        "urn:logto:scope:organization_roles",
    ],
    "response_types_supported": ["code"],
    "response_modes_supported": ["query", "form_post"],
    "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "userinfo_signing_alg_values_supported": ["RS256"],
    "token_endpoint_auth_methods_supported": METHODS,
    "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
    "revocation_endpoint_auth_methods_supported": METHODS,
    "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
    "introspection_endpoint_auth_methods_supported": METHODS[:3],
    "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
    "code_challenge_methods_supported": ["S256"],
    "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
    "acr_values_supported": ["urn:authserver:acr:one-factor", "urn:authserver:acr:two-factors"],
    "claim_types_supported": ["normal"],
    "claims_parameter_supported": True,
    "request_parameter_supported": False,
    "request_uri_parameter_supported": False,
    "request_object_signing_alg_values_supported": ["RS256"],
    "authorization_response_iss_parameter_supported": True,
    "backchannel_logout_supported": True,
    "backchannel_logout_session_supported": True,
    "frontchannel_logout_supported": True,
    "frontchannel_logout_session_supported": True,
}
LISTS_OF_THEIR_OWN = {"claims_supported", "ui_locales_supported"}


@pytest.fixture(scope="module")
def metadata(shared_provider: Provider) -> dict[str, Any]:
    return body_of(shared_provider.http().get(METADATA))


@pytest.mark.parametrize("name", EXPECTED)
def test_the_metadata_says_what_is_assembled(metadata: dict[str, Any], name: str) -> None:
    assert metadata[name] == EXPECTED[name]


def test_the_metadata_holds_nothing_else_and_no_null(metadata: dict[str, Any]) -> None:
    assert set(metadata) == EXPECTED.keys() | LISTS_OF_THEIR_OWN
    assert None not in metadata.values()
    for name in LISTS_OF_THEIR_OWN:
        assert metadata[name]
        assert all(isinstance(value, str) for value in metadata[name])


def test_every_claim_that_a_token_or_userinfo_may_hold_is_listed(metadata: dict[str, Any]) -> None:
    listed = metadata["claims_supported"]

    assert len(listed) == len(set(listed))
    assert {"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "sid"} <= set(listed)
    assert {"name", "picture", "email", "email_verified", "phone_number", "address"} <= set(listed)


def test_the_endpoints_carry_neither_query_nor_fragment(metadata: dict[str, Any]) -> None:
    addresses = [
        value
        for name, value in metadata.items()
        if name.endswith("_endpoint") or name == "jwks_uri"
    ]

    assert len(addresses) == 7
    assert all(address.startswith(f"{ISSUER}/") for address in addresses)
    assert not any("?" in address or "#" in address for address in addresses)


def test_the_metadata_is_the_same_at_all_three_addresses(shared_provider: Provider) -> None:
    answers = [shared_provider.http().get(path) for path in METADATA_PATHS]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/json"}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("path", CACHED_PATHS)
def test_a_public_document_is_sent_again_only_when_it_has_changed(
    shared_provider: Provider, path: str
) -> None:
    http = shared_provider.http()
    first = http.get(path)

    same = http.get(path, headers={"If-None-Match": first.headers["ETag"]})
    other = http.get(path, headers={"If-None-Match": '"something else"'})

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    assert "max-age=60" in same.headers["Cache-Control"]
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize(
    "known", ["W/{etag}", '"other", {etag}', "*"], ids=["weakened", "in a list", "any"]
)
def test_a_proxy_may_ask_for_changes_in_every_form_of_the_header(
    shared_provider: Provider, known: str
) -> None:
    http = shared_provider.http()
    etag = http.get(METADATA).headers["ETag"]

    answer = http.get(METADATA, headers={"If-None-Match": known.format(etag=etag)})

    assert answer.status_code == 304


@pytest.mark.parametrize("path", CACHED_PATHS)
def test_every_origin_may_read_a_public_document(shared_provider: Provider, path: str) -> None:
    answer = shared_provider.http().get(path, headers={"Origin": "https://anywhere.example"})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", CACHED_PATHS)
def test_a_stray_client_authentication_does_not_matter_to_a_public_document(
    shared_provider: Provider, path: str
) -> None:
    answer = shared_provider.http().get(path, auth=("a-client", "a-secret"))

    assert answer.status_code == 200


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "X-Forwarded-Proto"])
def test_the_addresses_never_come_from_the_request(shared_provider: Provider, header: str) -> None:
    value = "https" if header.endswith("Proto") else "evil.example"

    answer = shared_provider.http().get(METADATA, headers={header: value})

    assert body_of(answer)["issuer"] == ISSUER
    assert "evil.example" not in answer.text


def test_every_published_key_is_public_and_made_of_strings_alone(provider: Provider) -> None:
    for algorithm in SigningAlgorithm:
        provider.server.signing_keys.ensure(algorithm)

    keys = body_of(provider.http().get("/oidc/jwks"))["keys"]

    assert {key["alg"] for key in keys} == set(SigningAlgorithm)
    assert {key["use"] for key in keys} == {"sig"}
    assert len({key["kid"] for key in keys}) == len(keys)
    for key in keys:
        assert all(isinstance(value, str) and value for value in key.values())
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)
        assert not any("=" in value for value in key.values())


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_who_read_the_key_set_before_a_rotation_verifies_what_is_signed_after_it(
    client: RelyingParty, algorithm: str
) -> None:
    chosen = SigningAlgorithm(algorithm)
    server = client.provider.server
    server.signing_keys.ensure(chosen)
    server.clients.update(client.id, ClientChanges(id_token_algorithm=chosen))
    before = client.tokens()
    kept = KeySet.import_key_set(client.http.get("/oidc/jwks").json())

    server.signing_keys.rotate(chosen)
    after = body_of(client.refresh(before["refresh_token"]))

    old, new = (
        jwt.decode(tokens["id_token"], kept, algorithms=[algorithm]) for tokens in (before, after)
    )
    assert old.header["kid"] != new.header["kid"]
    assert old.claims["sub"] == new.claims["sub"]


def test_a_rotation_publishes_another_key_and_keeps_the_former_ones(client: RelyingParty) -> None:
    def kids() -> list[str]:
        return [key["kid"] for key in body_of(client.http.get("/oidc/jwks"))["keys"]]

    old, before = kids(), client.tokens()
    current = client.provider.server.signing_keys.rotate().kid

    after = body_of(client.refresh(before["refresh_token"]))

    assert len(old) == 2
    assert len(set(kids()) - set(old)) == 1
    assert set(old) < set(kids())
    assert client.claims(before["id_token"])["sub"] == client.claims(after["id_token"])["sub"]
    assert header_of(after["id_token"])["kid"] == current
    assert header_of(before["id_token"])["kid"] in old


def test_a_start_makes_the_next_keys_that_a_former_version_did_not_know(
    any_database: str, tmp_path: Path
) -> None:
    with running_provider(tmp_path, any_database) as before:
        before.server.signing_keys.ensure(SigningAlgorithm.ES256)
        with before.server.storage.writing() as work:
            work.connection.execute(text("DELETE FROM signing_keys WHERE is_next"))
            work.commit()
        old = body_of(before.http().get("/oidc/jwks"))["keys"]

    with running_provider(tmp_path, any_database, randomness_seed=7) as after:
        new = body_of(after.http().get("/oidc/jwks"))["keys"]

    assert sorted(key["alg"] for key in new) == ["ES256", "ES256", "RS256", "RS256"]
    assert [key for key in new if key in old] == old


def test_a_key_is_published_no_more_once_it_is_retired(client: RelyingParty) -> None:
    signing_keys = client.provider.server.signing_keys
    old = header_of(client.tokens()["id_token"])["kid"]
    signing_keys.rotate()
    signing_keys.retire(old)

    keys = body_of(client.http.get("/oidc/jwks"))["keys"]

    assert old not in {key["kid"] for key in keys}
