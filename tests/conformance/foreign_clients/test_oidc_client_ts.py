"""oidc-client-ts in a real browser: another origin, frames, and no server of its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import OpenPage
from tests.conformance.foreign_clients.loopback_site import LoopbackSite, Visitor, open_site
from tests.conformance.foreign_clients.providers import Provider

# It has the packages installed.
pytestmark = pytest.mark.usefixtures("run_script")

# The library's user object without its methods.
PLAIN = "({profile, access_token, refresh_token, id_token}) => \
({profile, access_token, refresh_token, id_token})"


@pytest.fixture
def site(provider: Provider) -> Iterator[LoopbackSite]:
    """Serve the application, registered with the provider."""
    with open_site("oidc_client_ts.html") as site:
        client = provider.register(
            redirect_uri=f"{site.origin}/callback",
            post_logout_redirect_uri=f"{site.origin}/signed-out",
            authentication="none",
        )
        site.settings = {
            "authority": f"{provider.endpoint}/oidc",
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            "silent_redirect_uri": client.redirect_uri,
            "post_logout_redirect_uri": client.post_logout_redirect_uri,
            "scope": "openid email offline_access",
            "prompt": "consent",
            "loadUserInfo": True,
            "silentRequestTimeoutInSeconds": 10,
        }
        yield site


@pytest.fixture
def visitor(open_page: OpenPage, site: LoopbackSite, provider: Provider) -> Visitor:
    return Visitor(open_page(), site, provider.inbox)


def signed_in(visitor: Visitor, email: str) -> Any:
    visitor.open_site()
    visitor.run("() => void manager.signinRedirect({state: 'where I was'})")
    visitor.sign_in(email)
    return visitor.run(f"() => manager.signinCallback().then({PLAIN})")


def test_oidc_client_ts_signs_in_renews_silently_and_signs_out(
    visitor: Visitor, site: LoopbackSite
) -> None:
    email = "oidc-client-ts@example.com"

    first = signed_in(visitor, email)
    by_token = visitor.run(f"() => manager.signinSilent().then({PLAIN})")
    by_frame = visitor.run(f"() => manager.signinSilent({{forceIframeAuth: true}}).then({PLAIN})")
    visitor.run("() => void manager.signoutRedirect({state: 'done'})")

    assert first["profile"]["email"] == email
    assert by_token["access_token"] != first["access_token"]
    assert by_frame["refresh_token"] not in {first["refresh_token"], by_token["refresh_token"]}
    subjects = {user["profile"]["sub"] for user in (first, by_token, by_frame)}
    assert len(subjects) == 1
    assert visitor.sign_out().startswith(f"{site.origin}/signed-out?state=")
    visitor.run("() => manager.signoutCallback()")
    assert visitor.run("() => manager.getUser()") is None
    refused = visitor.run("() => manager.signinSilent().catch(refusal => refusal.error)")
    assert refused == "login_required"


def test_what_oidc_client_ts_revokes_is_dead_and_the_page_may_read_so(
    visitor: Visitor, provider: Provider
) -> None:
    user = signed_in(visitor, "oidc-client-ts-revocation@example.com")
    ask = "([endpoint, token]) => fetch(endpoint, {headers: {Authorization: `Bearer ${token}`}})"
    status = f"{ask}.then(answer => answer.status)"
    userinfo = [f"{provider.endpoint}/oidc/me", user["access_token"]]
    before = visitor.run(status, userinfo)

    visitor.run("() => manager.revokeTokens()")

    assert before == 200
    assert visitor.run(status, userinfo) == 401
    refresh = "token => new oidc.OidcClient(settings).useRefreshToken({state: token})"
    refused = visitor.run(
        f"{refresh}.catch(refusal => refusal.error)",
        {"refresh_token": user["refresh_token"], "scope": "openid", "profile": user["profile"]},
    )
    assert refused == "invalid_grant"


def test_a_sign_in_in_a_window_of_its_own_tells_the_page_that_opened_it(
    visitor: Visitor, site: LoopbackSite, provider: Provider
) -> None:
    email = "oidc-client-ts-window@example.com"
    visitor.open_site()

    with visitor.page.expect_popup() as opened:
        visitor.run(f"() => void (window.outcome = manager.signinPopup().then({PLAIN}))")
    in_window = Visitor(opened.value, site, provider.inbox)
    in_window.sign_in(email)
    # The library does without, other applications do not.
    keeps_opener = in_window.run("() => window.opener !== null")
    in_window.run("() => void manager.signinCallback()")

    user = visitor.run("() => window.outcome")
    assert user["profile"]["email"] == email
    assert keeps_opener
