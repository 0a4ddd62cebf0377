"""What tokens are shown to: the server's own use cases, on a database of their own."""

from datetime import timedelta
from pathlib import Path

from authserver.composition.client_endpoints import client_authenticator
from authserver.composition.foundation import Foundation
from authserver.composition.operating import Operating
from authserver.domain.client_metadata import ClientAuthenticationMethod, ClientMetadata
from authserver.domain.clients import ClientKind
from authserver.domain.signing_keys import SigningAlgorithm
from authserver.domain.tokens import digest_of_jti
from authserver.oidc.end_session import EndSession, SignedOut
from authserver.oidc.errors import InvalidRequest, OAuthError
from authserver.oidc.introspection import Introspection
from authserver.oidc.parameters import Parameters
from authserver.oidc.presented_tokens import PresentedTokens
from authserver.oidc.remote_key_sets import RemoteKeySets
from authserver.oidc.userinfo import Userinfo
from authserver.settings.sources import load
from tests.oidc.signing_client import JWT_BEARER, new_key, public_set
from tests.storage.samples import an_access_token
from tests.support.known_randomness import KnownRandomness
from tests.support.provider import CALLBACK, ENDPOINT, HOME, SECRET_KEY
from tests.support.stopped_clock import StoppedClock

LIVE, EXPIRED, REVOKED = "the live one", "the expired one", "the revoked one"
API = "https://api.example.com"


class World:
    """One server with a client that signs, and rows for three access tokens that are JWTs."""

    def __init__(self, folder: Path, database_url: str) -> None:
        environment = {
            "AUTHSERVER_ENDPOINT": ENDPOINT,
            "AUTHSERVER_DATA_DIR": str(folder),
            "AUTHSERVER_DATABASE_URL": database_url,
            "AUTHSERVER_SECRET_KEYS": SECRET_KEY,
        }
        clock = StoppedClock()
        self.base = base = Foundation(load(environment=environment), clock, KnownRandomness(0))
        operating = Operating(base)
        operating.preparation.run()
        # Faster than RSA, and many are to be signed.
        operating.signing_keys.ensure(SigningAlgorithm.ES256)
        self.now = clock.now()
        self.issuer = base.endpoint.issuer
        self.client_key = new_key("ES256")
        metadata = ClientMetadata(
            token_endpoint_auth_method=ClientAuthenticationMethod.PRIVATE_KEY_JWT,
            jwks=public_set(self.client_key),
        )
        self.signing_client = str(
            operating.clients.create(
                name="Signing",
                kind=ClientKind.WEB,
                redirect_uris=[CALLBACK],
                post_logout_redirect_uris=[],
                metadata=metadata,
            ).client.id
        )
        made = operating.clients.create(
            name="Bookstore",
            kind=ClientKind.WEB,
            redirect_uris=[CALLBACK],
            post_logout_redirect_uris=[HOME],
        )
        assert made.secret is not None
        self.client = str(made.client.id)
        self._credentials = [("client_id", self.client), ("client_secret", made.secret.reveal())]
        self._authenticator = client_authenticator(base, RemoteKeySets(clock))
        self._introspection = Introspection(
            storage=base.storage,
            authenticator=self._authenticator,
            clock=clock,
            presented=PresentedTokens(base.keys, self.issuer),
        )
        self._userinfo = Userinfo(
            storage=base.storage,
            clock=clock,
            clients=base.clients,
            keys=base.keys,
            issuer=self.issuer,
        )
        self._end_session = EndSession(
            storage=base.storage,
            clients=base.clients,
            keys=base.keys,
            clock=clock,
            lifetimes=base.lifetimes,
            issuer=self.issuer,
        )
        self._store_access_tokens()

    def close(self) -> None:
        """Close the database."""
        self.base.storage.database.close()

    def believes_assertion(self, token: str) -> bool:
        """Tell whether the assertion proves the client that signs."""
        fields = [("client_assertion_type", JWT_BEARER), ("client_assertion", token)]
        try:
            client = self._authenticator.authenticate(None, Parameters.of(fields), self.now)
        except OAuthError:
            return False
        return client.id == self.signing_client

    def is_active(self, token: str) -> bool:
        """Tell whether introspection calls the access token active."""
        fields = Parameters.of([("token", token), *self._credentials])
        return self._introspection.inspect(fields, None)["active"] is True

    def tells_of_person(self, token: str) -> bool:
        """Tell whether the userinfo endpoint answers."""
        try:
            self._userinfo.answer(token)
        except OAuthError:
            return False
        return True

    def leads_back(self, hint: str) -> bool:
        """Tell whether the hint is enough to lead the browser to the client after a logout."""
        fields = [("id_token_hint", hint), ("post_logout_redirect_uri", HOME)]
        try:
            outcome = self._end_session.sign_out(Parameters.of(fields), None)
        except InvalidRequest:
            return False
        return isinstance(outcome, SignedOut) and outcome.redirect_to == HOME

    def _store_access_tokens(self) -> None:
        hour = timedelta(hours=1)
        with self.base.storage.writing() as work:
            for jti, expires_at, revoked_at in (
                (LIVE, self.now + hour, None),
                (EXPIRED, self.now, None),
                (REVOKED, self.now + hour, self.now),
            ):
                token = an_access_token(
                    digest=digest_of_jti(jti),
                    client_id=self.client,
                    authorization_id=None,
                    audience=API,
                    created_at=self.now - hour,
                    expires_at=expires_at,
                    revoked_at=revoked_at,
                )
                work.tokens.add_access(token)
            work.commit()
