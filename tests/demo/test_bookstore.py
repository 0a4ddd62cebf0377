"""The shop as a visitor meets it, against a stand-in provider."""

import socket
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from authserver.demo.application import create_bookstore
from tests.demo.conftest import TEMPLATES, Visitor
from tests.demo.loopback import Host
from tests.demo.stand_in_provider import CLIENT_ID, StandInProvider
from tests.demo.token_maker import Json, ec_key, rsa_key


def is_signed_in(visitor: Visitor) -> bool:
    return 'data-signed-in="true"' in visitor.get("/").text


def test_a_stranger_sees_books_and_two_ways_in(visitor: Visitor, provider: StandInProvider) -> None:
    page = visitor.get("/")

    assert page.status_code == 200
    assert "The Lighthouse Ledger" in page.text
    assert 'href="/sign-in"' in page.text
    assert 'href="/sign-in?prompt=create"' in page.text
    assert '/forgot-password">Forgot your password?</a>' in page.text
    assert f"{provider.url}/dev/mail" in page.text
    assert visitor.cookie is None


def test_signing_in_shows_who_the_provider_says_it_is(
    visitor: Visitor,
) -> None:
    page = visitor.walk("/sign-in")

    assert str(page.url) == f"{visitor.shop}/"
    assert '<span class="address" data-greeting>ada@example.com</span>' in page.text
    assert '<span data-claim="sub">subject-1</span>' in page.text
    assert '<span data-userinfo="email_verified">true</span>' in page.text


def test_no_token_reaches_the_browser(visitor: Visitor) -> None:
    page = visitor.walk("/sign-in").text

    assert "access-token-" not in page
    assert "refresh-token-" not in page
    assert "eyJ" not in page


def test_the_authorization_request_binds_state_nonce_and_pkce(
    visitor: Visitor, provider: StandInProvider
) -> None:
    visitor.walk("/sign-in")
    visitor.walk("/sign-in?prompt=create")

    first, second = provider.asked
    assert first["redirect_uri"] == f"{visitor.shop}/callback"
    assert first["client_id"] == CLIENT_ID
    assert first["response_type"] == "code"
    assert set(first["scope"].split()) >= {"openid", "email", "offline_access"}
    assert first["code_challenge_method"] == "S256"
    assert all(len(first[name]) == 43 for name in ("state", "nonce", "code_challenge"))
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))
    assert "prompt" not in first
    assert second["prompt"] == "create"


def test_a_sign_in_gets_a_new_session_id(visitor: Visitor) -> None:
    callback = visitor.callback_url()
    before = visitor.cookie

    answer = visitor.http.get(callback)

    assert before is not None
    assert visitor.cookie not in (None, before)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    planted = httpx.get(
        visitor.shop, headers={"Cookie": f"bookstore_session={before}"}, trust_env=False
    )
    assert 'data-signed-in="false"' in planted.text


def test_an_answer_delivered_to_another_browser_is_refused(visitor: Visitor, shop: str) -> None:
    callback = visitor.callback_url()
    other = Visitor(shop)
    with other.http:
        other.get("/sign-in")

        answer = other.http.get(callback)

        assert answer.status_code == 400
        assert not is_signed_in(other)


def test_an_answer_with_another_state_is_refused(visitor: Visitor) -> None:
    callback = visitor.callback_url().replace("state=", "state=x")

    assert visitor.http.get(callback).status_code == 400
    assert not is_signed_in(visitor)


def test_an_answer_works_once(visitor: Visitor) -> None:
    callback = visitor.callback_url()

    assert visitor.http.get(callback).status_code == 303
    cookie = visitor.cookie
    again = visitor.http.get(callback)

    # As the back button brings it: it changes nothing for who is signed in.
    assert (again.status_code, again.headers["location"]) == (303, "/")
    assert visitor.cookie == cookie
    assert is_signed_in(visitor)


def test_an_answer_that_repeats_a_parameter_is_refused(visitor: Visitor) -> None:
    assert visitor.http.get(visitor.callback_url() + "&code=x").status_code == 400


@pytest.mark.parametrize("issuer", ["http://localhost:9/oidc", None])
def test_an_answer_of_another_issuer_is_refused_before_the_code_is_used(
    visitor: Visitor, provider: StandInProvider, issuer: str | None
) -> None:
    provider.changed_answer = {"iss": issuer}

    answer = visitor.walk("/sign-in")

    assert answer.status_code == 400
    assert "another sign-in service" in answer.text
    assert provider.key_fetches == 0


def test_a_provider_that_does_not_announce_the_issuer_may_leave_it_out(
    visitor: Visitor, provider: StandInProvider
) -> None:
    provider.changed_metadata = {"authorization_response_iss_parameter_supported": False}
    provider.changed_answer = {"iss": None}

    visitor.walk("/sign-in")

    assert is_signed_in(visitor)


@pytest.mark.parametrize(
    ("told", "status", "words"),
    [
        ({"error": "access_denied"}, 403, "declined"),
        ({"error": "login_required"}, 400, "login_required"),
        (
            {"error": "server_error", "error_description": "<b>no</b>"},
            400,
            "&lt;b&gt;no&lt;/b&gt;",
        ),
        ({}, 400, "without a code"),
    ],
)
def test_an_error_of_the_provider_becomes_a_page(
    visitor: Visitor,
    provider: StandInProvider,
    told: dict[str, str | None],
    status: int,
    words: str,
) -> None:
    provider.changed_answer = {"code": None, **told}

    answer = visitor.walk("/sign-in")

    assert answer.status_code == status
    assert words in answer.text
    assert 'href="/sign-in"' in answer.text


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://localhost:9/oidc"},
        {"aud": "other"},
        {"nonce": "other"},
        {"exp": 1},
        {"at_hash": "x"},
    ],
)
def test_a_wrong_id_token_signs_nobody_in(
    visitor: Visitor, provider: StandInProvider, claims: Json
) -> None:
    provider.changed_claims = claims

    assert visitor.walk("/sign-in").status_code == 400
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    "changes",
    [
        {"id_token": None},
        {"id_token": "nonsense"},
        {"access_token": None},
        {"token_type": "DPoP"},
        {"expires_in": "3600"},
        {"expires_in": True},
        {"expires_in": -1},
    ],
)
def test_a_damaged_token_answer_signs_nobody_in(
    visitor: Visitor, provider: StandInProvider, changes: Json
) -> None:
    provider.changed_tokens = changes

    answer = visitor.walk("/sign-in")

    assert answer.status_code == 400
    assert not is_signed_in(visitor)


def test_userinfo_about_somebody_else_signs_nobody_in(
    visitor: Visitor, provider: StandInProvider
) -> None:
    provider.changed_userinfo = {"sub": "subject-2"}

    assert visitor.walk("/sign-in").status_code == 400
    assert not is_signed_in(visitor)


def test_claims_are_shown_as_text(visitor: Visitor, provider: StandInProvider) -> None:
    provider.changed_userinfo = {"email": "<script>@example.com", "custom_data": {"a": ["<b>"]}}

    page = visitor.walk("/sign-in").text

    assert "<script>" not in page
    assert "&lt;script&gt;@example.com" in page
    assert "<b>" not in page


def test_unknown_key_ids_do_not_make_the_shop_fetch_keys_all_the_time(
    visitor: Visitor, provider: StandInProvider
) -> None:
    provider.published = [ec_key().public_jwk()]
    for _ in range(3):
        assert visitor.walk("/sign-in").status_code == 400

    assert provider.key_fetches == 1


def test_an_algorithm_outside_the_announced_ones_signs_nobody_in(
    visitor: Visitor, provider: StandInProvider
) -> None:
    provider.key = ec_key()

    assert visitor.walk("/sign-in").status_code == 400


def test_refreshing_renews_the_tokens_each_time(
    visitor: Visitor, provider: StandInProvider
) -> None:
    visitor.walk("/sign-in")
    for _ in range(2):
        assert visitor.press("/refresh").status_code == 303

    assert len(provider.spent) == 2
    assert "The tokens are new." in visitor.get("/").text
    assert "The tokens are new." not in visitor.get("/").text


def test_a_refresh_that_is_refused_ends_the_sign_in(
    visitor: Visitor, provider: StandInProvider
) -> None:
    visitor.walk("/sign-in")
    provider.refresh_error = "invalid_grant"

    answer = visitor.press("/refresh")

    assert answer.status_code == 400
    assert "sign-in has ended" in answer.text
    assert not is_signed_in(visitor)


@pytest.mark.parametrize("claims", [{"sub": "subject-2"}, {"aud": "other"}, {"iss": "other"}])
def test_a_refresh_that_speaks_of_someone_else_ends_the_sign_in(
    visitor: Visitor, provider: StandInProvider, claims: Json
) -> None:
    visitor.walk("/sign-in")
    provider.changed_claims = claims

    assert visitor.press("/refresh").status_code == 400
    assert not is_signed_in(visitor)


def test_a_refresh_may_come_without_an_id_token_and_without_a_new_refresh_token(
    visitor: Visitor, provider: StandInProvider
) -> None:
    visitor.walk("/sign-in")
    provider.changed_tokens = {"id_token": None, "refresh_token": None}

    assert visitor.press("/refresh").status_code == 303
    assert is_signed_in(visitor)


def test_without_a_refresh_token_there_is_no_refresh_button(
    visitor: Visitor, provider: StandInProvider
) -> None:
    provider.changed_tokens = {"refresh_token": None}

    assert 'action="/refresh"' not in visitor.walk("/sign-in").text


def test_signing_out_ends_it_here_and_at_the_provider(
    visitor: Visitor, provider: StandInProvider
) -> None:
    visitor.walk("/sign-in")
    before = visitor.cookie

    answer = visitor.press("/sign-out")
    page = visitor.walk(answer.headers["location"])

    (asked,) = provider.signed_out
    assert asked["post_logout_redirect_uri"] == visitor.shop
    assert asked["client_id"] == CLIENT_ID
    assert asked["id_token_hint"].count(".") == 2
    assert str(page.url) == f"{visitor.shop}/"
    assert "You have signed out." in page.text
    assert visitor.cookie not in (None, before)
    assert not is_signed_in(visitor)


def test_a_made_up_return_from_sign_out_says_nothing(visitor: Visitor) -> None:
    visitor.walk("/sign-in")

    page = visitor.get("/?state=made-up")

    assert page.status_code == 200
    assert "You have signed out." not in page.text
    assert is_signed_in(visitor)


def test_a_provider_without_sign_out_is_signed_out_of_here(
    visitor: Visitor, provider: StandInProvider
) -> None:
    provider.changed_metadata = {"end_session_endpoint": None}
    visitor.walk("/sign-in")

    assert visitor.press("/sign-out").headers["location"] == "/"
    assert not is_signed_in(visitor)


@pytest.mark.parametrize("path", ["/sign-out", "/refresh"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost:9"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "ours"},
    ],
)
def test_a_form_from_elsewhere_does_nothing(
    visitor: Visitor, provider: StandInProvider, path: str, headers: dict[str, str]
) -> None:
    visitor.walk("/sign-in")
    sent = {name: visitor.shop if value == "ours" else value for name, value in headers.items()}

    assert visitor.press(path, **sent).status_code == 403
    assert is_signed_in(visitor)
    assert not provider.spent


@pytest.mark.parametrize("path", ["/sign-out", "/refresh"])
def test_a_form_of_the_shop_itself_works_in_a_browser(visitor: Visitor, path: str) -> None:
    visitor.walk("/sign-in")
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": visitor.shop}

    assert visitor.press(path, **headers).status_code == 303


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("", "application/x-www-form-urlencoded", 403),
        ("form_token=wrong", "application/x-www-form-urlencoded", 403),
        ("form_token=a&form_token=b", "application/x-www-form-urlencoded", 400),
        ("form_token=%ff", "application/x-www-form-urlencoded", 400),
        ("x" * 5000, "application/x-www-form-urlencoded", 400),
        ("form_token=x", "text/plain", 400),
    ],
)
def test_a_form_without_the_right_token_is_refused(
    visitor: Visitor, body: str, content_type: str, status: int
) -> None:
    visitor.walk("/sign-in")
    headers = {"Content-Type": content_type}

    assert visitor.http.post("/sign-out", content=body, headers=headers).status_code == status
    assert is_signed_in(visitor)


def test_a_page_that_is_not_there_does_not_ask_for_a_sign_in(visitor: Visitor) -> None:
    page = visitor.get("/nothing-here")

    assert page.status_code == 404
    assert "This shelf is empty" in page.text
    assert 'href="/sign-in"' not in page.text


def test_signing_out_is_no_link(visitor: Visitor) -> None:
    visitor.walk("/sign-in")

    assert visitor.get("/sign-out").status_code == 405
    assert is_signed_in(visitor)


def test_a_damaged_cookie_is_signed_out(shop: str) -> None:
    for cookie in ("", "x", "é".encode().decode("latin-1"), "x" * 4000):
        headers = {b"Cookie": b"bookstore_session=" + cookie.encode("latin-1")}
        page = httpx.get(shop, headers=headers, trust_env=False)
        assert 'data-signed-in="false"' in page.text


def test_every_page_carries_the_headers_that_protect_it(
    visitor: Visitor, provider: StandInProvider
) -> None:
    pages = [visitor.get("/callback"), visitor.walk("/sign-in"), visitor.get("/nothing-here")]

    assert [page.status_code for page in pages] == [400, 200, 404]
    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert f"form-action 'self' {provider.url}" in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "same-origin"
        assert " style=" not in page.text
        assert "<script" not in page.text


def test_style_sheet_and_icon_are_served(visitor: Visitor) -> None:
    assert visitor.get("/bookstore.css").headers["content-type"].startswith("text/css")
    assert visitor.get("/bookstore.svg").headers["content-type"] == "image/svg+xml"


def test_a_provider_in_trouble_becomes_a_friendly_page_and_is_asked_again(
    visitor: Visitor, provider: StandInProvider
) -> None:
    provider.is_down = True
    trouble = visitor.walk("/sign-in")
    provider.is_down = False

    assert trouble.status_code == 503
    assert trouble.headers["retry-after"] == "5"
    assert "short break" in trouble.text
    visitor.walk("/sign-in")
    assert is_signed_in(visitor)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://localhost:9/oidc"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": 7},
        {"id_token_signing_alg_values_supported": ["HS256", "none"]},
    ],
)
def test_a_discovery_document_that_cannot_be_trusted_is_not_used(
    visitor: Visitor, provider: StandInProvider, changes: Json
) -> None:
    provider.changed_metadata = changes

    assert visitor.get("/sign-in").status_code == 503


@pytest.fixture
def lonely_shop(shop_host: Host) -> Iterator[str]:
    """A shop whose provider is not there."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        application = create_bookstore(
            provider=f"http://localhost:{nobody.getsockname()[1]}",
            client_id=CLIENT_ID,
            client_secret="x",
            base_url=shop_host.url,
            templates=TEMPLATES,
        )
        with shop_host.hosting(application):
            yield shop_host.url


def test_an_unreachable_provider_leaves_the_shop_open(lonely_shop: str) -> None:
    page = httpx.get(lonely_shop, trust_env=False)
    sign_in = httpx.get(f"{lonely_shop}/sign-in", trust_env=False)

    assert page.status_code == 200
    assert "demo inbox" not in page.text
    assert sign_in.status_code == 503


def test_a_wrong_secret_is_explained(provider: StandInProvider, shop_host: Host) -> None:
    application = create_bookstore(
        provider=provider.url,
        client_id=CLIENT_ID,
        client_secret="wrong",
        base_url=shop_host.url,
        templates=TEMPLATES,
    )
    visitor = Visitor(shop_host.url)
    with shop_host.hosting(application), visitor.http:
        assert visitor.walk("/sign-in").status_code == 400


def test_the_shop_imports_nothing_of_the_server() -> None:
    folder = TEMPLATES.parent / "authserver" / "demo"
    for module in folder.glob("*.py"):
        for line in module.read_text().splitlines():
            if line.startswith(("from authserver", "import authserver")):
                assert line.startswith("from authserver.demo."), module.name


def test_a_code_travels_in_the_query_of_the_callback_only(visitor: Visitor) -> None:
    callback = visitor.callback_url()

    answer = visitor.http.get(callback)

    assert answer.headers["location"] == "/"
    assert dict(parse_qsl(urlsplit(callback).query)).keys() == {"code", "state", "iss"}
    assert rsa_key().kid not in answer.text
