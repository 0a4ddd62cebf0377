"""authlib as the client and joserfc as the reader of tokens: other people's JOSE code."""

from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from authlib.integrations.base_client import (  # type: ignore[import-untyped]  # no type marker
    OAuthError,
)
from authlib.integrations.requests_client import (  # type: ignore[import-untyped]  # likewise
    OAuth2Session,
)
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.conformance.foreign_clients.providers import (
    Provider,
    RegisteredClient,
    silent_answer,
)
from tests.support.person import Person

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXkdBjftJeZ4CVP"


class Application:
    """A relying party as authlib's guide builds it, for one person."""

    def __init__(self, endpoint: str, client: RegisteredClient) -> None:
        self.issuer = f"{endpoint}/oidc"
        self.client = client
        self.session = OAuth2Session(
            client.client_id,
            client.client_secret,
            scope="openid email offline_access",
            redirect_uri=client.redirect_uri,
            code_challenge_method="S256",
        )
        self.session.trust_env = False
        self.metadata = self._get(f"{self.issuer}/.well-known/openid-configuration")

    def sign_in(self, person: Person, email: str) -> str:
        """Take the person to the provider and return where they come back to."""
        url, self._state = self.session.create_authorization_url(
            self.metadata["authorization_endpoint"],
            code_verifier=VERIFIER,
            nonce="a nonce",
            prompt="consent",
        )
        return person.sign_in(url, email)

    def exchange(self, callback: str) -> dict[str, Any]:
        """Exchange the code, checking the state, and return the checked ID token's claims."""
        tokens = self.session.fetch_token(
            self.metadata["token_endpoint"],
            authorization_response=callback,
            state=self._state,
            code_verifier=VERIFIER,
        )
        return self._claims(tokens["id_token"], nonce={"essential": True, "value": "a nonce"})

    def refresh(self) -> dict[str, Any]:
        """Refresh the tokens and return the new ID token's claims."""
        tokens = self.session.refresh_token(self.metadata["token_endpoint"])
        return self._claims(tokens["id_token"])

    def userinfo(self) -> dict[str, Any]:
        """Return what the provider tells to the holder of the access token."""
        answer = self.session.get(self.metadata["userinfo_endpoint"])
        answer.raise_for_status()
        claims: dict[str, Any] = answer.json()
        return claims

    def end_session_url(self) -> str:
        """Return where to send the person to sign out."""
        query = {
            "id_token_hint": self.session.token["id_token"],
            "post_logout_redirect_uri": self.client.post_logout_redirect_uri,
        }
        return f"{self.metadata['end_session_endpoint']}?{urlencode(query)}"

    def _claims(self, id_token: str, **more: Any) -> dict[str, Any]:
        keys = KeySet.import_key_set(self._get(self.metadata["jwks_uri"]))
        token = jwt.decode(id_token, keys, algorithms=["RS256"])
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            **more,
        ).validate(token.claims)
        return token.claims

    def _get(self, url: str) -> Any:
        answer = self.session.get(url, withhold_token=True)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture
def application(provider: Provider) -> Application:
    client = provider.register(
        redirect_uri="http://localhost:3996/callback?tenant=one",
        post_logout_redirect_uri="http://localhost:3996/signed-out",
        authentication="basic",
    )
    return Application(provider.endpoint, client)


def test_authlib_signs_in_reads_userinfo_refreshes_and_signs_out(
    provider: Provider, person: Person, application: Application
) -> None:
    email = "authlib@example.com"

    first = application.exchange(application.sign_in(person, email))
    userinfo = application.userinfo()
    second = application.refresh()
    userinfo_again = application.userinfo()
    signed_out = person.sign_out(application.end_session_url())

    assert userinfo["sub"] == first["sub"] == second["sub"]
    assert userinfo["email"] == email
    assert userinfo_again == userinfo
    assert signed_out == application.client.post_logout_redirect_uri
    answer = silent_answer(person, provider.endpoint, application.client)
    assert answer["error"] == "login_required"


def test_authlib_cannot_use_a_code_twice(person: Person, application: Application) -> None:
    callback = application.sign_in(person, "authlib-replay@example.com")
    application.exchange(callback)

    with pytest.raises(OAuthError, match="invalid_grant"):
        application.exchange(callback)

    with pytest.raises(OAuthError, match="invalid_grant"):
        application.refresh()


def test_authlib_revokes_and_introspects_its_tokens(
    person: Person, application: Application
) -> None:
    application.exchange(application.sign_in(person, "authlib-revocation@example.com"))
    session, metadata = application.session, application.metadata
    access_token = session.token["access_token"]

    before = session.introspect_token(metadata["introspection_endpoint"], token=access_token)
    revoked = session.revoke_token(metadata["revocation_endpoint"], token=access_token)
    after = session.introspect_token(metadata["introspection_endpoint"], token=access_token)

    assert before.json()["active"] is True
    assert revoked.status_code == requests.codes.ok
    assert after.json() == {"active": False}


def test_a_returning_person_is_the_same_subject_in_another_browser(
    provider: Provider, person: Person, application: Application
) -> None:
    email = "authlib-returning@example.com"
    first = application.exchange(application.sign_in(person, email))

    with Person.browsing(provider.endpoint, provider.inbox) as elsewhere:
        second = application.exchange(application.sign_in(elsewhere, email))

    assert second["sub"] == first["sub"]
    assert "error" not in silent_answer(person, provider.endpoint, application.client)
