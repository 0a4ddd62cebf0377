"""Tokens that are offered as ours but are not: no key, no algorithm and no issuer but our own."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import RSAKey

from tests.oidc.relying_party import RelyingParty, answer_in, header_of, unpadded
from tests.support.person import Person
from tests.support.provider import HOME, Provider

OWN_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OWN_PUBLIC = RSAKey.import_key(
    OWN_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
).as_dict()
Forger = Callable[[str, RelyingParty], str]


def part(content: dict[str, Any]) -> str:
    return unpadded(json.dumps(content).encode())


def claims_in(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def published(client: RelyingParty) -> dict[str, str]:
    key: dict[str, str] = client.http.get("/oidc/jwks").json()["keys"][0]
    return key


def signed_by_stranger(header: dict[str, Any], claims: dict[str, Any]) -> str:
    head = f"{part(header)}.{part(claims)}"
    signature = OWN_KEY.sign(head.encode(), padding.PKCS1v15(), SHA256())
    return f"{head}.{unpadded(signature)}"


def with_mac(token: str, header: dict[str, Any], secret: bytes) -> str:
    head = f"{part(header)}.{token.split('.')[1]}"
    return f"{head}.{unpadded(hmac.digest(secret, head.encode(), hashlib.sha256))}"


def unsigned(token: str, _: RelyingParty) -> str:
    return f"{part({'alg': 'none'})}.{token.split('.')[1]}."


def unsigned_under_our_key(token: str, _: RelyingParty) -> str:
    return f"{part({**header_of(token), 'alg': 'None'})}.{token.split('.')[1]}."


def stripped(token: str, _: RelyingParty) -> str:
    return token.rpartition(".")[0] + "."


def mac_by_public_pem(token: str, client: RelyingParty) -> str:
    pem = RSAKey.import_key(dict(published(client))).as_pem(private=False)
    return with_mac(token, {**header_of(token), "alg": "HS256"}, pem)


def mac_by_public_jwk(token: str, client: RelyingParty) -> str:
    jwk = json.dumps(published(client)).encode()
    return with_mac(token, {**header_of(token), "alg": "HS256"}, jwk)


def mac_by_client_secret(token: str, client: RelyingParty) -> str:
    return with_mac(token, {"alg": "HS256", "typ": "JWT"}, str(client.secret).encode())


def key_in_the_header(token: str, _: RelyingParty) -> str:
    return signed_by_stranger({"alg": "RS256", "typ": "JWT", "jwk": OWN_PUBLIC}, claims_in(token))


def key_in_the_header_under_our_kid(token: str, _: RelyingParty) -> str:
    return signed_by_stranger({**header_of(token), "jwk": OWN_PUBLIC}, claims_in(token))


def key_by_address(token: str, _: RelyingParty) -> str:
    header = {**header_of(token), "jku": "https://evil.example/jwks", "x5u": "file:///etc/passwd"}
    return signed_by_stranger(header, claims_in(token))


def foreign_key_under_our_kid(token: str, _: RelyingParty) -> str:
    return signed_by_stranger(header_of(token), claims_in(token))


def foreign_kid(token: str, _: RelyingParty) -> str:
    return signed_by_stranger({"alg": "RS256", "typ": "JWT", "kid": "theirs"}, claims_in(token))


def no_kid(token: str, _: RelyingParty) -> str:
    return signed_by_stranger({"alg": "RS256", "typ": "JWT"}, claims_in(token))


def kid_that_is_no_text(token: str, _: RelyingParty) -> str:
    return signed_by_stranger({"alg": "RS256", "typ": "JWT", "kid": ["x"]}, claims_in(token))


def other_algorithm_of_a_fitting_key(token: str, _: RelyingParty) -> str:
    return f"{part({**header_of(token), 'alg': 'PS256'})}.{token.split('.', 1)[1]}"


def changed_claims(token: str, _: RelyingParty) -> str:
    header, _body, signature = token.split(".")
    return f"{header}.{part({**claims_in(token), 'sub': 'somebody'})}.{signature}"


def changed_header(token: str, _: RelyingParty) -> str:
    return f"{part({**header_of(token), 'crit': ['b64'], 'b64': False})}.{token.split('.', 1)[1]}"


def nested_deeply(token: str, _: RelyingParty) -> str:
    return f"{unpadded(b'[' * 5000)}.{token.split('.', 1)[1]}"


def too_long(token: str, _: RelyingParty) -> str:
    return signed_by_stranger(header_of(token), {**claims_in(token), "x": "x" * 14000})


def rubbish(_: str, __: RelyingParty) -> str:
    return "ä.b.c"


FORGERS = [
    unsigned,
    unsigned_under_our_key,
    stripped,
    mac_by_public_pem,
    mac_by_public_jwk,
    mac_by_client_secret,
    key_in_the_header,
    key_in_the_header_under_our_kid,
    key_by_address,
    foreign_key_under_our_kid,
    foreign_kid,
    no_kid,
    kid_that_is_no_text,
    other_algorithm_of_a_fitting_key,
    changed_claims,
    changed_header,
    nested_deeply,
    too_long,
    rubbish,
]


@pytest.fixture(scope="module")
def signed_in(shared_provider: Provider) -> Iterator[tuple[RelyingParty, Person, str]]:
    """Yield a client, somebody signed in to it, and the genuine hint."""
    client = RelyingParty.registered(shared_provider)
    person = shared_provider.person()
    yield client, person, client.tokens(person)["id_token"]
    # The genuine one still does what none of the forged ones could: it comes last.
    hint = client.tokens(person, prompt="login")["id_token"]
    logout = client.logout_url(client_id=None, id_token_hint=hint)
    assert person.follow(logout).headers["Location"] == HOME


@pytest.mark.parametrize("forge", FORGERS)
def test_a_forged_hint_proves_nobody_and_redirects_nobody(
    signed_in: tuple[RelyingParty, Person, str], forge: Forger
) -> None:
    client, person, hint = signed_in
    forged = forge(hint, client)

    silent = person.follow(client.url(prompt="none", id_token_hint=forged))
    logouts = [
        person.follow(client.logout_url(id_token_hint=forged, client_id=client_id))
        for client_id in (None, client.id)
    ]

    refused = answer_in(silent.headers["Location"])["error"]
    assert refused in {"login_required", "invalid_request"}
    for logout in logouts:
        assert logout.status_code in {200, 400}
        assert "Location" not in logout.headers
    assert client.silent_code(person, prompt="none", id_token_hint=hint)


@pytest.mark.parametrize("forge", FORGERS)
def test_a_forged_token_is_no_access_token(
    signed_in: tuple[RelyingParty, Person, str], forge: Forger
) -> None:
    client, _, hint = signed_in

    for token in (hint, forge(hint, client)):
        header = {b"Authorization": f"Bearer {token}".encode("latin-1")}
        assert client.http.get("/oidc/me", headers=header).status_code == 401


def test_a_hint_of_a_retired_key_is_not_ours_any_more(client: RelyingParty) -> None:
    person = client.provider.person()
    hint = client.tokens(person)["id_token"]
    signing_keys = client.provider.server.signing_keys
    old = header_of(hint)["kid"]
    signing_keys.rotate()
    assert client.silent_code(person, prompt="none", id_token_hint=hint)
    signing_keys.retire(old)

    answer = person.pass_through(client.url(prompt="none", id_token_hint=hint))

    assert answer_in(answer)["error"] == "login_required"
