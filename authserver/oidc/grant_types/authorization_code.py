"""The authorization code grant (RFC 6749 §4.1.3, OIDC Core §3.1.3)."""

from dataclasses import dataclass

from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import Client, ClientKind
from authserver.domain.clock import Clock
from authserver.domain.secret import fingerprint
from authserver.domain.tokens import AuthorizationCode
from authserver.oidc.errors import InvalidGrant
from authserver.oidc.granted_access import access_for
from authserver.oidc.pkce import check_verifier
from authserver.oidc.token_endpoint import TokenRequest
from authserver.oidc.token_issuer import IssuedTokens, TokenIssuer
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AuthorizationCodeGrant:
    """Turns a code into tokens, once; a second use revokes what the first one brought."""

    issuer: TokenIssuer
    clock: Clock
    name: str = "authorization_code"

    def is_permitted(self, client: Client) -> bool:
        """Tell whether the client signs people in at all."""
        return client.kind is not ClientKind.SERVICE and client.uses_grant(self.name)

    def exchange(self, request: TokenRequest, work: UnitOfWork) -> IssuedTokens:
        """Spend the code, check what it is bound to, and write the tokens."""
        now = self.clock.now()
        digest = fingerprint(request.parameters.required("code"))
        code = work.authorization_codes.claim(digest, request.client.id, now)
        if code is None:
            self._revoke_if_spent(digest, request, work)
            raise InvalidGrant("the code is not valid")
        try:
            self._check_bindings(code, request)
        except InvalidGrant:
            # The code stays spent: whoever presented it wrongly must not try again.
            work.commit()
            raise
        authorization = work.authorizations.hold_live(code.authorization_id, now)
        account = None if authorization is None else work.accounts.find(authorization.subject)
        if authorization is None or account is None or not account.is_active:
            work.commit()
            raise InvalidGrant("the authorization has ended")
        return IssuedTokens(
            client=request.client,
            account=account,
            authorization=authorization,
            scopes=authorization.scopes,
            access=access_for(self.issuer, work, request, authorization, now),
            refresh_token=self.issuer.first_refresh_token(work, authorization, request.client, now),
            nonce=authorization.nonce,
            issued_at=now,
        )

    def _check_bindings(self, code: AuthorizationCode, request: TokenRequest) -> None:
        if request.parameters.get("redirect_uri") != code.redirect_uri:
            raise InvalidGrant("redirect_uri differs from that of the authorization request")
        check_verifier(request.parameters.get("code_verifier"), code.code_challenge)

    def _revoke_if_spent(self, digest: bytes, request: TokenRequest, work: UnitOfWork) -> None:
        """RFC 6749 §4.1.2: a code used twice costs every token that was issued for it."""
        now = self.clock.now()
        code = work.authorization_codes.find(digest, request.client.id)
        if code is None or code.spent_at is None:
            return
        if work.authorizations.revoke(code.authorization_id, now):
            event = AuditEvent(
                kind=AuditKind.AUTHORIZATION_CODE_REPLAYED, client_id=request.client.id
            )
            work.record(event, now)
        work.commit()
