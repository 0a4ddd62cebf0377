"""idpyoidc, which checks an answer against all that was said before, with cryptojwt below it."""

import contextlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from cryptojwt.key_jar import KeyJar
from idpyoidc.client.exception import OidcServiceError, ResponseError
from idpyoidc.client.rp_handler import RPHandler

from tests.conformance.foreign_clients.providers import (
    Provider,
    RegisteredClient,
    silent_answer,
)
from tests.support.person import Person

SERVICES = {
    name: {"class": f"idpyoidc.client.{path}"}
    for name, path in {
        "discovery": "oidc.provider_info_discovery.ProviderInfoDiscovery",
        "authorization": "oidc.authorization.Authorization",
        "access_token": "oidc.access_token.AccessToken",
        "refresh_access_token": "oidc.refresh_access_token.RefreshAccessToken",
        "userinfo": "oidc.userinfo.UserInfo",
        "introspection": "oauth2.introspection.Introspection",
        "token_revocation": "oauth2.token_revocation.TokenRevocation",
        "end_session": "oidc.end_session.EndSession",
    }.items()
}
PKCE = {
    "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
    "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
}


class Application:
    """A relying party as the library's guide builds it, for one person."""

    def __init__(self, endpoint: str, client: RegisteredClient) -> None:
        self.issuer = f"{endpoint}/oidc"
        http = requests.Session()
        http.trust_env = False
        configuration = {
            "client_type": "oidc",
            "issuer": self.issuer,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "redirect_uris": [client.redirect_uri],
            "post_logout_redirect_uris": [client.post_logout_redirect_uri],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "email", "offline_access"],
            "scope": ["openid", "email", "offline_access"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "client_authn_methods": ["client_secret_basic", "bearer_header"],
            "add_ons": {"pkce": PKCE},
            "services": SERVICES,
        }
        self._handler = RPHandler(
            base_url="http://localhost:3994",
            client_configs={self.issuer: configuration},
            httpc=http.request,
            # It has no keys of its own; by itself the library would write some into this folder.
            keyjar=KeyJar(),
        )

    def sign_in_url(self) -> str:
        """Return where the person is sent."""
        url: str = self._handler.begin(self.issuer, req_args={"prompt": "consent"})
        return url

    # Messages of the library are dictionaries whose members depend on the request.
    def finish(self, callback: str) -> Any:
        """Read the answer, exchange the code, check the ID token and ask for the claims."""
        answer = dict(parse_qsl(urlsplit(callback).query))
        finished = self._handler.finalize(self.issuer, answer)
        self._state = finished["state"]
        return finished

    def refresh(self) -> Any:
        """Refresh the tokens."""
        return self._handler.refresh_access_token(self._state)

    def userinfo(self) -> Any:
        """Return what the provider tells to the holder of the access token."""
        return self._handler.get_user_info(self._state)

    def introspect(self, token: str) -> Any:
        """Ask about the token."""
        return self._client.do_request("introspection", request_args={"token": token})

    def revoke(self, token: str) -> None:
        """Revoke the token."""
        # The library takes every empty answer for a faulty one, also where nothing is to be said.
        with contextlib.suppress(ResponseError):
            self._client.do_request("token_revocation", request_args={"token": token})

    def end_session_url(self) -> str:
        """Return where to send the person to sign out."""
        url: str = self._handler.logout(self._state)["url"]
        return url

    @property
    def _client(self) -> Any:
        return self._handler.issuer2rp[self.issuer]


@pytest.fixture
def client(provider: Provider) -> RegisteredClient:
    return provider.register(
        redirect_uri="http://localhost:3994/callback",
        post_logout_redirect_uri="http://localhost:3994/signed-out",
        authentication="basic",
    )


def test_idpyoidc_walks_from_sign_in_to_sign_out(
    provider: Provider, person: Person, client: RegisteredClient
) -> None:
    email = "idpyoidc@example.com"
    application = Application(provider.endpoint, client)

    first = application.finish(person.sign_in(application.sign_in_url(), email))
    second = application.refresh()
    userinfo = application.userinfo()
    alive = application.introspect(second["access_token"])
    signed_out = person.sign_out(application.end_session_url())

    assert first["id_token"]["aud"] == [client.client_id]
    assert first["userinfo"]["email"] == email
    assert second["access_token"] != first["token"]
    assert userinfo["sub"] == first["id_token"]["sub"]
    assert alive["active"] is True
    assert signed_out.startswith(f"{client.post_logout_redirect_uri}?state=")
    assert silent_answer(person, provider.endpoint, client)["error"] == "login_required"


def test_idpyoidc_finds_what_it_revoked_dead(
    provider: Provider, person: Person, client: RegisteredClient
) -> None:
    application = Application(provider.endpoint, client)
    callback = person.sign_in(application.sign_in_url(), "idpyoidc-revocation@example.com")
    application.finish(callback)
    tokens = application.refresh()

    application.revoke(tokens["refresh_token"])

    assert application.introspect(tokens["access_token"])["active"] is False
    with pytest.raises(OidcServiceError, match="invalid_grant"):
        application.refresh()
