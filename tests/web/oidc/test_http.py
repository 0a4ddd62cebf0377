"""Methods, paths and headers of the protocol endpoints."""

from itertools import product

import httpx
import pytest

from tests.oidc.relying_party import RelyingParty, body_of
from tests.support.provider import ENDPOINT

METHODS = {
    "/oidc/.well-known/openid-configuration": {"GET", "HEAD"},
    "/oidc/.well-known/oauth-authorization-server": {"GET", "HEAD"},
    "/.well-known/oauth-authorization-server/oidc": {"GET", "HEAD"},
    "/oidc/jwks": {"GET", "HEAD"},
    "/oidc/auth": {"GET", "POST"},
    "/oidc/token": {"POST", "OPTIONS"},
    "/oidc/token/revocation": {"POST", "OPTIONS"},
    "/oidc/token/introspection": {"POST"},
    "/oidc/me": {"GET", "HEAD", "POST", "OPTIONS"},
    "/oidc/session/end": {"GET", "POST"},
    "/oidc/session/end/confirm": {"POST"},
}
ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
PUBLIC = [path for path in METHODS if "well-known" in path or path == "/oidc/jwks"]


def without_body(response: httpx.Response) -> dict[str, str]:
    changing = {"content-length", "set-cookie", "location"}
    return {name: value for name, value in response.headers.items() if name not in changing}


@pytest.mark.parametrize("path", METHODS)
def test_methods_that_an_endpoint_does_not_have_are_answered_with_405(
    shared_client: RelyingParty, path: str
) -> None:
    for method in ALL_METHODS:
        response = shared_client.http.request(method, path)

        assert (response.status_code == 405) is (method not in METHODS[path]), method
        assert response.status_code < 500
        if response.status_code == 405:
            named = {each.strip() for each in response.headers["Allow"].split(",")}
            assert named == METHODS[path]


@pytest.mark.parametrize("path", PUBLIC)
def test_head_brings_the_headers_of_get(shared_client: RelyingParty, path: str) -> None:
    head, get = shared_client.http.head(path), shared_client.http.get(path)

    assert head.status_code == get.status_code == 200
    assert without_body(head) == without_body(get)


def test_looking_by_head_neither_begins_nor_ends_anything(client: RelyingParty) -> None:
    person = client.provider.person()
    client.sign_in(person)

    looked = [person.http.head(url) for url in (client.url(), client.logout_url())]

    assert [each.status_code for each in looked] == [405, 405]
    assert client.silent_code(person, prompt="none")


@pytest.mark.parametrize("slashes", ["//", "///"])
@pytest.mark.parametrize("path", [path for path in METHODS if path.startswith("/oidc")])
def test_a_doubled_slash_before_oidc_does_not_matter(
    shared_client: RelyingParty, path: str, slashes: str
) -> None:
    http = shared_client.http
    url = httpx.URL(f"{ENDPOINT}{slashes}{path.removeprefix('/')}")

    for method in ("GET", "POST"):
        doubled, plain = http.request(method, url), http.request(method, path)

        assert doubled.status_code == plain.status_code
        assert doubled.headers.get("Content-Type") == plain.headers.get("Content-Type")


def test_a_whole_sign_in_works_behind_a_doubled_slash(client: RelyingParty) -> None:
    person = client.provider.person()
    doubled = client.url().replace("/oidc/", "//oidc/", 1)

    code = dict(httpx.URL(person.sign_in(doubled, "anna@example.com")).params)["code"]

    own = {"client_id": client.id, "client_secret": str(client.secret)}
    fields = {"grant_type": "authorization_code", "code": code}
    proof = {
        "redirect_uri": client.redirect_uri,
        "code_verifier": "a-verifier.of_at~least-43-unreserved-characters",
    }
    assert body_of(client.http.post(f"{ENDPOINT}//oidc/token", data={**own, **fields, **proof}))


@pytest.mark.parametrize(
    "path",
    [
        "/oidc",
        "/oidc/",
        "/oidc/auth/",
        "/oidc/token/",
        "/oidc/nothing",
        "/OIDC/auth",
        "/oidc/../oidc/me/../nothing",
        "/oidc/%2e%2e/account",
        "/.well-known/openid-configuration/",
        "/oidc/jwks.json",
    ],
)
def test_what_is_no_endpoint_is_404_without_a_redirect(
    shared_client: RelyingParty, path: str
) -> None:
    url = httpx.URL(ENDPOINT).copy_with(raw_path=path.encode())

    response = shared_client.http.get(url)

    assert response.status_code == 404
    assert "Location" not in response.headers


@pytest.mark.parametrize(
    ("method", "path"),
    list(product(["GET", "POST"], [path for path in METHODS if path not in PUBLIC])),
)
def test_every_answer_has_the_safe_headers_and_is_not_kept(
    shared_client: RelyingParty, method: str, path: str
) -> None:
    headers = shared_client.http.request(method, path).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/oidc/auth", "/oidc/session/end"])
@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "X-Original-URL"])
def test_a_redirect_never_follows_a_header_of_the_request(
    client: RelyingParty, path: str, header: str
) -> None:
    posted = client.http.post(path, data=client.parameters(), headers={header: "evil.example"})
    begun = client.http.get(client.url(), headers={header: "evil.example"})

    assert posted.headers["Location"].startswith(f"{ENDPOINT}{path}?")
    assert begun.headers["Location"].startswith(f"{ENDPOINT}/sign-in/")


@pytest.mark.parametrize(
    "cookie", ["x", "\xff", "a" * 5000, "", '"', "; ;", "authserver-interaction-"]
)
def test_a_damaged_session_cookie_counts_as_signed_out(
    shared_client: RelyingParty, cookie: str
) -> None:
    headers = {b"Cookie": f"authserver-session={cookie}".encode("latin-1")}

    response = shared_client.http.get(shared_client.url(prompt="none"), headers=headers)

    assert "error=login_required" in response.headers["Location"]
