from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.domain.client_metadata import ClientMetadata
from authserver.domain.clients import (
    Client,
    ClientId,
    ClientKind,
    ClientSecret,
    redirect_uri_fault,
)

NOW = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)
ISSUER = "https://id.example/oidc"
CALLBACK = "https://shop.example/callback"
LOOPBACK = "http://127.0.0.1/callback?a=b"


def a_client(**changes: Any) -> Client:
    valid: dict[str, Any] = {
        "id": ClientId("shop"),
        "name": "Shop",
        "kind": ClientKind.WEB,
        "redirect_uris": (CALLBACK,),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Client(**valid | changes)


def a_native_client(*redirect_uris: str) -> Client:
    return a_client(kind=ClientKind.NATIVE, redirect_uris=redirect_uris)


def test_the_registered_uri_is_accepted() -> None:
    assert a_client().accepts_redirect_uri(CALLBACK)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        CALLBACK + "/",
        CALLBACK + "?",
        CALLBACK + "?x=1",
        CALLBACK + "#",
        CALLBACK + "/..;/evil",
        CALLBACK + "/../evil",
        CALLBACK + "%20",
        CALLBACK + "\\",
        CALLBACK + "\n",
        " " + CALLBACK,
        CALLBACK.upper(),
        "https://SHOP.example/callback",
        "https://shop.example/Callback",
        "https://shop.example:443/callback",
        "https://shop.example./callback",
        "https://shop.example.evil.example/callback",
        "https://evil.example/shop.example/callback",
        "https://shop-example/callback",
        "https://shopxexample/callback",
        "https://shop.example@evil.example/callback",
        "https://evil@shop.example/callback",
        "https://a@b@shop.example/callback",
        "https:shop.example/callback",
        "https:\\\\shop.example/callback",
        "http://shop.example/callback",
        "//shop.example/callback",
        "/callback",
        "javascript:alert(1)",
    ],
)
def test_anything_but_the_registered_uri_is_refused(uri: str) -> None:
    assert not a_client().accepts_redirect_uri(uri)
    assert not a_client(post_logout_redirect_uris=(CALLBACK,)).accepts_post_logout_redirect_uri(uri)


@given(st.text(max_size=30))
def test_a_suffix_or_prefix_makes_another_uri(more: str) -> None:
    for client in (a_client(), a_native_client(CALLBACK), a_native_client(LOOPBACK)):
        for uri in client.redirect_uris:
            assert client.accepts_redirect_uri(uri + more) == (more == "")
            assert client.accepts_redirect_uri(more + uri) == (more == "")


@pytest.mark.parametrize(
    ("registered", "uri"),
    [
        ("http://127.0.0.1/callback", "http://127.0.0.1:49152/callback"),
        ("http://127.0.0.1:1234/callback", "http://127.0.0.1:65535/callback"),
        ("http://127.0.0.1:1234/callback", "http://127.0.0.1/callback"),
        ("http://[::1]/callback", "http://[::1]:8080/callback"),
        ("http://localhost:3000/callback", "http://localhost:8080/callback"),
        ("http://127.0.0.1", "http://127.0.0.1:8080"),
        ("http://127.0.0.1?a=b", "http://127.0.0.1:8080?a=b"),
        (LOOPBACK, "http://127.0.0.1:8080/callback?a=b"),
    ],
)
def test_the_port_of_a_native_client_on_loopback_may_vary(registered: str, uri: str) -> None:
    assert a_native_client(registered).accepts_redirect_uri(uri)
    assert not a_client(redirect_uris=(registered,)).accepts_redirect_uri(uri)
    assert not a_client(kind=ClientKind.SPA, redirect_uris=(registered,)).accepts_redirect_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:8080/callback",
        "http://127.0.0.1:8080/callback?a=c",
        "http://127.0.0.1:8080/callback?a=b&c=d",
        "http://127.0.0.1:8080/callback?A=b",
        "http://127.0.0.1:8080/Callback?a=b",
        "http://127.0.0.1:8080/callback/?a=b",
        "http://127.0.0.1:8080/callback?a=b#",
        "http://127.0.0.1:8080/x/../callback?a=b",
        "https://127.0.0.1:8080/callback?a=b",
        "HTTP://127.0.0.1:8080/callback?a=b",
        "http://127.0.0.2:8080/callback?a=b",
        "http://localhost:8080/callback?a=b",
        "http://localhost.evil:8080/callback?a=b",
        "http://127.0.0.1.evil.example:8080/callback?a=b",
        "http://127.0.0.1:8080.evil.example/callback?a=b",
        "http://127.0.0.1:80@evil.example/callback?a=b",
        "http://127.0.0.1@evil.example/callback?a=b",
        "http://user@127.0.0.1:8080/callback?a=b",
        "http://127.0.0.1:8080\\@evil.example/callback?a=b",
        "http://evil.example\\@127.0.0.1:8080/callback?a=b",
        "http:127.0.0.1:8080/callback?a=b",
        "http:\\\\127.0.0.1:8080/callback?a=b",
        "//127.0.0.1:8080/callback?a=b",
        "http://127.0.0.1:0/callback?a=b",
        "http://127.0.0.1:65536/callback?a=b",
        "http://127.0.0.1:-1/callback?a=b",
        "http://127.0.0.1:/callback?a=b",
        "http://127.0.0.1: 80/callback?a=b",
        "http://127.0.0.1:٨٠/callback?a=b",
        "http://127.0.0.1:80\n80/callback?a=b",
        "http://127.0.0.1:8080/callback?a=b\n",
        "\thttp://127.0.0.1:8080/callback?a=b",
        "http://127.1:8080/callback?a=b",
        "http://2130706433:8080/callback?a=b",
        "http://0x7f000001:8080/callback?a=b",
        "http://[::ffff:127.0.0.1]:8080/callback?a=b",
        "http://[::1]:8080/callback?a=b",
        "http://*:8080/callback?a=b",
    ],
)
def test_nothing_but_the_port_may_vary(uri: str) -> None:
    assert not a_native_client(LOOPBACK).accepts_redirect_uri(uri)


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:80\n80/evil", "http://127.0.0.1:80\r\n/evil", "http://127.0.0.1\t:1"]
)
def test_a_line_break_does_not_pass_for_a_port(uri: str) -> None:
    assert not a_native_client("http://127.0.0.1").accepts_redirect_uri(uri)


def test_the_port_of_a_native_client_elsewhere_may_not_vary() -> None:
    client = a_native_client(CALLBACK, "com.example.app:/callback")

    assert not client.accepts_redirect_uri("https://shop.example:8443/callback")
    assert not client.accepts_redirect_uri("com.example.app:/callback2")


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        (CALLBACK, ClientKind.WEB),
        (CALLBACK + "?tenant=1&x=%20", ClientKind.WEB),
        ("https://shop.example:8443/callback", ClientKind.SPA),
        ("http://localhost:3000/callback", ClientKind.WEB),
        ("http://127.0.0.1:3000/callback", ClientKind.SPA),
        ("http://[::1]:3000/callback", ClientKind.NATIVE),
        ("https://localhost.example/callback", ClientKind.WEB),
        ("com.example.app:/callback", ClientKind.NATIVE),
        ("com.example.app://callback", ClientKind.NATIVE),
        (CALLBACK, ClientKind.NATIVE),
    ],
)
def test_a_sound_redirect_uri_can_be_registered(uri: str, kind: ClientKind) -> None:
    assert redirect_uri_fault(uri, kind) is None


@pytest.mark.parametrize("kind", ClientKind)
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "callback",
        "/callback",
        "//shop.example/callback",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "https://",
        "https://?x",
        "https://:443/callback",
        "https://shop.example:0/callback",
        "https://shop.example:99999/callback",
        "https://shop.example:port/callback",
        "https:\\\\evil.example",
        "https://shop.example\\@evil.example/",
        "https://user@shop.example/callback",
        "https://user:password@shop.example/callback",
        "http://localhost:80@evil.example/callback",
        "https://a@b@shop.example/callback",
        "https://*.shop.example/callback",
        "https://*/callback",
        "https://shop.example;sandbox/callback",
        "https://shop.example,sandbox/callback",
        "https://shop'example/callback",
        "https://shop.example%3bsandbox/callback",
        "http://shop.example/callback",
        "http://localhost.evil/callback",
        "http://localhost.evil.example:3000/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://192.168.1.1/callback",
        "http://0.0.0.0/callback",
        "http://2130706433/callback",
        "https://shop.example/callback#",
        "https://shop.example/callback#fragment",
        "https://shop.example/call back",
        "https://shop.example/callback\n",
        "https://shop.example/<script>",
        'https://shop.example/"',
        "https://bücher.example/callback",
        "https://[::1/callback",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "app:/callback",
        "https://shop.example/" + "x" * 2048,
    ],
)
def test_an_unsound_redirect_uri_cannot_be_registered(uri: str, kind: ClientKind) -> None:
    assert redirect_uri_fault(uri, kind) is not None


@pytest.mark.parametrize("kind", [ClientKind.WEB, ClientKind.SPA, ClientKind.SERVICE])
def test_only_a_native_client_has_a_scheme_of_its_own(kind: ClientKind) -> None:
    assert redirect_uri_fault("com.example.app:/callback", kind) is not None


@given(st.text(max_size=60), st.sampled_from(ClientKind))
def test_any_text_is_judged_without_a_fault_of_ours(text: str, kind: ClientKind) -> None:
    for uri in (text, f"https://{text}", f"http://127.0.0.1{text}"):
        redirect_uri_fault(uri, kind)
        a_native_client(LOOPBACK).accepts_redirect_uri(uri)


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        (CALLBACK, "https://shop.example"),
        ("https://Shop.Example/callback", "https://shop.example"),
        ("https://shop.example:443/callback", "https://shop.example"),
        ("https://shop.example:8443/callback", "https://shop.example:8443"),
        ("http://localhost:80/callback", "http://localhost"),
        ("http://localhost:443/callback", "http://localhost:443"),
        ("http://[::1]:3000/callback", "http://[::1]:3000"),
    ],
)
def test_origins_are_written_as_browsers_write_them(uri: str, origin: str) -> None:
    assert a_client(redirect_uris=(uri,)).origins == {origin}


def test_a_scheme_of_ones_own_is_no_origin_and_no_home() -> None:
    client = a_native_client("com.example.app:/callback")

    assert client.origins == frozenset()
    assert client.home is None


def test_a_client_is_at_home_where_it_wants_people_after_signing_out() -> None:
    client = a_client(post_logout_redirect_uris=("https://www.shop.example/bye?x=1",))

    assert client.home == "https://www.shop.example/"
    assert a_client().home == "https://shop.example/"


def test_the_address_that_starts_a_sign_in_keeps_its_own_query() -> None:
    start = "https://shop.example/login?shop=1"

    registered = a_client(metadata=ClientMetadata(initiate_login_uri=start))

    assert registered.way_back(ISSUER) == f"{start}&iss=https%3A%2F%2Fid.example%2Foidc"


def test_the_address_that_starts_a_sign_in_is_the_best_way_back() -> None:
    start, site = "https://shop.example/login", "https://www.shop.example/about"

    registered = a_client(metadata=ClientMetadata(initiate_login_uri=start, client_uri=site))

    assert registered.way_back(ISSUER) == f"{start}?iss=https%3A%2F%2Fid.example%2Foidc"
    assert registered.home == site
    assert a_client(metadata=ClientMetadata(client_uri=site)).way_back(ISSUER) == site
    assert a_client(metadata=ClientMetadata(client_uri=site)).home == site


@pytest.mark.parametrize(
    ("kind", "is_public"),
    [
        (ClientKind.WEB, False),
        (ClientKind.SPA, True),
        (ClientKind.NATIVE, True),
        (ClientKind.SERVICE, False),
    ],
)
def test_browsers_and_devices_keep_no_secret(kind: ClientKind, is_public: bool) -> None:  # noqa: FBT001 - a row of the table
    assert a_client(kind=kind).is_public is is_public


def test_a_secret_lives_until_it_expires() -> None:
    lasting = ClientSecret(name="a", digest=b"", created_at=NOW)
    expiring = ClientSecret(name="b", digest=b"", created_at=NOW, expires_at=NOW)

    assert lasting.is_live(NOW + timedelta(days=9999))
    assert expiring.is_live(NOW - timedelta(seconds=1))
    assert not expiring.is_live(NOW)
