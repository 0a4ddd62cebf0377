"""The judge of ID tokens, with keys made here."""

import asyncio
import json
import math
from collections.abc import Sequence

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authserver.demo.failures import SignInError
from authserver.demo.id_tokens import Expectation, IdTokenJudge
from tests.demo.token_maker import (
    Json,
    PrivateKey,
    SigningKey,
    at_hash,
    claims_at,
    ec_key,
    rsa_key,
    unsigned,
)

ISSUER = "http://localhost:3001/oidc"
ACCESS_TOKEN = "access-token-1"
# The judge is told this time, so that nothing depends on when the test runs.
NOW = 1_800_000_000
EVERY_ALGORITHM = ("RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA")


def good_claims(**changes: object) -> Json:
    return claims_at(NOW, **changes)


class HeldKeys:
    """A key set that knows one key now and another one after a fetch."""

    def __init__(self, known: Sequence[Json], later: Sequence[Json] | None = None) -> None:
        self._known = known
        self._later = known if later is None else later
        self.renewals = 0

    async def get(self) -> Sequence[Json]:
        return self._known

    async def renewed(self) -> Sequence[Json]:
        self.renewals += 1
        return self._later


def expected(
    *, algorithms: tuple[str, ...] = EVERY_ALGORITHM, previous: Json | None = None
) -> Expectation:
    return Expectation(
        issuer=ISSUER,
        client_id="bookstore",
        algorithms=algorithms,
        access_token=ACCESS_TOKEN,
        nonce="nonce-1",
        previous=previous,
    )


def judge(token: str, keys: HeldKeys | None = None, wanted: Expectation | None = None) -> Json:
    judging = IdTokenJudge(keys or HeldKeys([rsa_key().public_jwk()]), lambda: NOW)
    return asyncio.run(judging.claims(token, wanted or expected()))


def refused(token: str, keys: HeldKeys | None = None, wanted: Expectation | None = None) -> str:
    """Return why the token is refused; fail if it is accepted."""
    with pytest.raises(SignInError) as refusal:
        judge(token, keys, wanted)
    return refusal.value.detail


@pytest.mark.parametrize(
    ("algorithm", "private", "hash_name"),
    [
        ("RS256", rsa_key().private, "sha256"),
        ("PS256", rsa_key().private, "sha256"),
        ("ES256", ec.generate_private_key(ec.SECP256R1()), "sha256"),
        ("ES384", ec.generate_private_key(ec.SECP384R1()), "sha384"),
        ("ES512", ec.generate_private_key(ec.SECP521R1()), "sha512"),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate(), "sha512"),
    ],
)
def test_a_good_token_is_accepted_with_every_allowed_algorithm(
    algorithm: str, private: PrivateKey, hash_name: str
) -> None:
    key = SigningKey(algorithm, "k", private)
    token = key.sign(good_claims(at_hash=at_hash(ACCESS_TOKEN, hash_name)))

    claims = judge(token, HeldKeys([key.public_jwk()]))

    assert claims["sub"] == "subject-1"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iss": "http://localhost:3001"}, id="issuer that is a part of the right one"),
        pytest.param({"iss": ISSUER + "/"}, id="issuer with a slash more"),
        pytest.param({"iss": [ISSUER]}, id="issuer in a list"),
        pytest.param({"iss": None}, id="no issuer"),
        pytest.param({"aud": "other"}, id="another audience"),
        pytest.param({"aud": "book"}, id="audience that is a part of the right one"),
        pytest.param({"aud": ["bookstore", "other"]}, id="one more audience"),
        pytest.param({"aud": []}, id="empty audience"),
        pytest.param({"aud": None}, id="no audience"),
        pytest.param({"azp": "other"}, id="issued to another client"),
        pytest.param({"sub": None}, id="no subject"),
        pytest.param({"sub": ""}, id="empty subject"),
        pytest.param({"sub": 7}, id="subject that is a number"),
        pytest.param({"sub": "s" * 256}, id="subject too long"),
        pytest.param({"exp": NOW - 60}, id="expired"),
        pytest.param({"exp": None}, id="no expiry"),
        pytest.param({"exp": str(NOW + 60)}, id="expiry that is text"),
        pytest.param({"exp": math.nan}, id="expiry that is not a number"),
        pytest.param({"exp": True}, id="expiry that is true"),
        pytest.param({"iat": None}, id="no time of issue"),
        pytest.param({"iat": NOW - 301}, id="issued long ago"),
        pytest.param({"iat": NOW + 61}, id="issued in the future"),
        pytest.param({"nbf": NOW + 61}, id="not valid yet"),
        pytest.param({"nonce": "other"}, id="another nonce"),
        pytest.param({"nonce": None}, id="no nonce"),
        pytest.param({"nonce": ["nonce-1"]}, id="nonce in a list"),
        pytest.param({"nonce": "\ud800"}, id="nonce that is no text"),
        pytest.param({"at_hash": at_hash("other")}, id="at_hash of another access token"),
        pytest.param({"at_hash": ""}, id="empty at_hash"),
        pytest.param({"at_hash": at_hash(ACCESS_TOKEN) + "="}, id="padded at_hash"),
    ],
)
def test_a_signed_token_with_a_wrong_claim_is_refused(changes: Json) -> None:
    token = rsa_key().sign(good_claims(**changes))

    assert refused(token).startswith("ID token: ")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": ["bookstore"]}, id="audience as a list of one"),
        pytest.param({"azp": "bookstore"}, id="issued to us"),
        pytest.param({"exp": NOW - 59}, id="expired within the tolerance"),
        pytest.param({"iat": NOW + 60}, id="clock of the provider a minute ahead"),
        pytest.param({"iat": NOW - 300}, id="five minutes old"),
        pytest.param({"acr": "x", "sid": "y"}, id="further claims"),
    ],
)
def test_a_token_at_the_edge_of_what_is_allowed_is_accepted(changes: Json) -> None:
    token = rsa_key().sign(good_claims(**changes))

    assert judge(token)["sub"] == "subject-1"


def test_an_unsigned_token_is_refused() -> None:
    header: Json = {"alg": "none", "typ": "JWT", "kid": "rsa"}

    assert refused(unsigned(good_claims(), header)) == "ID token: the algorithm is not allowed"


def test_an_unsigned_token_is_refused_even_if_the_provider_lists_none() -> None:
    header: Json = {"alg": "None", "typ": "JWT", "kid": "rsa"}

    assert refused(unsigned(good_claims(), header), wanted=expected(algorithms=("RS256",)))


def test_a_token_keyed_with_the_public_key_as_a_shared_secret_is_refused() -> None:
    public = rsa_key().private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signer = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    head = unsigned(good_claims(), {"alg": "HS256", "typ": "JWT", "kid": "rsa"}).rstrip(".")
    token = f"{head}.{_base64url(signer.sign(head.encode(), pem))}"

    assert refused(token) == "ID token: the algorithm is not allowed"


def test_an_algorithm_that_discovery_does_not_list_is_refused() -> None:
    keys = HeldKeys([ec_key().public_jwk()])
    token = ec_key().sign(good_claims())

    assert refused(token, keys, expected(algorithms=("RS256",)))
    assert judge(token, keys, expected(algorithms=("ES256",)))


def test_a_signature_by_another_key_of_the_same_name_is_refused() -> None:
    stranger = SigningKey("RS256", "rsa", rsa.generate_private_key(65537, 2048))

    assert refused(stranger.sign(good_claims())) == "ID token: Signature verification failed"


def test_a_token_that_brings_its_own_key_is_refused() -> None:
    stranger = SigningKey("RS256", "rsa", rsa.generate_private_key(65537, 2048))
    token = stranger.sign(good_claims(), {"jwk": stranger.public_jwk()})

    assert refused(token) == "ID token: Signature verification failed"


def test_altered_claims_break_the_signature() -> None:
    header, _, signature = rsa_key().sign(good_claims()).split(".")
    altered = _base64url(json.dumps(good_claims(sub="someone-else")).encode())

    assert refused(f"{header}.{altered}.{signature}") == "ID token: Signature verification failed"


def test_a_short_rsa_key_is_refused() -> None:
    short = SigningKey("RS256", "short", rsa.generate_private_key(65537, 1024))  # noqa: S505 - that is the point
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = short.sign(good_claims())

    assert refused(token, HeldKeys([short.public_jwk()]))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"typ": "at+jwt"}, id="access token"),
        pytest.param({"typ": "logout+jwt"}, id="logout token"),
        pytest.param({"crit": ["b64"], "b64": True}, id="critical extension"),
        pytest.param({"kid": None}, id="no key id"),
    ],
)
def test_a_header_that_no_id_token_has_is_refused(header: Json) -> None:
    signing_key = rsa_key()
    plain: Json = {"alg": "RS256", "typ": "JWT", "kid": "rsa"}
    whole = {name: value for name, value in (plain | header).items() if value is not None}
    head = unsigned(good_claims(), whole).rstrip(".")
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    assert isinstance(signing_key.private, rsa.RSAPrivateKey)

    token = f"{head}.{_base64url(algorithm.sign(head.encode(), signing_key.private))}"

    assert refused(token) in ("ID token: not the header of an ID token", "ID token: no kid")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"use": "enc"}, id="key for encryption"),
        pytest.param({"alg": "PS256"}, id="key for another algorithm"),
        pytest.param({"kty": "oct", "k": "c2VjcmV0"}, id="shared secret"),
        pytest.param({"n": 7}, id="damaged key"),
    ],
)
def test_a_key_that_does_not_fit_the_token_is_not_used(changes: Json) -> None:
    keys = HeldKeys([rsa_key().public_jwk() | changes])

    assert refused(rsa_key().sign(good_claims()), keys)


def test_two_keys_of_one_name_are_ambiguous() -> None:
    keys = HeldKeys([rsa_key().public_jwk(), rsa_key().public_jwk()])

    assert refused(rsa_key().sign(good_claims()), keys) == "ID token: no such key"


def test_an_unknown_key_is_looked_up_once_more() -> None:
    keys = HeldKeys([ec_key().public_jwk()], later=[rsa_key().public_jwk()])

    judge(rsa_key().sign(good_claims()), keys)

    assert keys.renewals == 1


def test_a_key_that_stays_unknown_is_refused() -> None:
    keys = HeldKeys([ec_key().public_jwk()])

    assert refused(rsa_key().sign(good_claims()), keys) == "ID token: no such key"


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "ä.ö.ü", "x" * 20_000, "...."])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(token)


@pytest.mark.parametrize("nonce", ["nonce-1", None])
def test_a_renewed_token_may_leave_the_nonce_out(nonce: str | None) -> None:
    wanted = expected(previous=good_claims(auth_time=NOW - 900))

    assert judge(rsa_key().sign(good_claims(nonce=nonce, auth_time=NOW - 900)), wanted=wanted)
    assert judge(rsa_key().sign(good_claims(nonce=nonce)), wanted=wanted)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"sub": "subject-2"}, id="another person"),
        pytest.param({"nonce": "other"}, id="another nonce"),
        pytest.param({"auth_time": NOW}, id="another sign-in"),
        pytest.param({"azp": "bookstore"}, id="an azp that was not there before"),
    ],
)
def test_a_renewed_token_about_something_else_is_refused(changes: Json) -> None:
    wanted = expected(previous=good_claims(auth_time=NOW - 900))

    assert refused(rsa_key().sign(good_claims(**changes)), wanted=wanted)


def _base64url(content: bytes) -> str:
    return jwt.utils.base64url_encode(content).decode()
