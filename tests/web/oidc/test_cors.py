"""Which web pages may call the provider from a browser."""

from collections.abc import Callable

import pytest

from authserver.administration.clients import ClientChanges
from authserver.domain.clients import ClientKind
from tests.oidc.relying_party import RelyingParty
from tests.support.provider import ENDPOINT, Provider
from tests.web.conftest import Log

CALLED = ["/oidc/token", "/oidc/me", "/oidc/token/revocation"]
APP = "https://app.example.com"
NOT_OURS = [
    "https://evil.example",
    "https://app.example.com.evil.example",
    "https://evil-app.example.com",
    "https://APP.example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com/",
    "https://app.example.com, https://evil.example",
    "com.example.app",
    "null",
    "*",
    "",
]


@pytest.fixture(scope="module")
def spa(shared_provider: Provider) -> RelyingParty:
    RelyingParty.at(shared_provider, "com.example.app:/callback", kind=ClientKind.NATIVE)
    return RelyingParty.at(shared_provider, f"{APP}:443/callback", kind=ClientKind.SPA)


def allowed(headers: dict[str, str]) -> set[str]:
    return {name for name in headers if name.startswith("access-control-")}


@pytest.mark.parametrize("path", CALLED)
def test_the_origin_of_a_redirect_uri_may_ask_and_call(spa: RelyingParty, path: str) -> None:
    asking = {
        "Origin": APP,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    preflight = spa.http.options(path, headers=asking)
    call = spa.http.post(path, data={"client_id": spa.id}, headers={"Origin": APP})

    assert preflight.status_code == 204
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"].lower().startswith("authorization")
    for answer in (preflight, call):
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", NOT_OURS)
@pytest.mark.parametrize("path", CALLED)
def test_no_other_origin_is_allowed_anything(spa: RelyingParty, path: str, origin: str) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    preflight = spa.http.options(path, headers=headers)
    call = spa.http.post(path, data={"client_id": spa.id}, headers={"Origin": origin})

    assert not allowed(dict(preflight.headers))
    assert not allowed(dict(call.headers))


@pytest.mark.parametrize(
    "path", ["/oidc/auth", "/oidc/session/end", "/oidc/token/introspection", "/account", "/sign-in"]
)
def test_pages_are_for_no_origin(spa: RelyingParty, path: str) -> None:
    answers = [
        spa.http.get(path, headers={"Origin": APP}),
        spa.http.post(path, headers={"Origin": APP}),
        spa.http.options(path, headers={"Origin": APP, "Access-Control-Request-Method": "POST"}),
    ]

    assert not any(allowed(dict(answer.headers)) for answer in answers)


def test_a_browser_application_can_read_every_answer_it_gets(provider: Provider) -> None:
    spa = RelyingParty.at(provider, f"{APP}/callback", kind=ClientKind.SPA)
    code = spa.sign_in()
    spa.http.headers["Origin"] = APP

    exchange = spa.exchange(code)
    tokens = exchange.json()
    answers = [
        exchange,
        spa.exchange(code),
        spa.refresh(tokens["refresh_token"]),
        spa.userinfo(tokens["access_token"]),
        spa.userinfo("unknown"),
        spa.revoke(tokens["refresh_token"]),
        spa.http.get("/oidc/jwks"),
        spa.http.get("/oidc/.well-known/openid-configuration"),
    ]

    assert [each.headers.get("Access-Control-Allow-Origin") for each in answers] == [
        *[APP] * 6,
        *["*"] * 2,
    ]


@pytest.mark.parametrize("path", CALLED)
def test_what_goes_wrong_before_or_beside_the_endpoint_can_be_read_as_well(
    provider: Provider, log: Log, path: str
) -> None:
    spa = RelyingParty.at(provider, f"{APP}/callback", kind=ClientKind.SPA)
    spa.http.headers["Origin"] = APP
    bearer = {"Authorization": "Bearer unknown"}
    form = {"client_id": spa.id, "grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
    is_userinfo = path == "/oidc/me"
    as_page = {"Content-Type": "application/x-www-form-urlencoded"}

    answers = {
        405: spa.http.delete(path),
        413: spa.http.post(path, content=b"a" * 100_000, headers=as_page),
        415: spa.http.post(path, json={}),
    }
    if is_userinfo:
        # There the token may stand in the header, and the body is none of its business.
        del answers[415]
    for table in ("access_tokens", "refresh_tokens"):
        with provider.server.storage.writing() as work:
            work.connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_gone")
            work.commit()
    call = spa.http.get(path, headers=bearer) if is_userinfo else spa.http.post(path, data=form)
    answers[500] = call

    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert "Origin" in answer.headers["Vary"]
    assert len(log.lines("request.failed")) == 1


def test_a_page_that_calls_too_often_is_told_when_to_come_back(
    provider_with: Callable[..., Provider],
) -> None:
    provider = provider_with(LIMITS__CLIENT_REQUESTS_PER_SOURCE_MINUTE=10)
    spa = RelyingParty.at(provider, f"{APP}/callback", kind=ClientKind.SPA)
    spa.http.headers["Origin"] = APP

    answers = [spa.userinfo("unknown") for _ in range(11)]
    of_stranger = spa.http.get("/oidc/me", headers={"Origin": "https://evil.example"})

    assert [each.status_code for each in answers] == [*[401] * 10, 429]
    assert of_stranger.status_code == 429
    assert not allowed(dict(of_stranger.headers))
    for each in answers:
        assert each.headers["Access-Control-Allow-Origin"] == APP
        assert "Retry-After" in each.headers["Access-Control-Expose-Headers"]
    assert answers[-1].headers["Retry-After"] == "60"


def test_an_origin_is_allowed_as_long_as_a_client_has_it(provider: Provider) -> None:
    spa = RelyingParty.at(provider, f"{APP}/callback", kind=ClientKind.SPA)
    headers = {"Origin": APP}
    assert spa.http.options("/oidc/token", headers=headers).headers["Access-Control-Allow-Origin"]

    changes = ClientChanges(redirect_uris=["https://other.example/callback"])
    provider.server.clients.update(spa.id, changes)

    assert not allowed(dict(spa.http.options("/oidc/token", headers=headers).headers))
    assert spa.http.base_url == ENDPOINT


def test_an_origin_that_was_registered_beside_the_redirect_uris_may_call(
    provider: Provider,
) -> None:
    client = RelyingParty.registered(provider)
    origin = "https://pages.example"
    before = client.http.options("/oidc/token", headers={"Origin": origin})

    provider.server.clients.update(client.id, ClientChanges(metadata={"cors_origins": (origin,)}))
    after = client.http.options("/oidc/token", headers={"Origin": origin})

    assert "Access-Control-Allow-Origin" not in before.headers
    assert after.headers["Access-Control-Allow-Origin"] == origin
