"""Clients that register themselves, and manage their registration (RFC 7591, RFC 7592)."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authserver.administration.clients import ClientChanges, NewClient
from authserver.administration.mistakes import ClientInvalid
from authserver.domain.secret import Secret
from authserver.domain.signing_keys import SigningAlgorithm
from tests.oidc.logout import is_signed_in
from tests.oidc.relying_party import EMAIL, RelyingParty, body_of, header_of, redirected, refusal
from tests.oidc.signing_client import SigningClient, new_key, proven, public_set
from tests.oidc.test_private_key_jwt import is_known
from tests.storage.racing import race
from tests.support.databases import sqlite_url
from tests.support.person import forms_of
from tests.support.provider import CALLBACK, ENDPOINT, HOME, Provider, running_provider

REG = "/oidc/reg"
METADATA = {"redirect_uris": [CALLBACK], "client_name": "Bookstore"}
JSON_TYPE = {"Content-Type": "application/json"}
OPEN = {
    "AUTHSERVER_REGISTRATION__DYNAMIC": "open",
    "AUTHSERVER_REGISTRATION__PER_SOURCE_HOUR": "10000",
    "AUTHSERVER_REGISTRATION__PER_DAY": "10000",
}
BY_TOKEN = {"AUTHSERVER_REGISTRATION__DYNAMIC": "token"}

Start = Callable[[dict[str, str]], AbstractContextManager[Provider]]


@pytest.fixture
def start(any_database: str, tmp_path: Path) -> Start:
    """Return what starts a server with settings of its own, on either database in turn."""
    return lambda chosen: running_provider(tmp_path, any_database, settings=chosen)


@pytest.fixture(scope="module")
def open_provider(
    prepared_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Provider]:
    """Return a server at which anybody may register."""
    folder = tmp_path_factory.mktemp("open")
    url = sqlite_url(Path(shutil.copy(prepared_sqlite, folder / "authserver.db")))
    with running_provider(folder, url, settings=OPEN) as running:
        yield running


@pytest.fixture
def either_provider_open(start: Start) -> Iterator[Provider]:
    """Return such a server of one test alone, on either database in turn."""
    with start(OPEN) as running:
        yield running


def bearer(token: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def registered(provider: Provider, **changes: object) -> dict[str, Any]:
    """Register a client and return what it is told."""
    answer = posted(provider, {**METADATA, **changes})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    body: dict[str, Any] = answer.json()
    return body


def posted(provider: Provider, document: dict[str, object]) -> httpx.Response:
    return provider.http().post(REG, content=json.dumps(document), headers=JSON_TYPE)


def refused(provider: Provider, **changes: object) -> str:
    return refusal(posted(provider, {**METADATA, **changes}))


def party_of(provider: Provider, told: dict[str, Any]) -> RelyingParty:
    """Return the client that was registered, as one that signs people in."""
    client = provider.server.clients.show(told["client_id"]).client
    secret = told.get("client_secret")
    return RelyingParty(
        provider, NewClient(client=client, secret=None if secret is None else Secret(secret))
    )


def tokens_of(client: RelyingParty) -> dict[str, Any]:
    """Sign somebody in, let them allow the client what it asks for, and return the tokens."""
    anna = client.provider.person()
    RelyingParty.registered(client.provider).sign_in(anna)
    page = anna.follow(client.url())
    question = next(form for form in forms_of(page) if form.action.path.startswith("/consent/"))
    return body_of(client.exchange(redirected(anna.submit(question, decision="allow"))["code"]))


def managed(
    provider: Provider, told: dict[str, Any], method: str, **sent: object
) -> httpx.Response:
    """Call the address of the registration with its token."""
    url = told["registration_client_uri"]
    token = bearer(told["registration_access_token"])
    return provider.http().request(method, url, headers=token, json=sent or None)


def test_registration_is_off_unless_it_is_switched_on(shared_provider: Provider) -> None:
    http = shared_provider.http()

    assert http.post(REG, json=METADATA).status_code == 404
    assert http.get(f"{REG}/x", headers=bearer("x")).status_code == 404
    assert "registration_endpoint" not in body_of(
        http.get("/oidc/.well-known/openid-configuration")
    )


def test_the_metadata_names_the_endpoint_where_it_is_on(open_provider: Provider) -> None:
    metadata = body_of(open_provider.http().get("/oidc/.well-known/openid-configuration"))

    assert metadata["registration_endpoint"] == ENDPOINT + REG


def test_a_client_that_registered_itself_signs_people_in(start: Start) -> None:
    with start(OPEN) as provider:
        told = registered(provider, grant_types=["authorization_code", "refresh_token"])
        client = party_of(provider, told)

        tokens = tokens_of(client)
        more = body_of(client.refresh(tokens["refresh_token"]))

        assert client.claims(more["id_token"])["aud"] == told["client_id"]
        assert "email" not in client.claims(tokens["id_token"])
        assert body_of(client.userinfo(tokens["access_token"]))["email"] == "anna@example.com"


def test_a_client_is_told_everything_it_registered(open_provider: Provider) -> None:
    sent = {
        "client_name": "Bücher & Co.",
        "application_type": "web",
        "redirect_uris": [CALLBACK, "https://app.example/cb?bar=foo"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_post",
        "contacts": ["anna@example.com"],
        "client_uri": "https://app.example/",
        "logo_uri": "https://app.example/logo.png",
        "policy_uri": "https://app.example/policy",
        "tos_uri": "https://app.example/terms",
        "initiate_login_uri": "https://app.example/login",
        "default_max_age": 0,
        "require_auth_time": True,
        "default_acr_values": ["urn:authserver:acr:two-factors", "urn:example:gold"],
        "post_logout_redirect_uris": [HOME, "https://app.example/bye"],
        "backchannel_logout_uri": "https://app.example/backchannel",
        "backchannel_logout_session_required": True,
        "frontchannel_logout_uri": "https://app.example/frontchannel",
        "frontchannel_logout_session_required": True,
        "id_token_signed_response_alg": "RS256",
        "token_endpoint_auth_signing_alg": "ES512",
        "userinfo_signed_response_alg": "RS256",
        "subject_type": "public",
        "jwks": public_set(new_key("ES256")),
    }

    told = registered(open_provider, **sent)
    read = body_of(managed(open_provider, told, "GET"))

    assert {name: told[name] for name in sent} == sent
    assert told["client_secret_expires_at"] == 0
    assert told["client_id_issued_at"] == int(open_provider.clock.now().timestamp())
    assert told["registration_client_uri"] == f"{ENDPOINT}{REG}/{told['client_id']}"
    of_the_secret = {"client_secret", "client_secret_expires_at"}
    assert read == {name: value for name, value in told.items() if name not in of_the_secret}


def test_members_that_are_left_out_have_the_defaults_of_the_specification(
    open_provider: Provider,
) -> None:
    told = registered(open_provider, client_name=None, contacts=None)

    assert told["client_name"] == "localhost"
    assert told["application_type"] == "web"
    assert told["grant_types"] == ["authorization_code"]
    assert told["response_types"] == ["code"]
    assert told["token_endpoint_auth_method"] == "client_secret_basic"
    assert told["id_token_signed_response_alg"] == "RS256"
    assert "offline_access" in told["scope"].split()


def test_members_that_nobody_knows_are_ignored(open_provider: Provider) -> None:
    told = registered(
        open_provider, software_id="x", made_up={"a": [1]}, scope="a b", **{"client_name#de": "B"}
    )

    assert not {"software_id", "made_up", "client_name#de"} & told.keys()


def test_a_client_without_the_grant_is_given_no_refresh_token(open_provider: Provider) -> None:
    client = party_of(open_provider, registered(open_provider))

    tokens = tokens_of(client)

    assert "refresh_token" not in tokens
    assert refusal(client.refresh("any")) == "unauthorized_client"


def test_a_client_may_register_without_a_secret(open_provider: Provider) -> None:
    told = registered(open_provider, token_endpoint_auth_method="none")
    client = party_of(open_provider, told)

    assert not {"client_secret", "client_secret_expires_at"} & told.keys()
    assert "id_token" in tokens_of(client)


def test_a_client_may_register_its_keys(open_provider: Provider) -> None:
    key = new_key("ES256")
    told = registered(
        open_provider,
        token_endpoint_auth_method="private_key_jwt",
        jwks=public_set(key),
        grant_types=["authorization_code", "refresh_token"],
    )
    made = NewClient(
        client=open_provider.server.clients.show(told["client_id"]).client, secret=None
    )

    assert "client_secret" not in told
    assert is_known(SigningClient(open_provider, "ES256", key, made).ask())


def test_a_key_whose_id_is_not_plain_text_is_none_and_people_still_sign_out(
    either_provider_open: Provider,
) -> None:
    provider = either_provider_open
    [key] = public_set(new_key("ES256"))["keys"]
    client = RelyingParty.registered(provider)
    anna = provider.person()
    client.sign_in(anna)

    for kid in ("a\0b", "a\nb", "a\x7fb", "\ud800", "k\u00e9y"):
        keys = {"keys": [{**key, "kid": kid}]}
        assert refused(provider, jwks=keys) == "invalid_client_metadata"
        with pytest.raises(ClientInvalid, match="no public key"):
            provider.server.clients.update(client.id, ClientChanges(metadata={"jwks": keys}))

    provider.server.accounts.suspend(EMAIL)
    assert not is_signed_in(client, anna)


def test_what_a_key_is_for_is_kept_in_known_words_alone(either_provider_open: Provider) -> None:
    provider = either_provider_open
    [key] = public_set(new_key("ES256"))["keys"]
    odd: list[object] = ["\0", "\ud800", {"a": "\0"}, 7, "verify", "verify", "sign"]

    told = registered(provider, jwks={"keys": [{**key, "key_ops": odd}]})

    assert told["jwks"]["keys"][0]["key_ops"] == ["sign", "verify"]
    client = party_of(provider, told)
    tokens_of(client)
    provider.server.accounts.suspend(EMAIL)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"], ids=ascii)
def test_no_text_of_a_registration_can_make_the_database_stumble(
    either_provider_open: Provider, text: str
) -> None:
    uris = ("client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri", "jwks_uri")
    logout = ("backchannel_logout_uri", "frontchannel_logout_uri")
    for name in (*uris, *logout):
        sent = {name: f"https://app.example/{text}"}
        assert refused(either_provider_open, **sent) == "invalid_client_metadata"
    for name in ("contacts", "default_acr_values", "grant_types", "response_types"):
        assert refused(either_provider_open, **{name: [text]}) == "invalid_client_metadata"
    for name in ("client_name", "token_endpoint_auth_method", "application_type"):
        assert refused(either_provider_open, **{name: text}) == "invalid_client_metadata"
    uri = f"https://app.example/{text}"
    assert refused(either_provider_open, redirect_uris=[uri]) == "invalid_redirect_uri"
    posted_out = refused(either_provider_open, post_logout_redirect_uris=[uri])
    assert posted_out == "invalid_client_metadata"


def test_a_native_client_may_use_a_scheme_of_its_own_and_any_port(open_provider: Provider) -> None:
    told = registered(
        open_provider,
        application_type="native",
        token_endpoint_auth_method="none",
        redirect_uris=["com.example.app:/callback", "http://127.0.0.1/callback"],
    )
    client = party_of(open_provider, told)

    answer = client.http.get(
        client.url(redirect_uri="http://127.0.0.1:51004/callback", prompt="none")
    )

    assert answer.headers["Location"].startswith("http://127.0.0.1:51004/callback?")


def test_clients_that_registered_themselves_must_use_pkce(start: Start) -> None:
    with start(OPEN) as provider:
        client = party_of(provider, registered(provider))

        answer = client.http.get(client.url(code_challenge=None, code_challenge_method=None))

        assert redirected(answer)["error"] == "invalid_request"


def test_an_operator_may_let_those_with_a_secret_do_without_pkce(start: Start) -> None:
    with start({**OPEN, "AUTHSERVER_REGISTRATION__REQUIRE_PKCE": "false"}) as provider:
        client = party_of(provider, registered(provider))
        public = party_of(provider, registered(provider, token_endpoint_auth_method="none"))

        assert not client.has_pkce
        assert "id_token" in tokens_of(client)
        assert public.has_pkce


@pytest.mark.parametrize(
    "uri",
    [
        *(f"{CALLBACK}#part", f"{CALLBACK}#", "http://app.example/cb", "https://*.example/cb"),
        *("javascript:alert(1)", "JavaScript:alert(1)", "JAVASCRIPT://x%0aalert(1)", "data:,x"),
        *("vbscript:x", "file:///etc/passwd", "com.example.app:/cb", "https:evil.example"),
        *("https://user@app.example/cb", "https:\\\\app.example", "//app.example/cb", "/cb", ""),
        *("https://app.example/\r\nX: y", "https://app.example/\x00", "https://app.example/ä"),
        *("https://app.example/" + "a" * 2100, "http://localhost.evil/cb", "https://[::1"),
        *("https://app.example:99999/", "\ud800", "ftp://app.example/"),
    ],
)
def test_a_redirect_uri_that_could_do_harm_is_refused(open_provider: Provider, uri: str) -> None:
    assert refused(open_provider, redirect_uris=[uri]) == "invalid_redirect_uri"
    assert refused(open_provider, redirect_uris=[CALLBACK, uri]) == "invalid_redirect_uri"


@pytest.mark.parametrize("uris", [None, [], "https://app.example/cb", [1], {}, [[CALLBACK]], 1])
def test_redirect_uris_are_a_list_of_texts(open_provider: Provider, uris: object) -> None:
    assert refused(open_provider, redirect_uris=uris) == "invalid_redirect_uri"


def test_very_many_redirect_uris_are_refused(open_provider: Provider) -> None:
    many = [f"https://app.example/{number}" for number in range(21)]

    assert refused(open_provider, redirect_uris=many) == "invalid_redirect_uri"


KEYS = {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}
PRIVATE = new_key("ES256").as_dict(private=True)
PUBLIC = public_set(new_key("ES256"))


REFUSED: list[dict[str, object]] = [
    {"application_type": "service"},
    {"application_type": 1},
    {"response_types": ["id_token"]},
    {"response_types": ["code", "code id_token"]},
    {"response_types": "code"},
    {"grant_types": ["implicit", "authorization_code"]},
    {"grant_types": ["client_credentials"]},
    {"grant_types": ["refresh_token"]},
    {"token_endpoint_auth_method": "client_secret_jwt"},
    {"token_endpoint_auth_method": ["none"]},
    {"token_endpoint_auth_method": "private_key_jwt"},
    {"token_endpoint_auth_signing_alg": "none"},
    {"token_endpoint_auth_signing_alg": "HS256"},
    {"token_endpoint_auth_signing_alg": ["ES256"]},
    {"id_token_signed_response_alg": "none"},
    {"id_token_signed_response_alg": "HS256"},
    {"id_token_signed_response_alg": "ES512"},
    {"userinfo_signed_response_alg": "none"},
    {"userinfo_signed_response_alg": "PS256"},
    {"id_token_encrypted_response_alg": "RSA-OAEP"},
    {"subject_type": "pairwise"},
    {"initiate_login_uri": "http://app.example/login"},
    {"initiate_login_uri": "http://localhost/login"},
    {"logo_uri": "http://app.example/logo.png"},
    {"default_max_age": -1},
    {"default_max_age": 1.5},
    {"default_max_age": True},
    {"default_max_age": "300"},
    {"default_max_age": 10**30},
    {"require_auth_time": "yes"},
    {"default_acr_values": "urn:example:gold"},
    {"default_acr_values": ["two words"]},
    {"default_acr_values": ["x" * 101]},
    {"logo_uri": "javascript:alert(1)"},
    {"policy_uri": "JavaScript:alert(1)"},
    {"tos_uri": "https://app.example/#terms"},
    {"client_uri": "https://user@app.example/"},
    {"client_uri": "https://app.example/" + "a" * 2100},
    {"jwks_uri": "http://app.example/jwks"},
    {"jwks_uri": "file:///etc/passwd"},
    {"jwks_uri": "https://app.example/jwks", "jwks": PUBLIC},
    {"jwks": {}},
    {"jwks": []},
    {"jwks": {"keys": []}},
    {"jwks": KEYS},
    {"jwks": {"keys": [PRIVATE]}},
    {"jwks": {"keys": [*PUBLIC["keys"], PRIVATE]}},
    {"jwks": "https://app.example/jwks"},
    {"client_name": "a" * 101},
    {"client_name": "a\nb"},
    {"client_name": "a\u202eb"},
    {"client_name": "\x00"},
    {"client_name": "\ud800"},
    {"client_name": 1},
    {"contacts": "anna@example.com"},
    {"contacts": ["a" * 300]},
    {"contacts": ["\x00"]},
    {"contacts": ["a"] * 21},
    {"post_logout_redirect_uris": ["javascript:alert(1)"]},
    {"post_logout_redirect_uris": ["https://app.example/#x"]},
    {"backchannel_logout_uri": "http://app.example/logout"},
    {"backchannel_logout_session_required": "yes"},
    {"frontchannel_logout_uri": "data:text/html,x"},
]


# By number: the keys in them are new each time, and so would be their names.
@pytest.mark.parametrize("changes", REFUSED, ids=range(len(REFUSED)))
def test_metadata_that_cannot_be_had_is_refused(
    open_provider: Provider, changes: dict[str, object]
) -> None:
    assert refused(open_provider, **changes) == "invalid_client_metadata"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"1", b"\xff", b"[" * 9000, b'{"a":' * 2000, b"9" * 9000],
)
def test_a_body_that_is_no_json_object_is_refused(open_provider: Provider, body: bytes) -> None:
    answer = open_provider.http().post(REG, content=body, headers=JSON_TYPE)

    assert refusal(answer) == "invalid_client_metadata"


def test_a_body_of_another_kind_or_too_large_is_refused(open_provider: Provider) -> None:
    http = open_provider.http()

    assert refusal(http.post(REG, data={"a": "b"})) == "invalid_client_metadata"
    assert refusal(http.post(REG, content=b"{}")) == "invalid_client_metadata"
    assert http.post(REG, json={"a": "b" * 20_000}).status_code == 413


def test_an_initial_token_is_asked_for_and_counts_its_uses(start: Start) -> None:
    with start(BY_TOKEN) as provider:
        http = provider.http()
        token = provider.server.registration_tokens.create(uses=2).token.reveal()

        def post(headers: dict[str, str], **changes: object) -> httpx.Response:
            return http.post(REG, json={**METADATA, **changes}, headers=headers)

        without, wrong = post({}), post(bearer("wrong"))
        mistaken = post(bearer(token), subject_type="pairwise")
        answers = [post(bearer(token)).status_code for _ in range(3)]

        assert refusal(without, 401) == refusal(wrong, 401) == "invalid_token"
        assert without.headers["WWW-Authenticate"] == 'Bearer realm="authserver"'
        assert 'error="invalid_token"' in wrong.headers["WWW-Authenticate"]
        assert refusal(mistaken) == "invalid_client_metadata"
        assert answers == [201, 201, 401]


def test_strangers_are_told_nothing_of_what_they_send(start: Start) -> None:
    with start(BY_TOKEN) as provider:
        spent = provider.server.registration_tokens.create(uses=1).token.reveal()
        http = provider.http()
        assert http.post(REG, json=METADATA, headers=bearer(spent)).status_code == 201

        for headers in ({}, bearer("wrong"), bearer(spent)):
            for body in (b"", b"{", json.dumps({"redirect_uris": ["javascript:x"]}).encode()):
                answer = http.post(REG, content=body, headers={**JSON_TYPE, **headers})
                assert refusal(answer, 401) == "invalid_token"


def test_an_initial_token_expires(start: Start) -> None:
    with start(BY_TOKEN) as provider:
        made = provider.server.registration_tokens.create(expires_in=timedelta(hours=1))
        headers = bearer(made.token.reveal())

        before = provider.http().post(REG, json=METADATA, headers=headers)
        provider.clock.advance(timedelta(hours=1))
        after = provider.http().post(REG, json=METADATA, headers=headers)

        assert before.status_code == 201
        assert refusal(after, 401) == "invalid_token"


def test_the_last_use_of_an_initial_token_is_had_once(start: Start) -> None:
    with start(BY_TOKEN) as provider:
        headers = bearer(provider.server.registration_tokens.create(uses=1).token.reveal())

        answers = race(6, lambda: provider.http().post(REG, json=METADATA, headers=headers))

        assert sorted(answer.status_code for answer in answers) == [201] + [401] * 5
        assert len(provider.server.clients.list()) == 1


def test_a_registration_is_replaced_as_a_whole(start: Start) -> None:
    with start(OPEN) as provider:
        told = registered(provider, contacts=["anna@example.com"], client_uri="https://app.example")
        new = {"client_id": told["client_id"], "redirect_uris": ["https://app.example/cb"]}

        answer = body_of(managed(provider, told, "PUT", **new, client_name="Books"))
        client = provider.server.clients.show(told["client_id"]).client

        assert answer["redirect_uris"] == ["https://app.example/cb"]
        assert not {"contacts", "client_uri", "client_secret"} & answer.keys()
        assert (client.name, client.metadata.contacts) == ("Books", ())
        assert client.metadata.is_dynamic
        assert client.metadata.is_third_party
        assert refusal(party_of(provider, told).exchange("unknown")) == "invalid_grant"


def test_a_client_that_changes_its_method_gets_and_loses_its_secret(
    open_provider: Provider,
) -> None:
    told = registered(open_provider, token_endpoint_auth_method="none")
    same = {**METADATA, "client_id": told["client_id"]}

    with_secret = body_of(managed(open_provider, told, "PUT", **same))
    again = body_of(managed(open_provider, told, "PUT", **same))
    known = party_of(open_provider, with_secret).post("/oidc/token", grant_type="x")
    without = body_of(
        managed(open_provider, told, "PUT", **same, token_endpoint_auth_method="none")
    )

    assert with_secret["client_secret"]
    assert with_secret["client_secret_expires_at"] == 0
    assert "client_secret" not in again
    assert refusal(known) == "unsupported_grant_type"
    assert "client_secret" not in without
    assert open_provider.server.clients.show(told["client_id"]).secrets == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"client_id": None},
        {"client_secret": "wrong"},
        {"client_secret": 1},
        {"registration_access_token": "x"},
        {"registration_client_uri": "x"},
        {"client_secret_expires_at": 0},
        {"client_id_issued_at": 0},
        {"application_type": "native"},
        {"subject_type": "pairwise"},
    ],
    ids=str,
)
def test_an_update_cannot_change_what_is_not_the_clients(
    open_provider: Provider, changes: dict[str, object]
) -> None:
    told = registered(open_provider)
    before = open_provider.server.clients.show(told["client_id"])

    answer = managed(
        open_provider, told, "PUT", **{**METADATA, "client_id": told["client_id"], **changes}
    )

    assert refusal(answer) == "invalid_client_metadata"
    assert open_provider.server.clients.show(told["client_id"]) == before


def test_an_update_keeps_what_the_operator_decided(open_provider: Provider) -> None:
    told = registered(open_provider)
    changes = ClientChanges(metadata={"access_token_lifetime": timedelta(minutes=5)})
    open_provider.server.clients.update(told["client_id"], changes)

    managed(
        open_provider,
        told,
        "PUT",
        **METADATA,
        client_id=told["client_id"],
        access_token_lifetime=1e9,
        may_introspect_all=True,
        is_third_party=False,
        is_dynamic=False,
    )

    metadata = open_provider.server.clients.show(told["client_id"]).client.metadata
    assert metadata.access_token_lifetime == timedelta(minutes=5)
    assert metadata.is_third_party
    assert not metadata.may_introspect_all


def test_an_update_keeps_what_the_operator_decided_about_pkce(open_provider: Provider) -> None:
    told = registered(open_provider)
    clients, client_id = open_provider.server.clients, told["client_id"]
    same = {**METADATA, "client_id": client_id}

    def is_exempt_after(**changes: object) -> bool:
        body_of(managed(open_provider, told, "PUT", **same, **changes))
        return clients.show(client_id).client.is_exempt_from_pkce

    assert not is_exempt_after()
    clients.update(client_id, ClientChanges(requires_pkce=False))
    assert is_exempt_after()
    assert not is_exempt_after(token_endpoint_auth_method="none")
    assert not is_exempt_after()


def test_an_operator_who_asks_one_client_for_pkce_is_not_undone_by_it(start: Start) -> None:
    with start({**OPEN, "AUTHSERVER_REGISTRATION__REQUIRE_PKCE": "false"}) as provider:
        told = registered(provider)
        clients, client_id = provider.server.clients, told["client_id"]
        assert clients.show(client_id).client.is_exempt_from_pkce
        clients.update(client_id, ClientChanges(requires_pkce=True))

        body_of(managed(provider, told, "PUT", **METADATA, client_id=client_id))

        assert not clients.show(client_id).client.is_exempt_from_pkce


def test_a_client_deletes_itself(start: Start) -> None:
    with start(OPEN) as provider:
        told = registered(provider)
        client = party_of(provider, told)
        access = tokens_of(client)["access_token"]

        deleted = managed(provider, told, "DELETE")

        assert (deleted.status_code, deleted.content) == (204, b"")
        assert refusal(managed(provider, told, "GET"), 401) == "invalid_token"
        assert refusal(client.userinfo(access), 401) == "invalid_token"
        assert told["client_id"] not in {each.id for each in provider.server.clients.list()}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_registration_is_managed_with_its_own_token_alone(
    open_provider: Provider, method: str
) -> None:
    mine, other = registered(open_provider), registered(open_provider)
    own_client = open_provider.new_client().client.id
    tokens = [None, "", "wrong", other["registration_access_token"], "ä", "x" * 5000]
    for client_id in (mine["client_id"], own_client, "authserver-account", "unknown", "%00"):
        for token in tokens:
            headers = {} if token is None else {b"Authorization": f"Bearer {token}".encode()}
            answer = open_provider.http().request(
                method, f"{REG}/{client_id}", headers=headers, json={**METADATA}
            )

            assert refusal(answer, 401) == "invalid_token"
    assert body_of(managed(open_provider, mine, "GET"))["client_id"] == mine["client_id"]


def test_no_secret_of_a_registration_is_stored_as_it_is(
    sqlite_database: str, tmp_path: Path
) -> None:
    with running_provider(tmp_path, sqlite_database, settings=OPEN) as provider:
        told = registered(provider)
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert told["client_id"].encode() in files
    for name in ("client_secret", "registration_access_token"):
        assert told[name].encode() not in files


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_userinfo_is_signed_for_who_registered_it(provider: Provider, algorithm: str) -> None:
    provider.server.signing_keys.ensure(SigningAlgorithm(algorithm))
    client = RelyingParty.registered(provider)
    changes = {"userinfo_signed_response_alg": SigningAlgorithm(algorithm)}
    provider.server.clients.update(client.id, ClientChanges(metadata=changes))
    tokens = client.tokens(nonce="the nonce")

    answer = client.userinfo(tokens["access_token"])

    claims = proven(answer.text, body_of(client.http.get("/oidc/jwks")))
    assert answer.headers["Content-Type"] == "application/jwt"
    assert answer.headers["Cache-Control"] == "no-store"
    assert header_of(answer.text)["alg"] == algorithm
    assert (claims["iss"], claims["aud"]) == (f"{ENDPOINT}/oidc", client.id)
    assert claims["sub"] == client.claims(tokens["id_token"])["sub"]
    assert claims["email"] == "anna@example.com"
    assert "nonce" not in claims


NAMES = st.sampled_from([*METADATA, "jwks", "jwks_uri", "contacts", "grant_types", "logo_uri"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["keys", "kty", "n", "e", "d"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=200,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=st.dictionaries(NAMES, VALUES, max_size=4))
def test_whatever_is_sent_is_registered_or_refused(
    open_provider: Provider, changes: dict[str, object]
) -> None:
    body = json.dumps({**METADATA, **changes})

    answer = open_provider.http().post(REG, content=body, headers=JSON_TYPE)

    assert answer.status_code in {201, 400}
