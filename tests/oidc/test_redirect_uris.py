"""Where an answer may go: to the registered address, to the letter."""

import pytest

from authserver.administration.mistakes import ClientInvalid
from authserver.domain.clients import ClientKind
from tests.oidc.relying_party import RelyingParty, answer_in, error_page
from tests.support.provider import Provider

REGISTERED = "https://app.example.com/callback"
WITH_QUERY = "https://app.example.com/callback?tenant=a%20b"
NATIVE = "http://127.0.0.1/callback?x=1"
IPV6 = "http://[::1]:8000/callback"
LOCALHOST = "http://localhost:3000/callback"
OWN_SCHEME = "com.example.app:/callback"

STRANGERS = [
    f"{REGISTERED}/",
    f"{REGISTERED}/more",
    f"{REGISTERED}evil",
    f"{REGISTERED}?",
    f"{REGISTERED}?a=b",
    f"{REGISTERED}#",
    f"{REGISTERED}#fragment",
    f"{REGISTERED} ",
    f" {REGISTERED}",
    f"{REGISTERED}%20",
    f"{REGISTERED}%00",
    f"{REGISTERED}\t",
    f"{REGISTERED}\r\nSet-Cookie: a=b",
    f"{REGISTERED}/../callback",
    f"{REGISTERED}/..;/callback",
    "https://app.example.com/other/../callback",
    "https://app.example.com//callback",
    "https://app.example.com/Callback",
    "https://app.example.com/c%61llback",
    "https://APP.example.com/callback",
    "HTTPS://app.example.com/callback",
    "https://app.example.com:443/callback",
    "https://app.example.com:8443/callback",
    "https://app.example.com./callback",
    "https://appxexample.com/callback",
    "https://app.example.com.evil.example/callback",
    "https://evil.example/https://app.example.com/callback",
    "https://app.example.com@evil.example/callback",
    "https://user@app.example.com/callback",
    "https://a@b@app.example.com/callback",
    "https://evil.example\\@app.example.com/callback",
    "https://evil.example#@app.example.com/callback",
    "https://app.example.com\\callback",
    "https:\\\\app.example.com\\callback",
    "https:app.example.com/callback",
    "https:/app.example.com/callback",
    "https:///app.example.com/callback",
    "https:evil.example",
    "//app.example.com/callback",
    "/callback",
    "callback",
    "http://app.example.com/callback",
    "javascript:alert(1)//https://app.example.com/callback",
    "JavaScript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://app.example.com/callback,https://evil.example/",
    "https://*.example.com/callback",
    "https://app。example.com/callback",
    "https://\u0430pp.example.com/callback",
    "*",
]
STRANGERS_TO_NATIVE = [
    "http://127.0.0.1:8080/callback",
    "http://127.0.0.1:8080/callback?x=2",
    "http://127.0.0.1:8080/callback?x=1&y=2",
    "http://127.0.0.1:8080/Callback?x=1",
    "http://127.0.0.1:0/callback?x=1",
    "http://127.0.0.1:65536/callback?x=1",
    "http://127.0.0.1:8o/callback?x=1",
    "http://127.0.0.1:-1/callback?x=1",
    "http://127.0.0.1:٣/callback?x=1",
    "http://127.0.0.2:8080/callback?x=1",
    "http://localhost:8080/callback?x=1",
    "http://127.0.0.1.evil.example:8080/callback?x=1",
    "http://127.0.0.1:80@evil.example/callback?x=1",
    "http://user@127.0.0.1:8080/callback?x=1",
    "https://127.0.0.1:8080/callback?x=1",
    "HTTP://127.0.0.1:8080/callback?x=1",
    "http://127.1:8080/callback?x=1",
    "http://2130706433:8080/callback?x=1",
    "http://localhost.evil.example:3000/callback",
    "http://localhost:3000@evil.example/callback",
    "http://[::1%25eth0]:8000/callback",
    "http://[0:0:0:0:0:0:0:1]:8000/callback",
    "com.example.app://callback",
    "com.example.app:/callback/more",
    "COM.example.app:/callback",
]


@pytest.fixture(scope="module")
def web(shared_provider: Provider) -> RelyingParty:
    return RelyingParty.at(shared_provider, REGISTERED, WITH_QUERY)


@pytest.fixture(scope="module")
def native(shared_provider: Provider) -> RelyingParty:
    addresses = (NATIVE, IPV6, LOCALHOST, OWN_SCHEME)
    return RelyingParty.at(shared_provider, *addresses, kind=ClientKind.NATIVE)


FAULTS: list[dict[str, str | None]] = [
    {},
    {"prompt": "none"},
    {"response_type": "token"},
    {"request": "e30.e30."},
    {"resource": "https://api.example.com"},
    {"response_mode": "form_post"},
    {"code_challenge": None},
]


@pytest.mark.parametrize("uri", STRANGERS)
def test_an_address_that_differs_in_anything_is_answered_by_a_page(
    web: RelyingParty, uri: str
) -> None:
    for changes in FAULTS:
        page = error_page(web.http.get(web.url(redirect_uri=uri, **changes)))

        assert "evil.example" not in page
        assert "<script>alert" not in page


@pytest.mark.parametrize("uri", STRANGERS_TO_NATIVE)
def test_only_the_port_of_a_native_loopback_address_may_vary(
    native: RelyingParty, uri: str
) -> None:
    error_page(native.http.get(native.url(redirect_uri=uri, prompt="none")))


@pytest.mark.parametrize(
    "uri",
    [
        NATIVE,
        "http://127.0.0.1:8080/callback?x=1",
        "http://127.0.0.1:65535/callback?x=1",
        IPV6,
        "http://[::1]/callback",
        "http://[::1]:1/callback",
        LOCALHOST,
        "http://localhost:49152/callback",
        OWN_SCHEME,
    ],
)
def test_a_native_client_is_answered_at_the_port_that_it_listens_on(
    native: RelyingParty, uri: str
) -> None:
    location = native.http.get(native.url(redirect_uri=uri, prompt="none")).headers["Location"]

    assert location.startswith(uri + ("&" if "?" in uri else "?"))
    assert answer_in(location)["error"] == "login_required"


@pytest.mark.parametrize("kind", [ClientKind.WEB, ClientKind.SPA])
def test_the_port_of_other_clients_is_fixed(shared_provider: Provider, kind: ClientKind) -> None:
    client = RelyingParty.at(shared_provider, LOCALHOST, kind=kind)

    error_page(client.http.get(client.url(redirect_uri="http://localhost:3002/callback")))


def test_a_code_sent_to_one_port_is_not_redeemed_with_another(provider: Provider) -> None:
    native = RelyingParty.at(provider, NATIVE, kind=ClientKind.NATIVE)
    chosen = "http://127.0.0.1:8080/callback?x=1"
    code = native.sign_in(redirect_uri=chosen)

    refused = native.exchange(code, redirect_uri="http://127.0.0.1:8081/callback?x=1")

    assert refused.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("uri", [REGISTERED, WITH_QUERY])
def test_a_registered_query_is_kept_and_ours_is_joined_to_it(web: RelyingParty, uri: str) -> None:
    location = web.http.get(web.url(redirect_uri=uri, prompt="none")).headers["Location"]

    assert location.startswith(uri + ("&error=" if "?" in uri else "?error="))


@pytest.mark.parametrize("uri", ["https://app.example.com/callback?tenant=b", REGISTERED + "?"])
def test_a_registered_query_may_not_be_changed(shared_provider: Provider, uri: str) -> None:
    client = RelyingParty.at(shared_provider, WITH_QUERY)

    error_page(client.http.get(client.url(redirect_uri=uri)))


def test_where_two_addresses_are_registered_one_must_be_named(web: RelyingParty) -> None:
    error_page(web.http.get(web.url(redirect_uri=None)))


@pytest.mark.parametrize(
    "uri",
    [
        f"{REGISTERED}#fragment",
        "http://app.example.com/callback",
        "http://localhost.evil.example/callback",
        "http://localhost:80@evil.example/callback",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,hello",
        "com.example.app:/callback",
        "https://*.example.com/callback",
        "https://user:password@app.example.com/callback",
        "https:app.example.com",
        "https://app.example.com\\callback",
        "/callback",
        "",
    ],
)
def test_an_address_that_would_be_dangerous_cannot_be_registered(
    shared_provider: Provider, uri: str
) -> None:
    with pytest.raises(ClientInvalid):
        RelyingParty.at(shared_provider, uri)
