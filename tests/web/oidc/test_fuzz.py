"""Any parameters whatever: never a fault of ours, never a redirect to a stranger."""

import string
from dataclasses import dataclass
from itertools import product
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oidc.relying_party import OTHER_VERIFIER, RelyingParty, challenge_of
from tests.support.provider import CALLBACK, ENDPOINT, HOME, Provider

EXAMPLES = settings(
    max_examples=300,
    deadline=None,
    database=None,
    derandomize=True,
)
# Lengths and NUL are what it alone takes amiss.
EXAMPLES_ON_POSTGRESQL = settings(EXAMPLES, max_examples=80)
OWN = (f"{ENDPOINT}/sign-in/", f"{ENDPOINT}/register/", f"{ENDPOINT}/oidc/")
CLIENT_ID = "the id of the client"
WORDS = [
    *("", " ", "\x00", "\r\nX-Injected: yes", "\t", "ä漢\U0001f600", "\u202e", "\ufffe", '"\\<>'),
    *("a" * 300, "a" * 3000, "%00", "%0d%0a", "null", "[]", "{}", "-1", "0", "1e9", "9" * 30),
    *(CLIENT_ID, "unknown", "authserver-account", CALLBACK, HOME, f"{CALLBACK}/", "//evil.example"),
    *("https://evil.example/", "javascript:alert(1)", "http://localhost:3000@evil.example/", "\\"),
    *("code", "token", "id_token", "none", "login", "none login", "create", "select_account"),
    *("query", "form_post", "fragment", "openid", "openid offline_access", "offline_access"),
    *("S256", "plain", challenge_of(OTHER_VERIFIER), OTHER_VERIFIER, "e30.e30.", "a.b.c"),
    *('{"userinfo": {"name": null}}', '{"id_token": 1}', "[" * 900, '{"userinfo":{"\\ud800":1}}'),
    *("authorization_code", "refresh_token", "zh-CN en !! x-y", "signUp", "register"),
]
LONG = ["a" * 1990, " ".join(["openid", *(f"a:{number}" for number in range(300))]), "a\x00b"]
VALUES = st.sampled_from(WORDS) | st.text(max_size=40)
COMMON = ["client_id", "redirect_uri", "state", "scope", "resource"]
AUTHORIZATION = [
    *COMMON,
    *("response_type", "response_mode", "nonce", "code_challenge", "code_challenge_method"),
    *("prompt", "max_age", "login_hint", "id_token_hint", "claims", "ui_locales", "request"),
    *("request_uri", "registration", "first_screen", "interaction_mode", "display", "acr_values"),
]
TOKEN = [
    *COMMON,
    *("grant_type", "code", "code_verifier", "refresh_token", "client_secret", "organization_id"),
    *("token", "token_type_hint"),
]
LOGOUT = [*COMMON, "id_token_hint", "post_logout_redirect_uri", "ui_locales", "logout_hint"]


def requests(names: list[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    known = st.sampled_from(names)
    odd = st.text(string.printable + "äß\x00", max_size=12)
    return st.lists(st.tuples(st.one_of(known, known, known, odd), VALUES), max_size=12)


def sent(client: RelyingParty, pairs: list[tuple[str, str]]) -> str:
    """Return the pairs encoded, with the client's own id where its place is held."""
    return urlencode([(name, value.replace(CLIENT_ID, client.id)) for name, value in pairs])


def is_safe(response: httpx.Response, *registered: str) -> bool:
    assert response.status_code < 500, response.text
    assert response.status_code != 429
    assert "X-Injected" not in response.headers
    location = response.headers.get("Location")
    if location is None:
        return True
    target = urlsplit(location)
    own = f"{target.scheme}://{target.netloc}{target.path}"
    return location.isascii() and (location.startswith(OWN) or own in registered)


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A client at a server on one kind of database, and how many examples that is worth."""

    client: RelyingParty
    examples: settings


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def fuzzed(request: pytest.FixtureRequest) -> Fuzzed:
    is_sqlite = request.param == "sqlite"
    name = "shared_provider" if is_sqlite else "shared_postgres_provider"
    provider: Provider = request.getfixturevalue(name)
    client = RelyingParty.registered(provider, requires_pkce=False)
    return Fuzzed(client, EXAMPLES if is_sqlite else EXAMPLES_ON_POSTGRESQL)


def test_no_authorization_request_breaks_the_server_or_leads_astray(fuzzed: Fuzzed) -> None:
    client = fuzzed.client

    @fuzzed.examples
    @given(pairs=requests(AUTHORIZATION), is_valid_before=st.booleans())
    def holds(pairs: list[tuple[str, str]], *, is_valid_before: bool) -> None:
        if is_valid_before:
            changed = {name for name, _ in pairs}
            own = client.parameters().items()
            pairs = [*(pair for pair in own if pair[0] not in changed), *pairs]

        response = client.http.get(f"/oidc/auth?{sent(client, pairs)}")
        client.http.cookies.clear()

        assert is_safe(response, CALLBACK)

    holds()


def test_no_token_or_revocation_request_breaks_the_server(fuzzed: Fuzzed) -> None:
    client = fuzzed.client
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    @fuzzed.examples
    @given(pairs=requests(TOKEN), path=st.sampled_from(["token", "token/revocation"]))
    def holds(pairs: list[tuple[str, str]], path: str) -> None:
        secret = str(client.secret)
        proof = [] if len(pairs) % 2 else [("client_id", client.id), ("client_secret", secret)]

        response = client.http.post(
            f"/oidc/{path}", content=sent(client, [*pairs, *proof]), headers=headers
        )

        assert is_safe(response)
        assert response.status_code in {400, 401} or (path, response.content) == (
            "token/revocation",
            b"",
        )

    holds()


def test_no_authorization_header_breaks_userinfo(fuzzed: Fuzzed) -> None:
    client = fuzzed.client

    @fuzzed.examples
    @given(
        header=st.binary(max_size=60).filter(lambda value: not set(value) & {0, 10, 13}),
        scheme=st.sampled_from([b"Bearer ", b"Basic ", b"bearer", b""]),
        pairs=requests(["access_token"]),
    )
    def holds(header: bytes, scheme: bytes, pairs: list[tuple[str, str]]) -> None:
        headers = {b"Authorization": scheme + header}

        answers = [
            client.http.get("/oidc/me", headers=headers),
            client.http.post("/oidc/me", headers=headers, data=dict(pairs)),
        ]

        assert all(is_safe(answer) and answer.status_code in {400, 401} for answer in answers)

    holds()


def test_no_logout_request_breaks_the_server_or_leads_astray(fuzzed: Fuzzed) -> None:
    client = fuzzed.client
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    @fuzzed.examples
    @given(pairs=requests(LOGOUT), is_posted=st.booleans())
    def holds(pairs: list[tuple[str, str]], *, is_posted: bool) -> None:
        query = sent(client, pairs)
        if is_posted:
            response = client.http.post("/oidc/session/end", content=query, headers=headers)
        else:
            response = client.http.get(f"/oidc/session/end?{query}")

        assert is_safe(response, HOME)

    holds()


@pytest.mark.parametrize("path", ["auth", "token", "token/revocation", "session/end"])
def test_long_words_and_nul_in_each_parameter_are_no_fault_of_ours(
    shared_postgres_provider: Provider, path: str
) -> None:
    client = RelyingParty.registered(shared_postgres_provider, requires_pkce=False)
    names = {"auth": AUTHORIZATION, "session/end": LOGOUT}.get(path, TOKEN)
    own = client.parameters() if path == "auth" else {"client_id": client.id}

    for name, value in product(names, LONG):
        fields = {**own, "client_secret": str(client.secret), name: value}
        if path == "token" and name != "grant_type":
            fields["grant_type"] = "refresh_token"
            fields.setdefault("refresh_token", "unknown")
        response = client.http.post(f"/oidc/{path}", data=fields)
        client.http.cookies.clear()
        assert is_safe(response, CALLBACK, HOME), name
        # The authorization endpoint makes a GET of it first.
        location = response.headers.get("Location", "")
        if location.startswith(ENDPOINT):
            assert is_safe(client.http.get(location), CALLBACK, HOME), name
            client.http.cookies.clear()
