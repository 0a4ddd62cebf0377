from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from authserver.administration.api_resources import ApiChanges
from authserver.administration.clients import ClientChanges, NewClient
from authserver.domain.api_resources import ApiScope, Permission
from authserver.domain.clients import ClientKind
from authserver.domain.configuration import ConfigurationKind
from tests.oidc.relying_party import (
    EMAIL,
    RelyingParty,
    answer_in,
    body_of,
    header_of,
    refusal,
)
from tests.support.provider import Provider
from tests.support.units import depth_of_units

BOOKS, OTHER = "https://books.example/api", "https://other.example/api"
READ, WRITE = "books:read", "books:write"
SCOPE = f"openid offline_access roles {READ} {WRITE}"


@pytest.fixture
def provider(either_provider: Provider) -> Provider:
    """Return a server with two APIs, and a role that permits one scope of the first."""
    scopes = [ApiScope(name=READ), ApiScope(name=WRITE)]
    either_provider.server.apis.create(BOOKS, ApiChanges(name="Books", scopes=scopes))
    either_provider.server.apis.create(OTHER, ApiChanges(name="Other"))
    either_provider.server.roles.create("reader", "", [Permission(BOOKS, READ)])
    either_provider.server.accounts.create(EMAIL)
    either_provider.server.roles.assign_to_account("reader", EMAIL)
    return either_provider


@pytest.fixture
def client(provider: Provider) -> RelyingParty:
    return RelyingParty.registered(provider)


def service(provider: Provider) -> RelyingParty:
    made: NewClient = provider.server.clients.create(name="Robot", kind=ClientKind.SERVICE)
    return RelyingParty(provider, made)


def access_claims(client: RelyingParty, token: str) -> dict[str, Any]:
    """Verify an access token by the published keys, as an API does."""
    assert header_of(token)["typ"] == "at+jwt"
    keys = KeySet.import_key_set(client.http.get("/oidc/jwks").json())
    claims: dict[str, Any] = jwt.decode(token, keys, algorithms=["RS256"]).claims
    return claims


def introspected(client: RelyingParty, token: str) -> dict[str, Any]:
    return body_of(client.post("/oidc/token/introspection", token=token))


def test_a_token_for_an_api_is_a_jwt_with_the_scopes_that_roles_permit(
    client: RelyingParty,
) -> None:
    code = client.sign_in(scope=SCOPE, resource=BOOKS)

    body = body_of(client.exchange(code, resource=BOOKS))

    claims = access_claims(client, body["access_token"])
    assert body["scope"] == claims["scope"] == READ
    assert (claims["aud"], claims["client_id"]) == (BOOKS, client.id)
    assert claims["iss"] == client.provider.issuer
    assert claims["sub"] == client.claims(body["id_token"])["sub"]
    assert claims["exp"] - claims["iat"] == body["expires_in"] == 3600
    assert claims["acr"] == "urn:authserver:acr:one-factor"
    assert client.userinfo(body["access_token"]).status_code == 401


def test_the_same_authorization_gives_tokens_for_userinfo_and_for_its_apis_in_turn(
    client: RelyingParty,
) -> None:
    code = client.sign_in(scope=SCOPE, resource=BOOKS)
    first = body_of(client.exchange(code))
    assert client.userinfo(first["access_token"]).json()["roles"] == ["reader"]

    second = body_of(client.refresh(first["refresh_token"], resource=BOOKS))
    third = body_of(client.refresh(second["refresh_token"]))

    assert access_claims(client, second["access_token"])["aud"] == BOOKS
    assert client.userinfo(third["access_token"]).status_code == 200


def test_an_api_that_was_not_asked_for_at_the_sign_in_is_refused_afterwards(
    client: RelyingParty,
) -> None:
    tokens = client.tokens(scope=SCOPE, resource=BOOKS)

    assert refusal(client.refresh(tokens["refresh_token"], resource=OTHER)) == "invalid_target"
    assert client.refresh(tokens["refresh_token"]).status_code == 200


def test_scopes_of_an_api_can_be_narrowed_and_never_widened(client: RelyingParty) -> None:
    client.provider.server.roles.update("reader", None, [Permission(BOOKS, READ)])
    tokens = client.tokens(scope=SCOPE, resource=BOOKS)

    body = body_of(client.refresh(tokens["refresh_token"], resource=BOOKS, scope=WRITE))

    assert body["scope"] == ""


def test_a_role_given_later_counts_from_the_next_sign_in(client: RelyingParty) -> None:
    tokens = client.tokens(scope=SCOPE, resource=BOOKS)
    both = [Permission(BOOKS, READ), Permission(BOOKS, WRITE)]
    client.provider.server.roles.update("reader", None, both)

    before = body_of(client.refresh(tokens["refresh_token"], resource=BOOKS))
    after = body_of(client.exchange(client.sign_in(scope=SCOPE, resource=BOOKS), resource=BOOKS))

    assert (before["scope"], after["scope"]) == (READ, f"{READ} {WRITE}")


def test_a_role_that_is_taken_away_counts_from_the_next_token(client: RelyingParty) -> None:
    roles = client.provider.server.roles
    code = client.sign_in(scope=SCOPE, resource=BOOKS)
    roles.remove_from_account("reader", EMAIL)

    first = body_of(client.exchange(code, resource=BOOKS))
    roles.assign_to_account("reader", EMAIL)
    second = body_of(client.refresh(first["refresh_token"], resource=BOOKS))
    roles.delete("reader")
    third = body_of(client.refresh(second["refresh_token"], resource=BOOKS))

    assert [each["scope"] for each in (first, second, third)] == ["", READ, ""]
    assert access_claims(client, third["access_token"])["scope"] == ""


def test_what_a_role_or_an_api_loses_is_in_no_later_token(client: RelyingParty) -> None:
    server = client.provider.server
    both = [Permission(BOOKS, READ), Permission(BOOKS, WRITE)]
    server.roles.update("reader", None, both)
    tokens = client.tokens(scope=SCOPE, resource=BOOKS)
    scopes = []

    for change in (
        lambda: None,
        lambda: server.roles.update("reader", None, both[:1]),
        lambda: server.roles.update("reader", None, both),
        lambda: server.apis.update(BOOKS, ApiChanges(scopes=[ApiScope(name=WRITE)])),
    ):
        change()
        tokens = body_of(client.refresh(tokens["refresh_token"], resource=BOOKS))
        scopes.append(tokens["scope"])

    assert scopes == [f"{READ} {WRITE}", READ, f"{READ} {WRITE}", WRITE]


def test_an_unknown_api_is_told_to_the_client_and_no_page_is_shown(client: RelyingParty) -> None:
    answer = client.provider.http().get(client.url(resource="https://nobody.example"))

    assert answer.status_code == 303
    assert answer_in(answer.headers["location"])["error"] == "invalid_target"


def test_an_api_that_is_deleted_gets_no_more_tokens(client: RelyingParty) -> None:
    tokens = client.tokens(scope=SCOPE, resource=BOOKS)
    client.provider.server.apis.delete(BOOKS)

    assert refusal(client.refresh(tokens["refresh_token"], resource=BOOKS)) == "invalid_target"


def test_a_token_for_an_api_is_revoked_by_its_holder_and_dies_with_the_authorization(
    client: RelyingParty,
) -> None:
    code = client.sign_in(scope=SCOPE, resource=BOOKS)
    first = body_of(client.exchange(code, resource=BOOKS))
    second = body_of(client.refresh(first["refresh_token"], resource=BOOKS))
    assert introspected(client, second["access_token"])["aud"] == BOOKS

    client.revoke(first["access_token"])
    after_first = [introspected(client, each["access_token"])["active"] for each in (first, second)]
    client.revoke(second["refresh_token"])

    assert after_first == [False, True]
    assert introspected(client, second["access_token"]) == {"active": False}


def test_only_whom_an_operator_lets_may_introspect_the_tokens_of_others(
    client: RelyingParty,
) -> None:
    body = body_of(client.exchange(client.sign_in(scope=SCOPE, resource=BOOKS), resource=BOOKS))
    api = service(client.provider)
    before = introspected(api, body["access_token"])

    api.provider.server.clients.update(api.id, ClientChanges(may_introspect_all=True))
    after = introspected(api, body["access_token"])

    assert before == {"active": False}
    assert (after["active"], after["client_id"], after["scope"]) == (True, client.id, READ)
    assert introspected(api, body["refresh_token"]) == {"active": False}


def test_a_service_acts_for_itself_with_the_scopes_of_its_roles(provider: Provider) -> None:
    robot = service(provider)
    provider.server.roles.assign_to_client("reader", robot.id)

    body = body_of(robot.post("/oidc/token", grant_type="client_credentials", resource=BOOKS))

    claims = access_claims(robot, body["access_token"])
    assert (claims["sub"], claims["client_id"], claims["scope"]) == (robot.id, robot.id, READ)
    assert "acr" not in claims
    assert {"id_token", "refresh_token"}.isdisjoint(body)
    assert introspected(robot, body["access_token"])["sub"] == robot.id


def test_a_service_without_a_role_gets_a_token_without_scopes(provider: Provider) -> None:
    robot = service(provider)
    asked = {"grant_type": "client_credentials", "resource": BOOKS}

    assert body_of(robot.post("/oidc/token", **asked))["scope"] == ""
    assert refusal(robot.post("/oidc/token", **asked, scope=READ)) == "invalid_scope"


def test_a_service_without_an_api_gets_an_opaque_token_that_is_nobodys(
    provider: Provider,
) -> None:
    robot = service(provider)

    body = body_of(robot.post("/oidc/token", grant_type="client_credentials"))
    with_scope = robot.post("/oidc/token", grant_type="client_credentials", scope=READ)

    assert body["scope"] == ""
    assert refusal(with_scope) == "invalid_scope"
    assert introspected(robot, body["access_token"])["sub"] == robot.id
    assert robot.userinfo(body["access_token"]).status_code == 401


def test_other_clients_have_no_credentials_of_their_own(client: RelyingParty) -> None:
    refused = client.post("/oidc/token", grant_type="client_credentials")

    assert refusal(refused) == "unauthorized_client"


def test_an_id_token_is_no_access_token_and_an_access_token_no_hint(client: RelyingParty) -> None:
    code = client.sign_in(scope=SCOPE, resource=BOOKS)
    body = body_of(client.exchange(code, resource=BOOKS))

    assert introspected(client, body["id_token"]) == {"active": False}
    hinted = client.http.get(client.url(id_token_hint=body["access_token"]))
    assert hinted.status_code == 303


def test_an_api_may_have_more_scopes_than_fit_a_line(client: RelyingParty) -> None:
    names = [f"archive:{number:02}:{'x' * 80}" for number in range(40)]
    server = client.provider.server
    server.apis.update(OTHER, ApiChanges(scopes=[ApiScope(name=name) for name in names]))
    server.roles.create("archivist", "", [Permission(OTHER, name) for name in names])
    server.roles.assign_to_account("archivist", EMAIL)
    robot = service(client.provider)
    server.roles.assign_to_client("archivist", robot.id)
    asked = " ".join(["openid", "offline_access", *names[:21]])

    of_person = body_of(
        client.exchange(client.sign_in(scope=asked, resource=OTHER), resource=OTHER)
    )
    of_robot = body_of(robot.post("/oidc/token", grant_type="client_credentials", resource=OTHER))

    assert of_person["scope"].split() == names[:21]
    assert of_robot["scope"].split() == names
    again = body_of(client.refresh(of_person["refresh_token"], resource=OTHER))
    for client_id, token, expected in (
        (client, of_person, names[:21]),
        (client, again, names[:21]),
        (robot, of_robot, names),
    ):
        assert introspected(client_id, token["access_token"])["scope"].split() == expected


@pytest.mark.parametrize("path", ["/oidc/token/introspection", "/oidc/token/revocation"])
def test_a_presented_token_is_read_before_the_database_is_held(
    client: RelyingParty, path: str
) -> None:
    code = client.sign_in(scope=SCOPE, resource=BOOKS)
    token = body_of(client.exchange(code, resource=BOOKS))["access_token"]
    storage = client.provider.server.storage
    with storage.writing() as work:
        # The keys have to be read again, whoever asks for them first.
        work.configuration_changed(ConfigurationKind.SIGNING_KEYS)
        work.commit()

    with depth_of_units(storage) as depths:
        answer = client.post(path, token=token)

    assert answer.status_code == 200
    assert len(depths) >= 2
    assert set(depths) == {1}
