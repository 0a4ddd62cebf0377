"""@logto/browser in a real browser: tokens by CORS, errors as Logto writes them."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import OpenPage
from tests.conformance.foreign_clients.loopback_site import LoopbackSite, Visitor, open_site
from tests.conformance.foreign_clients.providers import Provider

# It has the packages installed.
pytestmark = pytest.mark.usefixtures("run_script")

POST = "([endpoint, form]) => fetch(endpoint, \
{method: 'POST', body: new URLSearchParams(form)}).then(answer => answer.json())"
API = "https://books.example.com/logto-browser"


@pytest.fixture
def site(provider: Provider) -> Iterator[LoopbackSite]:
    """Serve the application, registered with the provider."""
    with open_site("logto_browser.html") as site:
        client = provider.register(
            redirect_uri=f"{site.origin}/callback",
            post_logout_redirect_uri=f"{site.origin}/signed-out",
            authentication="none",
        )
        provider.register_api(API)
        site.settings = {
            "endpoint": provider.endpoint,
            "appId": client.client_id,
            "scopes": ["email"],
            "resources": [API],
        }
        yield site


@pytest.fixture
def visitor(open_page: OpenPage, site: LoopbackSite, provider: Provider) -> Visitor:
    return Visitor(open_page(), site, provider.inbox)


def test_logto_in_the_browser_signs_in_gets_tokens_for_an_api_and_signs_out(
    visitor: Visitor, site: LoopbackSite, provider: Provider
) -> None:
    email = "logto-browser@example.com"
    visitor.open_site()
    visitor.run("uri => void logto.signIn(uri)", f"{site.origin}/callback")

    callback = visitor.sign_in(email)
    visitor.run("uri => logto.handleSignInCallback(uri)", callback)
    claims = visitor.run("() => logto.getIdTokenClaims()")
    userinfo = visitor.run("() => logto.fetchUserInfo()")
    visitor.run("() => logto.clearAccessToken()")
    refreshed = visitor.run("() => logto.getAccessToken()")
    for_api = visitor.run("api => logto.getAccessTokenClaims(api)", API)
    refresh_token = visitor.run("() => logto.getRefreshToken()")
    visitor.run("uri => void logto.signOut(uri)", f"{site.origin}/signed-out")
    signed_out = visitor.sign_out()

    assert claims["aud"] == site.settings["appId"]
    assert userinfo["sub"] == claims["sub"]
    assert userinfo["email"] == email
    assert refreshed
    assert for_api["aud"] == API
    assert for_api["sub"] == claims["sub"]
    assert signed_out == f"{site.origin}/signed-out"
    assert visitor.run("() => logto.isAuthenticated()") is False
    form = {
        "grant_type": "refresh_token",
        "client_id": claims["aud"],
        "refresh_token": refresh_token,
    }
    answer = visitor.run(POST, [f"{provider.endpoint}/oidc/token", form])
    assert answer["error"] == "invalid_grant"
