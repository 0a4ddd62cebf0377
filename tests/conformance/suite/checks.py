"""What the certification suite looks at in every module, whatever the module is about."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import import_key

from authserver.domain.clock import SystemClock
from tests.oidc.relying_party import header_of, unpadded

JsonObject = dict[str, Any]

KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
PUBLIC_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
BIRTHDATE = re.compile(r"[0-9]{4}(-[0-9]{2}-[0-9]{2})?")
TEXT_CLAIMS = (
    *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
    *("profile", "picture", "website", "email", "gender", "birthdate", "zoneinfo", "locale"),
    "phone_number",
)
CLAIMS_OF_SCOPE = {
    "profile": (
        *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
        *("profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale"),
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}
YEAR_1990 = 631152000
YEAR_SECONDS = 365 * 24 * 3600
# What an ID token may hold although nobody asked for claims.
ID_TOKEN_CLAIMS = {
    *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp"),
    *("at_hash", "c_hash", "sid", "jti", "nbf"),
}


def seconds_now() -> float:
    """Return the time that the server has, too."""
    return SystemClock().now().timestamp()


def json_of(response: httpx.Response, status: int = 200) -> JsonObject:
    """Return the JSON object of an answer."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    body: JsonObject = response.json()
    return body


def checked_error(response: httpx.Response, *codes: str) -> None:
    """Look at a refusal by an endpoint that answers clients."""
    body = json_of(response, 400)
    assert body["error"] in codes
    checked_description(body)


def checked_description(error: Mapping[str, str]) -> None:
    """RFC 6749 §4.1.2.1: ASCII without quotes and backslashes; no line breaks either."""
    assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]*", error.get("error_description", ""))


def checked_discovery(metadata: JsonObject, method: str) -> None:
    """Look at what every module needs of the provider metadata."""
    for name in ("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint"):
        parts = urlsplit(metadata[name])
        assert (parts.scheme, bool(parts.hostname)) == ("https", True)
    assert method in metadata["token_endpoint_auth_methods_supported"]


def checked_key_set(key_set: JsonObject) -> None:
    """Look at the provider's keys: public, complete, each with a name of its own."""
    keys = key_set["keys"]
    kids = [key["kid"] for key in keys]
    assert len(set(kids)) == len(kids) > 0
    for key in keys:
        assert not PRIVATE_MEMBERS & key.keys()
        for name in PUBLIC_MEMBERS[key["kty"]]:
            assert BASE64URL.fullmatch(key[name])
        assert key["use"] == "sig"
        import_key(key)  # raises where something is missing


def checked_registration(response: httpx.Response) -> JsonObject:
    """Return what the provider says of a client that has registered itself."""
    body = json_of(response, 201)
    assert "error" not in body
    assert body["registration_client_uri"].startswith("https://")
    assert body["registration_access_token"]
    assert ("client_secret" in body) == ("client_secret_expires_at" in body)
    return body


def checked_tokens(response: httpx.Response) -> JsonObject:
    """Return the body of a token response."""
    body = json_of(response)
    assert response.headers["Cache-Control"] == "no-store"
    assert body["token_type"].lower() == "bearer"
    assert re.fullmatch(r"[\x20-\x7e]+", body["access_token"])
    assert shannon_bits(body["access_token"]) >= 96
    assert isinstance(body["expires_in"], int)
    assert 1 <= body["expires_in"] <= YEAR_SECONDS
    assert body["id_token"]
    return body


def checked_jws(token: str, key_set: JsonObject) -> JsonObject:
    """Verify a token by the one key of the set that fits its header, and return its claims."""
    header = header_of(token)
    algorithm = header["alg"]
    [key] = [
        key
        for key in key_set["keys"]
        if key["kty"] == KEY_TYPES[algorithm[:2]]
        and key["kid"] == header["kid"]
        and key.get("alg", algorithm) == algorithm
        and key.get("use", "sig") == "sig"
    ]
    claims: JsonObject = jwt.decode(token, import_key(key), algorithms=[algorithm]).claims
    return claims


def checked_id_token(
    claims: JsonObject, *, issuer: str, client_id: str, nonce: str | None
) -> JsonObject:
    """Look at the claims of a verified ID token (OIDC Core §2, §3.1.3.7) and return them."""
    now = seconds_now()
    assert claims["iss"] == issuer
    assert client_id in (claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]])
    assert all(type(claims[name]) is int for name in ("exp", "iat"))
    assert claims["exp"] > now
    assert abs(claims["iat"] - now) < 300
    if "auth_time" in claims:
        assert type(claims["auth_time"]) is int
        assert now - 3600 < claims["auth_time"] <= claims["iat"]
    assert claims.get("nonce") == nonce
    assert claims.get("acr") != ""
    assert 0 < len(claims["sub"]) <= 255
    checked_claims(claims)
    return claims


def checked_claims(claims: Mapping[str, Any]) -> None:
    """Look at the types of standard claims; empty ones are left out (OIDC Core §5.1, §5.3.2)."""
    assert None not in claims.values()
    for name in claims.keys() & set(TEXT_CLAIMS):
        assert isinstance(claims[name], str), name
        assert claims[name], name
    for name in claims.keys() & {"email_verified", "phone_number_verified"}:
        assert isinstance(claims[name], bool), name
    if "updated_at" in claims:
        assert type(claims["updated_at"]) is int
        assert YEAR_1990 < claims["updated_at"] <= seconds_now()
    if "address" in claims:
        assert claims["address"]
        assert all(value and isinstance(value, str) for value in claims["address"].values())
    if "birthdate" in claims:
        assert BIRTHDATE.fullmatch(claims["birthdate"])


def has_claims_of(claims: Mapping[str, Any], scopes: Iterable[str]) -> bool:
    """Tell whether every standard claim of the scopes is there."""
    return all(name in claims for scope in scopes for name in CLAIMS_OF_SCOPE.get(scope, ()))


def checked_hash(claims: JsonObject, name: str, hashed: str) -> None:
    """Look at a hash of an ID token with RS256, where it is there (OIDC Core §3.1.3.6)."""
    left_half = hashlib.sha256(hashed.encode()).digest()[:16]
    assert claims.get(name, unpadded(left_half)) == unpadded(left_half)


def checked_error_page(page: httpx.Response) -> None:
    """Look at a page that tells the person of a fault and leads nowhere."""
    assert 400 <= page.status_code < 500, page.text
    assert "Location" not in page.headers
    assert page.headers["Content-Type"].startswith("text/html")
    assert "http-equiv" not in page.text


def shannon_bits(text: str) -> float:
    """Return the entropy that the symbols of `text` show, as the suite measures it."""
    counts = Counter(text).values()
    return -sum(count * math.log2(count / len(text)) for count in counts)
