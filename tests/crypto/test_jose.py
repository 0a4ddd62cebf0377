import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from joserfc import jwk, jws
from joserfc import jwt as second_opinion
from joserfc.jwk import RSAKey
from jwt.algorithms import get_default_algorithms

from authserver.crypto.jose import (
    LONGEST_TOKEN,
    KeyPair,
    TokenInvalid,
    new_private_key,
    open_private_key,
    public_jwk,
    read_own_token,
)
from authserver.domain.signing_keys import SigningAlgorithm

ISSUER = "https://id.example/oidc"
CLAIMS = {"iss": ISSUER, "sub": "ada", "aud": "shop", "exp": 1, "iat": 0, "nonce": "ñ"}
RS256, ES256 = SigningAlgorithm.RS256, SigningAlgorithm.ES256
ES256_SIGNER: Any = get_default_algorithms()["ES256"]
SECRET_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k"}


@cache
def key_of(algorithm: SigningAlgorithm) -> tuple[KeyPair, dict[str, str]]:
    der = new_private_key(algorithm)
    public = public_jwk(der, algorithm)
    return KeyPair(public["kid"], algorithm, open_private_key(der)), public


def published(*algorithms: SigningAlgorithm) -> dict[str, Any]:
    return {
        key_of(algorithm)[1]["kid"]: (algorithm, key_of(algorithm)[1]) for algorithm in algorithms
    }


def read(token: str, issuer: str = ISSUER) -> dict[str, Any]:
    return read_own_token(token, published(*SigningAlgorithm), issuer=issuer)


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def segment(content: Mapping[str, object]) -> str:
    return encoded(json.dumps(content).encode())


def forged(header: Mapping[str, object], key: bytes | None = None) -> str:
    """Return a token with `header`, signed by HMAC where a key is given."""
    signed = f"{segment(header)}.{segment(CLAIMS)}"
    signature = b"" if key is None else hmac.digest(key, signed.encode(), sha256)
    return f"{signed}.{encoded(signature)}"


def signed_by_hand(extension: Mapping[str, object], claims: Mapping[str, object]) -> str:
    """Return a token that our own key has signed, whatever header and claims say."""
    pair, _ = key_of(ES256)
    header = {"alg": "ES256", "kid": pair.kid, "typ": "JWT", **extension}
    signed = f"{segment(header)}.{segment(claims)}"
    return f"{signed}.{encoded(ES256_SIGNER.sign(signed.encode(), pair.private_key))}"


@pytest.mark.parametrize("algorithm", SigningAlgorithm)
def test_a_signed_token_is_read_again(algorithm: SigningAlgorithm) -> None:
    pair, _ = key_of(algorithm)

    assert read(pair.sign(CLAIMS)) == CLAIMS


# That library would rather read "Ed25519" (RFC 9864), which relying parties do not know yet.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
@pytest.mark.parametrize("algorithm", SigningAlgorithm)
def test_another_library_agrees_with_the_signature(algorithm: SigningAlgorithm) -> None:
    pair, public = key_of(algorithm)

    token = second_opinion.decode(
        pair.sign(CLAIMS), jwk.import_key(dict(public)), algorithms=[algorithm.value]
    )

    assert token.claims == CLAIMS
    assert token.header == {"alg": algorithm.value, "kid": public["kid"], "typ": "JWT"}


@pytest.mark.parametrize("algorithm", SigningAlgorithm)
def test_a_public_jwk_holds_strings_only_and_nothing_secret(algorithm: SigningAlgorithm) -> None:
    _, public = key_of(algorithm)

    assert {type(value) for value in public.values()} == {str}
    assert not SECRET_MEMBERS & public.keys()
    assert (public["use"], public["alg"]) == ("sig", algorithm.value)


def test_keys_are_told_apart_by_their_ids() -> None:
    ids = {public_jwk(new_private_key(ES256), ES256)["kid"] for _ in range(5)}

    assert len(ids) == 5


def test_one_key_for_two_algorithms_has_two_ids() -> None:
    der = new_private_key(RS256)

    assert public_jwk(der, RS256)["kid"] != public_jwk(der, SigningAlgorithm.PS256)["kid"]


def test_an_expired_token_is_still_ours() -> None:
    assert read(key_of(RS256)[0].sign(CLAIMS | {"exp": -1}))["exp"] == -1


def test_a_token_without_signature_is_refused() -> None:
    kid = key_of(RS256)[1]["kid"]

    for name in ("none", "None", "NONE", ""):
        with pytest.raises(TokenInvalid):
            read(forged({"alg": name, "kid": kid, "typ": "JWT"}))


def test_a_token_keyed_with_the_published_key_is_refused() -> None:
    pair, public = key_of(RS256)
    pem = RSAKey.import_key(dict(public)).as_pem(private=False)

    for secret in (pem, pem.strip(), json.dumps(public).encode(), public["n"].encode()):
        with pytest.raises(TokenInvalid):
            read(forged({"alg": "HS256", "kid": pair.kid, "typ": "JWT"}, secret))


def test_a_token_in_an_algorithm_that_its_key_is_not_for_is_refused() -> None:
    pair, _ = key_of(RS256)
    other = KeyPair(pair.kid, SigningAlgorithm.PS256, pair.private_key)

    with pytest.raises(TokenInvalid):
        read(other.sign(CLAIMS))


def test_a_token_of_a_foreign_key_is_refused() -> None:
    private = open_private_key(new_private_key(RS256))

    for kid in ("unheard-of", key_of(RS256)[0].kid):
        with pytest.raises(TokenInvalid):
            read(KeyPair(kid, RS256, private).sign(CLAIMS))


def test_a_key_that_the_token_brings_along_is_not_trusted() -> None:
    foreign = jwk.generate_key("EC", "P-256")
    bare = {"alg": "ES256", "typ": "JWT", "jwk": foreign.as_dict(private=False)}

    for header in (bare, bare | {"kid": key_of(ES256)[0].kid}):
        with pytest.raises(TokenInvalid):
            read(jws.serialize_compact(header, json.dumps(CLAIMS), foreign))


@pytest.mark.parametrize(
    "issuer", ["https://id.example/oid", "https://id.example", "https://id.example/oidc/", ""]
)
def test_a_token_of_another_issuer_is_refused(issuer: str) -> None:
    pair, _ = key_of(RS256)

    with pytest.raises(TokenInvalid):
        read(pair.sign(CLAIMS | {"iss": issuer}))
    with pytest.raises(TokenInvalid):
        read(pair.sign(CLAIMS), issuer=issuer)


@pytest.mark.parametrize("issuer", [[ISSUER], {ISSUER: 1}, None, 1])
def test_an_issuer_that_is_no_text_is_refused(issuer: object) -> None:
    with pytest.raises(TokenInvalid):
        read(signed_by_hand({}, CLAIMS | {"iss": issuer}))


def test_a_token_signed_by_hand_is_read_where_nothing_is_wrong_with_it() -> None:
    assert read(signed_by_hand({}, CLAIMS)) == CLAIMS


@pytest.mark.parametrize("missing", ["iss", "sub", "aud", "exp", "iat"])
def test_a_token_without_a_claim_of_every_id_token_is_refused(missing: str) -> None:
    claims = {name: value for name, value in CLAIMS.items() if name != missing}

    with pytest.raises(TokenInvalid):
        read(key_of(RS256)[0].sign(claims))


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", ""])
def test_a_token_of_another_type_is_refused(typ: str) -> None:
    with pytest.raises(TokenInvalid):
        read(key_of(RS256)[0].sign(CLAIMS, typ=typ))


def test_an_oversized_token_is_refused() -> None:
    pair, _ = key_of(RS256)

    with pytest.raises(TokenInvalid):
        read(pair.sign(CLAIMS | {"padding": "x" * LONGEST_TOKEN}))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_with_an_altered_part_is_refused(part: int) -> None:
    parts = key_of(RS256)[0].sign(CLAIMS).split(".")
    changed = bytearray(urlsafe_b64decode(parts[part] + "=="))
    changed[-3] ^= 1
    parts[part] = encoded(bytes(changed))

    with pytest.raises(TokenInvalid):
        read(".".join(parts))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d.e",
        "é.é.é",
        "\ud800",
        encoded(b"[" * 9000) + ".e30.AA",
        encoded(b'{"alg":' + b"[" * 9000) + ".e30.AA",
        segment({"alg": "RS256", "kid": ["a"]}) + ".e30.AA",
        segment({"alg": "RS256"}) + ".e30.AA",
        segment({"alg": None, "kid": "a"}) + ".e30.AA",
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        read(token)


@pytest.mark.parametrize(
    "extension", [{"crit": ["exp"], "exp": 1}, {"crit": ["b64"], "b64": False}, {"crit": []}]
)
def test_a_critical_header_that_we_do_not_understand_is_refused(
    extension: Mapping[str, object],
) -> None:
    with pytest.raises(TokenInvalid):
        read(signed_by_hand(extension, CLAIMS))


@pytest.mark.parametrize(
    ("algorithm", "length"),
    [("RS256", 16), ("PS256", 16), ("ES256", 16), ("ES384", 24), ("ES512", 32), ("EdDSA", 32)],
)
def test_a_half_hash_is_half_as_long_as_the_hash_of_the_algorithm(
    algorithm: str, length: int
) -> None:
    pair, _ = key_of(SigningAlgorithm(algorithm))

    assert len(urlsafe_b64decode(pair.half_hash("token") + "==")) == length


def test_the_half_hash_is_that_of_the_specification() -> None:
    # OIDC Core, appendix A.3 and A.4: the token and hash of its examples.
    token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"

    assert key_of(RS256)[0].half_hash(token) == "77QmUPtjPfzWtF2AnpK9RQ"
