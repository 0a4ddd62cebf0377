"""Clients that prove themselves by a JWT which they have signed (RFC 7523, OIDC Core §9)."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from functools import partial

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authserver.administration.clients import ClientChanges
from authserver.administration.mistakes import ClientInvalid
from authserver.domain.signing_keys import SigningAlgorithm
from tests.oidc.relying_party import RelyingParty, body_of, refusal
from tests.oidc.signing_client import FIELDS, JWT_BEARER, SigningClient, new_key, part, public_set
from tests.storage.racing import race_of
from tests.support.provider import ENDPOINT, Provider

ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"]
ISSUER = f"{ENDPOINT}/oidc"
NEVER = [float("nan"), float("inf"), "soon", True, None, {}, [], 10**400, -1, 1e308, 0]


@pytest.fixture(scope="module")
def signer(shared_provider: Provider) -> SigningClient:
    return SigningClient.registered(shared_provider)


def is_known(response: httpx.Response) -> bool:
    """Tell whether the client was believed: then only the token is at fault."""
    return refusal(response, response.status_code) == "invalid_grant"


def is_refused(response: httpx.Response) -> bool:
    return refusal(response, 401) == "invalid_client"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_listed_algorithm_proves_the_client(
    shared_provider: Provider, algorithm: str
) -> None:
    client = SigningClient.registered(shared_provider, algorithm)

    assert is_known(client.ask())
    assert is_known(client.ask(client_id=client.id))


def test_a_client_exchanges_refreshes_introspects_and_revokes_by_assertions(
    either_provider: Provider,
) -> None:
    client = SigningClient.registered(either_provider)
    party = client.relying_party
    code = party.sign_in()

    def proof() -> dict[str, str]:
        return {"client_assertion_type": JWT_BEARER, "client_assertion": client.assertion()}

    def posted(path: str, **fields: str) -> httpx.Response:
        return client.http.post(path, data={**fields, **proof()})

    refused = party.exchange(code, client_secret="guessed")
    tokens = body_of(party.exchange(code, client_id=None, **proof()))
    more = body_of(
        posted("/oidc/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    )
    known = posted("/oidc/token/introspection", token=more["access_token"])
    revoked = posted("/oidc/token/revocation", token=more["refresh_token"])
    gone = posted("/oidc/token/introspection", token=more["access_token"])

    assert is_refused(refused)
    assert party.claims(tokens["id_token"])["aud"] == client.id
    assert body_of(known)["active"] is True
    assert revoked.status_code == 200
    assert body_of(gone) == {"active": False}


@pytest.mark.parametrize(
    "audience", [ISSUER, f"{ISSUER}/token", [ISSUER], ["https://other.example", f"{ISSUER}/token"]]
)
def test_the_audience_is_the_issuer_or_the_token_endpoint(
    signer: SigningClient, audience: object
) -> None:
    assert is_known(signer.ask(signer.assertion(aud=audience)))


@pytest.mark.parametrize(
    "audience",
    [
        *(None, "", "https://other.example", ISSUER + "/", ISSUER[:-1], ENDPOINT, ISSUER.upper()),
        *([], [None], {"aud": ISSUER}, 1, [[ISSUER]], ["x"] * 10 + [ISSUER], f"{ISSUER}/reg"),
    ],
)
def test_an_assertion_for_anybody_else_is_refused(signer: SigningClient, audience: object) -> None:
    assert is_refused(signer.ask(signer.assertion(aud=audience)))


@pytest.mark.parametrize("name", ["iss", "sub"])
@pytest.mark.parametrize("value", [None, "", "somebody else", 1, ["x"], "\x00", "\ud800", "x" * 99])
def test_issuer_and_subject_are_the_client(signer: SigningClient, name: str, value: object) -> None:
    assert is_refused(signer.ask(signer.assertion(**{name: value})))


@pytest.mark.parametrize("seconds", [1, 600, 3600])
def test_an_assertion_may_live_for_an_hour(signer: SigningClient, seconds: int) -> None:
    exp = signer.provider.clock.now().timestamp() + seconds

    assert is_known(signer.ask(signer.assertion(exp=exp)))


@pytest.mark.parametrize("seconds", [0, -1, -300, 3661, 86400])
def test_an_assertion_that_is_over_or_lives_too_long_is_refused(
    signer: SigningClient, seconds: int
) -> None:
    exp = signer.provider.clock.now().timestamp() + seconds

    assert is_refused(signer.ask(signer.assertion(exp=exp)))


@pytest.mark.parametrize("value", NEVER)
def test_an_expiry_that_is_no_number_to_come_is_refused(
    signer: SigningClient, value: object
) -> None:
    assert is_refused(signer.ask(signer.assertion(exp=value)))


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_clocks_may_differ_by_a_minute(signer: SigningClient, name: str) -> None:
    now = signer.provider.clock.now().timestamp()

    assert is_known(signer.ask(signer.assertion(**{name: now + 8})))
    assert is_known(signer.ask(signer.assertion(**{name: now + 60})))
    assert is_refused(signer.ask(signer.assertion(**{name: now + 61})))
    assert is_refused(signer.ask(signer.assertion(**{name: "now"})))


def test_an_assertion_needs_no_time_of_issue(signer: SigningClient) -> None:
    assert is_known(signer.ask(signer.assertion(iat=None)))


@pytest.mark.parametrize("jti", [None, "", 1, ["a"], "x" * 257])
def test_an_assertion_needs_an_id(signer: SigningClient, jti: object) -> None:
    assert is_refused(signer.ask(signer.assertion(jti=jti)))


def test_an_assertion_is_believed_once_even_if_its_request_failed(
    either_provider: Provider,
) -> None:
    client = SigningClient.registered(either_provider)
    assertion = client.assertion()

    assert is_known(client.ask(assertion))
    assert is_refused(client.ask(assertion))
    assert is_known(client.ask())


def test_an_id_that_is_used_again_in_another_assertion_is_refused(signer: SigningClient) -> None:
    assert is_known(signer.ask(signer.assertion(jti="the same")))
    assert is_refused(signer.ask(signer.assertion(jti="the same", aud=f"{ISSUER}/token")))


def test_two_clients_may_use_the_same_id(shared_provider: Provider, signer: SigningClient) -> None:
    other = SigningClient.registered(shared_provider)

    assert is_known(signer.ask(signer.assertion(jti="everybody's")))
    assert is_known(other.ask(other.assertion(jti="everybody's")))


def test_an_id_is_held_until_the_assertion_has_expired(either_provider: Provider) -> None:
    client = SigningClient.registered(either_provider)
    assertion = client.assertion(
        exp=int(either_provider.clock.now().timestamp()) + 3600, jti="long"
    )
    assert is_known(client.ask(assertion))

    either_provider.clock.advance(timedelta(minutes=59))
    either_provider.server.prune()
    assert is_refused(client.ask(assertion))

    either_provider.clock.advance(timedelta(minutes=2))
    assert either_provider.server.prune()["used_assertions"] == 1
    assert is_refused(client.ask(assertion))


def test_of_the_same_assertion_sent_at_once_one_is_believed(either_provider: Provider) -> None:
    client = SigningClient.registered(either_provider)
    for _ in range(5):
        assertion = client.assertion()

        answers = race_of([partial(client.ask, assertion)] * 6)

        assert sorted(map(is_known, answers)) == [False] * 5 + [True]


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "client-authentication+jwt"])
def test_the_type_may_be_left_out(signer: SigningClient, typ: str | None) -> None:
    assert is_known(signer.ask(signer.assertion({"typ": typ})))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "at+jwt"},
        {"typ": "logout+jwt"},
        {"typ": 1},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"b64": True},
        {"zip": "DEF"},
        {"kid": 1},
        {"kid": ""},
        {"kid": "unknown"},
        {"kid": "one\x00"},
    ],
)
def test_a_header_that_is_not_understood_is_refused(
    signer: SigningClient, header: dict[str, object]
) -> None:
    assert is_refused(signer.ask(signer.assertion(header)))


def test_who_registered_an_algorithm_is_believed_by_no_other(shared_provider: Provider) -> None:
    client = SigningClient.registered(shared_provider, "RS256")

    def only(algorithm: SigningAlgorithm | None) -> None:
        chosen = ClientChanges(metadata={"token_endpoint_auth_signing_alg": algorithm})
        shared_provider.server.clients.update(client.id, chosen)

    def is_taken(algorithm: str) -> bool:
        header, payload = part(client.header(alg=algorithm)), part(json.dumps(client.claims()))
        return is_known(client.ask(client.signed(header, payload, algorithm)))

    assert [is_taken("RS256"), is_taken("PS256")] == [True, True]
    only(SigningAlgorithm.PS256)
    assert [is_taken("RS256"), is_taken("PS256")] == [False, True]
    only(None)
    assert is_taken("RS256")


def test_without_a_key_id_every_key_that_fits_is_tried(signer: SigningClient) -> None:
    assert is_known(signer.ask(signer.assertion({"kid": None})))


def test_keys_in_the_header_are_not_believed(signer: SigningClient) -> None:
    forger = SigningClient(signer.provider, "ES256", new_key("ES256"), signer.made)
    own = forger.key.as_dict(private=False)
    for header in (
        {"jwk": own},
        {"jwk": own, "kid": None},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/chain", "kid": "unknown"},
    ):
        assert is_refused(signer.ask(forger.assertion(header)))


def test_an_unsigned_assertion_is_refused(signer: SigningClient) -> None:
    for name in ("none", "None", "NONE", "", None, ["none"], 1):
        header, payload = part(signer.header(alg=name)), part(json.dumps(signer.claims()))

        assert is_refused(signer.ask(f"{header}.{payload}."))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_public_key_is_no_shared_secret(shared_provider: Provider, algorithm: str) -> None:
    client = SigningClient.registered(shared_provider, algorithm)
    signing_input = f"{part(client.header(alg='HS256'))}.{part(json.dumps(client.claims()))}"
    published = client.key.as_dict(private=False)
    for secret in (
        client.key.as_pem(private=False),
        client.key.as_der(private=False),
        json.dumps(published).encode(),
        str(published.get("n") or published["x"]).encode(),
    ):
        digest = hmac.new(secret, signing_input.encode(), hashlib.sha256).digest()
        signature = urlsafe_b64encode(digest).rstrip(b"=").decode()

        assert is_refused(client.ask(f"{signing_input}.{signature}"))


def test_the_algorithm_has_to_fit_the_key(shared_provider: Provider) -> None:
    client = SigningClient.registered(shared_provider, "RS256")
    header, payload = part(client.header(alg="ES256")), part(json.dumps(client.claims()))

    assert is_refused(client.ask(client.signed(header, payload)))
    assert is_known(client.ask(client.assertion({"alg": "PS256"})))


def test_an_algorithm_that_is_not_listed_is_refused_although_the_key_fits(
    shared_provider: Provider,
) -> None:
    client = SigningClient.registered(shared_provider, "RS256")

    for name in ("RS384", "RS512", "PS384", "PS512"):
        assert is_refused(client.ask(client.assertion({"alg": name})))


def test_a_key_that_names_its_algorithm_serves_no_other(shared_provider: Provider) -> None:
    client = SigningClient.registered(shared_provider, "RS256")
    published = public_set(client.key)
    published["keys"][0]["alg"] = "RS256"
    change(client, jwks=published)

    assert is_known(client.ask())
    assert is_refused(client.ask(client.assertion({"alg": "PS256"})))


@pytest.mark.parametrize(
    "changes",
    [{"use": "enc"}, {"key_ops": ["sign"]}, {"alg": "RS256"}, {"alg": "none"}, {"crv": "P-384"}],
)
def test_a_key_for_something_else_proves_nothing(
    shared_provider: Provider, changes: dict[str, object]
) -> None:
    client = SigningClient.registered(shared_provider)
    published = public_set(client.key)
    published["keys"][0].update(changes)

    # Where no key could ever prove anything, the operator is told at once.
    with pytest.raises(ClientInvalid, match="no public key that could be used"):
        change(client, jwks=published)
    usable = public_set(client.key)["keys"][0] | {"kid": "usable"}
    change(client, jwks={"keys": [*published["keys"], usable]})

    assert is_refused(client.ask())


def test_a_signature_that_was_tampered_with_is_refused(signer: SigningClient) -> None:
    header, _, signature = signer.assertion().split(".")
    payload = part(json.dumps(signer.claims(jti="changed")))

    assert is_refused(signer.ask(f"{header}.{payload}.{signature}"))
    assert is_refused(signer.ask(f"{header}.{payload}."))
    assert is_refused(signer.ask(f"{header}.{payload}.{signature[:-4]}"))


@pytest.mark.parametrize(
    "assertion",
    [
        *("x", "..", "a.b.c", "e30.e30.", "e30.e30.e30", "e30", "." * 100, "ä.ö.ü"),
        *("A" * 9000, "e30." + part("[" * 6000) + ".e30", part("[]") + ".e30.e30"),
        *(
            part('{"alg":"ES256"}') + "." + each + ".e30"
            for each in ("", "e30", part("[]"), "Zm9v")
        ),
        *(part('{"alg":"ES256","kid":{}}') + ".e30.e30", part("9" * 5000) + ".e30.e30"),
    ],
)
def test_what_is_no_assertion_is_refused(signer: SigningClient, assertion: str) -> None:
    assert is_refused(signer.ask(assertion))


def test_the_type_of_the_assertion_has_to_be_said(signer: SigningClient) -> None:
    for kind in ("", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer", JWT_BEARER + "x"):
        assert is_refused(signer.ask(signer.assertion(), client_assertion_type=kind))
    assert is_refused(signer.http.post("/oidc/token", data={"client_assertion_type": JWT_BEARER}))


def test_the_id_beside_the_assertion_must_be_the_same(
    signer: SigningClient, shared_client: RelyingParty
) -> None:
    assert is_refused(signer.ask(client_id=shared_client.id))


def test_the_registered_method_is_the_only_one(
    signer: SigningClient, shared_client: RelyingParty
) -> None:
    with_secret = {**FIELDS, "client_id": signer.id}
    key = new_key("ES256")
    stranger = SigningClient(signer.provider, "ES256", key, signer.made)
    stranger.id = str(shared_client.id)

    assert is_refused(signer.http.post("/oidc/token", data=with_secret))
    assert is_refused(signer.http.post("/oidc/token", data={**with_secret, "client_secret": "s"}))
    assert is_refused(
        signer.http.post("/oidc/token/revocation", data={**with_secret, "token": "t"})
    )
    assert is_refused(stranger.ask())


def test_two_methods_in_one_request_are_refused_even_if_one_is_right(
    signer: SigningClient,
) -> None:
    both = signer.ask(client_id=signer.id, client_secret="secret")
    header = signer.http.post(
        "/oidc/token",
        data={"client_assertion_type": JWT_BEARER, "client_assertion": signer.assertion()},
        auth=(signer.id, "secret"),
    )

    assert refusal(both) == "invalid_request"
    assert refusal(header) == "invalid_request"


def test_a_client_that_signs_has_no_secret(signer: SigningClient) -> None:
    assert signer.made.secret is None
    assert signer.provider.server.clients.show(signer.id).secrets == ()


def change(client: SigningClient, **metadata: object) -> None:
    """Change what is registered of a client."""
    client.provider.server.clients.update(client.id, ClientChanges(metadata=metadata))


TEXTS = st.sampled_from(["", "JWT", "ES256", "RS256", "none", ISSUER, "\x00", "\ud800"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
HEADERS = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64", "zip", "jwk", "jku", "x5c"]), JSON
)
CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "jti"]), JSON, min_size=1
)


@settings(
    max_examples=200,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(header=HEADERS, claims=CLAIMS, is_signed=st.booleans())
def test_whatever_an_assertion_holds_it_proves_the_client_or_is_refused(
    signer: SigningClient, header: dict[str, object], claims: dict[str, object], *, is_signed: bool
) -> None:
    protected, payload = part(signer.header(**header)), part(json.dumps(signer.claims(**claims)))
    assertion = signer.signed(protected, payload) if is_signed else f"{protected}.{payload}.e30"

    answer = signer.ask(assertion)

    assert answer.status_code in {400, 401}
    if not is_signed:
        assert is_refused(answer)
