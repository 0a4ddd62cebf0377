"""How a client proves itself at the token endpoint."""

import base64
from datetime import timedelta
from itertools import product
from urllib.parse import quote

import httpx
import pytest

from authserver.domain.clients import ClientKind
from tests.oidc.relying_party import RelyingParty, body_of, refusal
from tests.support.provider import Provider

FIELDS = {"grant_type": "refresh_token", "refresh_token": "no such token"}
MALFORMED = [
    "Basic",
    "Basic ",
    "Basic !!!!",
    "Basic YQ",
    "Basic YQ==",
    "Basic " + "YQ==" * 2000,
    "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
    "Basic " + base64.b64encode(b"%00:%00").decode(),
    "Basic " + base64.b64encode(b"\x00:\x00").decode(),
    "Basic " + base64.b64encode(b"%ff%fe:%ed%a0%80").decode(),
    "Basic " + base64.b64encode(b"%zz:%").decode(),
    "Basic " + base64.b64encode(b"a:b:c").decode(),
    "Basic " + base64.b64encode("\ufffe\uffff:ä".encode()).decode(),
    "Bearer abc",
    "Digest username=a",
    "DPoP e30.e30.",
    "\xff\xfe",
    " ",
    ",",
]


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def encoded(text: str) -> str:
    """Return the text with every character percent-encoded, as RFC 6749 allows it."""
    return "".join(f"%{octet:02x}" for octet in text.encode())


def asked(
    client: RelyingParty, headers: dict[str, str] | None = None, **fields: str
) -> httpx.Response:
    return client.http.post("/oidc/token", data={**FIELDS, **fields}, headers=headers or {})


def is_known(response: httpx.Response) -> bool:
    """Tell whether the client was believed: then only the token is at fault."""
    return refusal(response, response.status_code) == "invalid_grant"


@pytest.fixture(scope="module")
def spa(shared_provider: Provider) -> RelyingParty:
    return RelyingParty.registered(shared_provider, kind=ClientKind.SPA)


def secret_of(client: RelyingParty) -> str:
    assert client.secret is not None
    return client.secret


def test_a_client_may_use_basic_or_the_body(shared_client: RelyingParty) -> None:
    client, secret = shared_client, secret_of(shared_client)

    assert is_known(asked(client, basic(client.id, secret)))
    assert is_known(asked(client, basic(encoded(client.id), encoded(secret))))
    assert is_known(asked(client, basic(quote(client.id), quote(secret)), client_id=client.id))
    assert is_known(asked(client, client_id=client.id, client_secret=secret))


def test_the_name_of_the_scheme_may_be_in_any_case(shared_client: RelyingParty) -> None:
    header = basic(shared_client.id, secret_of(shared_client))["Authorization"]

    assert is_known(asked(shared_client, {"Authorization": header.replace("Basic", "bAsIC")}))


def test_ids_and_secrets_hold_letters_and_digits_only(shared_client: RelyingParty) -> None:
    assert (shared_client.id + secret_of(shared_client)).isalnum()
    assert len(shared_client.id) == 21
    assert len(secret_of(shared_client)) >= 43


def test_a_public_client_is_known_by_its_id(spa: RelyingParty) -> None:
    assert is_known(asked(spa, client_id=spa.id))


def test_a_wrong_proof_is_answered_with_401_and_a_challenge(shared_client: RelyingParty) -> None:
    client, secret = shared_client, secret_of(shared_client)
    presented: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {}),
        ({}, {"client_id": client.id}),
        ({}, {"client_id": client.id, "client_secret": "wrong"}),
        ({}, {"client_id": client.id, "client_secret": secret + "x"}),
        ({}, {"client_id": client.id, "client_secret": secret.upper()}),
        ({}, {"client_secret": secret}),
        ({}, {"client_id": "unknown", "client_secret": secret}),
        ({}, {"client_id": "unknown"}),
        ({}, {"client_id": "authserver-account"}),
        ({}, {"client_id": "x" * 5000, "client_secret": secret}),
        (basic(client.id, "wrong"), {}),
        (basic(client.id, ""), {}),
        (basic("", secret), {}),
        (basic("unknown", secret), {}),
        (basic(client.id, secret), {"client_id": "other"}),
    ]
    for headers, fields in presented:
        response = asked(client, headers, **fields)

        assert refusal(response, 401) == "invalid_client"
        assert response.headers["WWW-Authenticate"].startswith("Basic realm=")


def test_a_secret_that_is_wrong_is_not_told_from_a_client_that_is_unknown(
    shared_client: RelyingParty,
) -> None:
    wrong = asked(shared_client, basic(shared_client.id, "wrong"))
    unknown = asked(shared_client, basic("unknown", "wrong"))

    assert wrong.json() == unknown.json()


def test_two_proofs_at_once_are_refused_even_if_both_are_right(
    shared_client: RelyingParty,
) -> None:
    client, secret = shared_client, secret_of(shared_client)

    both = asked(client, basic(client.id, secret), client_id=client.id, client_secret=secret)

    assert refusal(both) == "invalid_request"


@pytest.mark.parametrize("name", ["client_id", "client_secret", "grant_type", "refresh_token"])
def test_a_parameter_sent_twice_is_refused(shared_client: RelyingParty, name: str) -> None:
    client = shared_client
    own = {**FIELDS, "client_id": client.id, "client_secret": secret_of(client)}

    response = client.http.post("/oidc/token", data={**own, name: [own[name], own[name]]})

    assert refusal(response) == "invalid_request"


def test_a_public_client_has_no_secret_to_send(spa: RelyingParty) -> None:
    assert refusal(asked(spa, client_id=spa.id, client_secret="any"), 401) == "invalid_client"
    assert refusal(asked(spa, basic(spa.id, "")), 401) == "invalid_client"


@pytest.mark.parametrize(
    "path", ["/oidc/token", "/oidc/token/revocation", "/oidc/token/introspection", "/oidc/me"]
)
def test_a_malformed_authorization_header_is_refused_and_nothing_worse(
    either_provider: Provider, path: str
) -> None:
    http = either_provider.http()
    fields = {**FIELDS, "client_id": "unknown", "token": "none"}

    for header, sent in product(MALFORMED, ({}, fields)):
        response = http.post(path, data=sent, headers={b"Authorization": header.encode("latin-1")})

        assert 400 <= response.status_code < 500
        assert response.json()["error"] in {"invalid_client", "invalid_request", "invalid_token"}


def test_an_expired_secret_no_longer_proves_anything(client: RelyingParty) -> None:
    clients = client.provider.server.clients
    short = clients.add_secret(client.id, expires_in=timedelta(days=1)).secret.reveal()
    clients.remove_secret(client.id, "default")

    assert is_known(asked(client, basic(client.id, short)))
    client.provider.clock.advance(timedelta(days=1))

    assert refusal(asked(client, basic(client.id, short)), 401) == "invalid_client"
    assert refusal(asked(client, basic(client.id, secret_of(client))), 401) == "invalid_client"


def test_several_secrets_are_good_side_by_side(either_client: RelyingParty) -> None:
    client = either_client
    second = client.provider.server.clients.add_secret(client.id, "second").secret.reveal()

    assert is_known(asked(client, basic(client.id, secret_of(client))))
    assert is_known(asked(client, basic(client.id, second)))
    client.provider.server.clients.remove_secret(client.id, "default")

    assert refusal(asked(client, basic(client.id, secret_of(client))), 401) == "invalid_client"
    assert is_known(asked(client, basic(client.id, second)))


def test_a_deleted_client_is_unknown_at_once(client: RelyingParty) -> None:
    tokens = client.tokens()
    client.provider.server.clients.delete(client.id)

    assert refusal(client.refresh(tokens["refresh_token"]), 401) == "invalid_client"
    assert client.userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize(
    ("grant_type", "error"),
    [
        (None, "invalid_request"),
        ("", "invalid_request"),
        ("password", "unsupported_grant_type"),
        ("implicit", "unsupported_grant_type"),
        ("client_credentials", "unauthorized_client"),
        ("Refresh_Token", "unsupported_grant_type"),
        ("urn:ietf:params:oauth:grant-type:jwt-bearer", "unsupported_grant_type"),
    ],
)
def test_only_the_grant_types_that_are_listed_exist(
    shared_client: RelyingParty, grant_type: str | None, error: str
) -> None:
    answer = shared_client.post("/oidc/token", grant_type=grant_type, username="a", password="b")

    assert refusal(answer) == error


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
def test_a_service_has_no_grant_that_needs_a_person(
    shared_provider: Provider, grant_type: str
) -> None:
    made = shared_provider.server.clients.create(name="Worker", kind=ClientKind.SERVICE)
    worker = RelyingParty(shared_provider, made)

    answer = worker.post("/oidc/token", grant_type=grant_type, code="c", refresh_token="r")

    assert refusal(answer) == "unauthorized_client"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data"])
def test_the_token_endpoint_takes_forms_only(
    shared_client: RelyingParty, content_type: str
) -> None:
    headers = {"Content-Type": content_type}

    response = shared_client.http.post("/oidc/token", content=b"{}", headers=headers)

    assert refusal(response, 415) == "invalid_request"


def test_parameters_in_the_query_of_the_token_endpoint_do_not_count(client: RelyingParty) -> None:
    own = {"client_id": client.id, "client_secret": secret_of(client)}

    response = client.http.post("/oidc/token", params={**FIELDS, **own}, data={"x": "y"})

    assert refusal(response, 401) == "invalid_client"


def test_a_body_that_is_too_large_is_refused(shared_client: RelyingParty) -> None:
    assert refusal(asked(shared_client, x="x" * 20000), 413) == "invalid_request"
    assert body_of(shared_client.http.get("/oidc/jwks"))
