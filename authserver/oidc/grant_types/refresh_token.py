"""The refresh token grant with rotation (RFC 6749 §6, RFC 9700 §4.14)."""

from dataclasses import dataclass
from datetime import datetime

from authserver.crypto.deriver import Deriver
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import Client, ClientKind
from authserver.domain.clock import Clock
from authserver.domain.secret import Secret, fingerprint
from authserver.domain.tokens import RefreshToken
from authserver.oidc.errors import AccessDenied, InvalidGrant
from authserver.oidc.granted_access import access_for
from authserver.oidc.token_endpoint import TokenRequest
from authserver.oidc.token_issuer import IssuedTokens, TokenIssuer
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class RefreshTokenGrant:
    """Every use rotates; within the grace the same token gives the same successor.

    The successor is a keyed MAC of the presented token, so it can be given again although
    only digests are stored. Reuse after the grace, or once the successor was used as well,
    revokes the tokens of the authorization.
    """

    issuer: TokenIssuer
    deriver: Deriver
    clock: Clock
    name: str = "refresh_token"

    def is_permitted(self, client: Client) -> bool:
        """Tell whether the client signs people in, and registered for refreshing."""
        return client.kind is not ClientKind.SERVICE and client.uses_grant(self.name)

    def exchange(self, request: TokenRequest, work: UnitOfWork) -> IssuedTokens:
        """Spend the token or, within the grace, repeat the answer."""
        now = self.clock.now()
        if request.parameters.get("organization_id") is not None:
            raise AccessDenied("the person is not a member of this organization")
        presented = request.parameters.required("refresh_token")
        digest = fingerprint(presented)
        key_id = self.deriver.keys.newest_id
        spent = work.tokens.spend_refresh(digest, request.client.id, key_id, now)
        is_first_use = spent is not None
        if spent is None:
            spent = self._within_grace(presented, request, work, now)
        authorization = work.authorizations.hold_live(spent.authorization_id, now)
        account = None if authorization is None else work.accounts.find(authorization.subject)
        if authorization is None or account is None or not account.is_active:
            raise InvalidGrant("the refresh token is not valid")
        access = access_for(self.issuer, work, request, authorization, now)
        successor = self._successor(presented, spent)
        if is_first_use:
            written = (authorization, successor)
            self.issuer.write_refresh_token(
                work, request.client, written, spent.family_expires_at, now
            )
        return IssuedTokens(
            client=request.client,
            account=account,
            authorization=authorization,
            scopes=authorization.scopes,
            access=access,
            refresh_token=successor,
            nonce=None,
            issued_at=now,
        )

    def _within_grace(
        self, presented: str, request: TokenRequest, work: UnitOfWork, now: datetime
    ) -> RefreshToken:
        """Return the token spent just before the live one; any other costs all tokens beside it."""
        token = work.tokens.find_refresh(fingerprint(presented), request.client.id)
        if token is None or token.spent_at is None:
            raise InvalidGrant("the refresh token is not valid")
        is_recent = now < token.spent_at + self.issuer.lifetimes.refresh_grace
        if is_recent and self._precedes_live(presented, token, work):
            return token
        if work.authorizations.revoke(token.authorization_id, now):
            event = AuditEvent(kind=AuditKind.REFRESH_TOKEN_REUSED, client_id=request.client.id)
            work.record(event, now)
        work.commit()
        raise InvalidGrant("the refresh token was used before")

    def _precedes_live(self, presented: str, spent: RefreshToken, work: UnitOfWork) -> bool:
        """Tell whether the successor is unspent: else two rotations in a second hide a replay."""
        successor = self._successor(presented, spent)
        live = work.tokens.find_refresh(fingerprint(successor.reveal()), spent.client_id)
        return live is not None and live.spent_at is None

    def _successor(self, presented: str, spent: RefreshToken) -> Secret:
        key_id = spent.successor_key_id or self.deriver.keys.newest_id
        successor = self.deriver.refresh_successor(presented, key_id)
        if successor is None:
            raise InvalidGrant("the refresh token is not valid")
        return successor
