"""The introspection endpoint (RFC 7662)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from authserver.domain.clients import Client
from authserver.domain.clock import Clock
from authserver.domain.secret import fingerprint
from authserver.domain.tokens import PresentedAccess
from authserver.oidc.client_authentication import ClientAuthenticator
from authserver.oidc.errors import InvalidClient
from authserver.oidc.parameters import Parameters
from authserver.oidc.presented_tokens import PresentedTokens
from authserver.storage.unit_of_work import Storage, UnitOfWork

INACTIVE: Final = {"active": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """The use case of `/oidc/token/introspection`."""

    storage: Storage
    authenticator: ClientAuthenticator
    clock: Clock
    presented: PresentedTokens

    def inspect(self, parameters: Parameters, authorization: str | None) -> dict[str, object]:
        """Return the state of a token of the calling client; of any other, only that it is none.

        A client that an operator lets introspect all, such as the server of an API, is told of
        every live access token; of refresh tokens nobody but their holder.

        Callers have to authenticate (RFC 7662 §2.1), so that nobody can try tokens here.
        """
        now = self.clock.now()
        client = self.authenticator.authenticate(authorization, parameters, now)
        if client.is_public:
            raise InvalidClient("only clients that prove themselves may introspect")
        token = parameters.required("token")
        # The keys are opened before the unit: units do not nest.
        digest = self.presented.digest(token)
        with self.storage.reading() as work:
            return (
                self._access_token(work, digest, client, now)
                or self._refresh_token(work, fingerprint(token), client, now)
                or dict(INACTIVE)
            )

    def _access_token(
        self, work: UnitOfWork, digest: bytes, client: Client, now: datetime
    ) -> dict[str, object] | None:
        access = work.tokens.find_presented(digest, now)
        if access is None:
            return None
        if access.client_id != client.id and not client.metadata.may_introspect_all:
            return None
        # RFC 9068 §2.2: a service's token is about the service itself.
        subject = access.subject or access.client_id
        return {
            **self._described(access.client_id, subject, access.scope),
            **({} if access.audience is None else {"aud": access.audience}),
            **authentication_of(access),
            "token_type": "Bearer",
            "iat": int(access.created_at.timestamp()),
            "exp": int(access.expires_at.timestamp()),
        }

    def _refresh_token(
        self, work: UnitOfWork, digest: bytes, client: Client, now: datetime
    ) -> dict[str, object] | None:
        token = work.tokens.find_refresh(digest, client.id)
        if token is None or token.spent_at is not None or token.expires_at <= now:
            return None
        authorization = work.authorizations.find(token.authorization_id)
        if authorization is None or authorization.revoked_at is not None:
            return None
        return {
            **self._described(client.id, authorization.subject, str(authorization.scopes)),
            "iat": int(token.created_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
        }

    def _described(self, client_id: str, subject: str, scope: str) -> dict[str, object]:
        return {
            "active": True,
            "iss": self.presented.issuer,
            "client_id": client_id,
            "sub": subject,
            "scope": scope,
        }


def authentication_of(access: PresentedAccess) -> dict[str, object]:
    """Return how the person of a token signed in, and when (RFC 9470 §6.2)."""
    if access.acr is None or access.authenticated_at is None:
        return {}
    return {"acr": access.acr, "auth_time": int(access.authenticated_at.timestamp())}
