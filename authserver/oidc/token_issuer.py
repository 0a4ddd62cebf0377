"""Access, refresh and ID token of one authorization: rows inside the unit, signatures after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from authserver.domain.accounts import Account
from authserver.domain.clients import Client
from authserver.domain.grants import Authorization
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.randomness import Randomness, new_token
from authserver.domain.scopes import (
    ID_TOKEN_SCOPES,
    OFFLINE_ACCESS,
    OPENID,
    ScopeSet,
    released_claims,
)
from authserver.domain.secret import Secret, fingerprint
from authserver.domain.tokens import AccessToken, RefreshToken
from authserver.oidc.keys import ProviderKeys
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """What has been written for a client and only needs to be signed and sent."""

    client: Client
    account: Account
    authorization: Authorization
    scopes: ScopeSet
    access_token: Secret
    refresh_token: Secret | None
    nonce: str | None
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssuer:
    """Writes tokens and makes the token response."""

    keys: ProviderKeys
    randomness: Randomness
    lifetimes: Lifetimes
    issuer: str

    def new_access_token(
        self, work: UnitOfWork, authorization: Authorization, scopes: ScopeSet, now: datetime
    ) -> Secret:
        """Write and return an opaque access token."""
        token = new_token(self.randomness)
        work.tokens.add_access(
            AccessToken(
                digest=fingerprint(token),
                client_id=authorization.client_id,
                authorization_id=authorization.id,
                scopes=scopes,
                created_at=now,
                expires_at=now + self.lifetimes.access_token,
            )
        )
        return Secret(token)

    def first_refresh_token(
        self, work: UnitOfWork, authorization: Authorization, now: datetime
    ) -> Secret | None:
        """Write and return the refresh token that begins a family, where offline use is granted."""
        if OFFLINE_ACCESS not in authorization.scopes:
            return None
        token = Secret(new_token(self.randomness))
        self.write_refresh_token(work, authorization, token, now + self.lifetimes.refresh_max, now)
        return token

    def write_refresh_token(
        self,
        work: UnitOfWork,
        authorization: Authorization,
        token: Secret,
        family_expires_at: datetime,
        now: datetime,
    ) -> None:
        """Write a refresh token; unused it expires, and never later than its family."""
        work.tokens.add_refresh(
            RefreshToken(
                digest=fingerprint(token.reveal()),
                authorization_id=authorization.id,
                client_id=authorization.client_id,
                created_at=now,
                expires_at=min(now + self.lifetimes.refresh_idle, family_expires_at),
                family_expires_at=family_expires_at,
            )
        )

    def response(self, issued: IssuedTokens) -> dict[str, object]:
        """Return the token response (RFC 6749 §5.1, OIDC Core §3.1.3.3).

        Every answer carries all members, because SDKs in use erase what is missing.
        """
        response: dict[str, object] = {
            "access_token": issued.access_token.reveal(),
            "token_type": "Bearer",
            "expires_in": int(self.lifetimes.access_token.total_seconds()),
            "scope": str(issued.scopes),
        }
        if OPENID in issued.authorization.scopes:
            response["id_token"] = self.id_token(issued)
        if issued.refresh_token is not None:
            response["refresh_token"] = issued.refresh_token.reveal()
        return response

    def id_token(self, issued: IssuedTokens) -> str:
        """Return the signed ID token (OIDC Core §2)."""
        key = self.keys.load().current[issued.client.id_token_algorithm]
        authorization = issued.authorization
        issued_at = int(issued.issued_at.timestamp())
        claims: dict[str, object] = {
            **self._person_claims(issued),
            "iss": self.issuer,
            "sub": authorization.subject,
            "aud": authorization.client_id,
            "iat": issued_at,
            "exp": issued_at + int(self.lifetimes.id_token.total_seconds()),
            "auth_time": int(authorization.authenticated_at.timestamp()),
            "acr": authorization.acr,
            "sid": authorization.session_id,
            "at_hash": key.half_hash(issued.access_token.reveal()),
        }
        if authorization.amr:
            claims["amr"] = list(authorization.amr)
        if issued.nonce is not None:
            claims["nonce"] = issued.nonce
        return key.sign(claims)

    def _person_claims(self, issued: IssuedTokens) -> Mapping[str, object]:
        requested = issued.authorization.requested_claims.get("id_token")
        names = requested if isinstance(requested, list) else []
        scopes = issued.scopes if issued.client.has_claims_in_id_token else ()
        return released_claims(
            issued.account, [scope for scope in scopes if scope in ID_TOKEN_SCOPES], names
        )
