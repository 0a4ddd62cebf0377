"""The revocation endpoint (RFC 7009)."""

from dataclasses import dataclass
from datetime import datetime

from authserver.domain.accounts import Subject
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import Client, ClientId
from authserver.domain.clock import Clock
from authserver.domain.secret import fingerprint
from authserver.domain.tokens import RefreshToken
from authserver.oidc.client_authentication import ClientAuthenticator
from authserver.oidc.parameters import Parameters
from authserver.oidc.presented_tokens import PresentedTokens
from authserver.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """The use case of `/oidc/token/revocation`."""

    storage: Storage
    authenticator: ClientAuthenticator
    clock: Clock
    presented: PresentedTokens

    def revoke(self, parameters: Parameters, authorization: str | None) -> None:
        """End a token of the calling client; unknown ones are no fault (RFC 7009 §2.2).

        A refresh token takes every token of its authorization with it (§2.1).
        """
        now = self.clock.now()
        client = self.authenticator.identify(authorization, parameters, now)
        token = parameters.required("token")
        # The keys are opened before the unit: units do not nest.
        digest = self.presented.digest(token)
        with self.storage.writing() as work:
            refresh = work.tokens.find_refresh(fingerprint(token), client.id)
            if refresh is None:
                ended = end_access(work, digest, client, now)
            else:
                ended = end_refresh(work, refresh, now)
            if ended is not None:
                work.record(ended, now)
                work.commit()


def end_refresh(work: UnitOfWork, refresh: RefreshToken, now: datetime) -> AuditEvent | None:
    """End the authorization of a refresh token; None where it had ended before."""
    authorization = work.authorizations.find(refresh.authorization_id)
    if authorization is None or not work.authorizations.revoke(authorization.id, now):
        return None
    return revoked("refresh_token", authorization.subject, refresh.client_id)


def end_access(work: UnitOfWork, digest: bytes, client: Client, now: datetime) -> AuditEvent | None:
    """End a live access token of the client; None where it has none like it."""
    access = work.tokens.find_presented(digest, now)
    if access is None or not work.tokens.revoke_access(digest, client.id, now):
        return None
    return revoked("access_token", access.subject, client.id)


def revoked(token: str, subject: Subject | None, client_id: ClientId) -> AuditEvent:
    """Return what the audit log keeps of it."""
    return AuditEvent(
        kind=AuditKind.TOKEN_REVOKED,
        subject=subject,
        client_id=client_id,
        detail={"token": token},
    )
