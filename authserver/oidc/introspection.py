"""The introspection endpoint (RFC 7662)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from authserver.domain.accounts import Subject
from authserver.domain.clients import Client
from authserver.domain.clock import Clock
from authserver.domain.scopes import ScopeSet
from authserver.domain.secret import fingerprint
from authserver.oidc.client_authentication import ClientAuthenticator
from authserver.oidc.errors import InvalidClient
from authserver.oidc.parameters import Parameters
from authserver.storage.unit_of_work import Storage, UnitOfWork

INACTIVE: Final = {"active": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """The use case of `/oidc/token/introspection`."""

    storage: Storage
    authenticator: ClientAuthenticator
    clock: Clock
    issuer: str

    def inspect(self, parameters: Parameters, authorization: str | None) -> dict[str, object]:
        """Return the state of a token of the calling client; of any other, only that it is none.

        Callers have to authenticate (RFC 7662 §2.1), so that nobody can try tokens here.
        """
        now = self.clock.now()
        client = self.authenticator.authenticate(authorization, parameters, now)
        if client.is_public:
            raise InvalidClient("only clients with a secret may introspect")
        digest = fingerprint(parameters.required("token"))
        with self.storage.reading() as work:
            return (
                self._access_token(work, digest, client, now)
                or self._refresh_token(work, digest, client, now)
                or dict(INACTIVE)
            )

    def _access_token(
        self, work: UnitOfWork, digest: bytes, client: Client, now: datetime
    ) -> dict[str, object] | None:
        access = work.tokens.find_access(digest, now)
        if access is None or access.client_id != client.id:
            return None
        described = self._described(client, access.account.subject, access.scopes)
        return {
            **described,
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
        described = self._described(client, authorization.subject, authorization.scopes)
        return {
            **described,
            "iat": int(token.created_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
        }

    def _described(self, client: Client, subject: Subject, scopes: ScopeSet) -> dict[str, object]:
        return {
            "active": True,
            "iss": self.issuer,
            "client_id": client.id,
            "sub": subject,
            "scope": str(scopes),
        }
