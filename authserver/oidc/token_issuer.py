"""The tokens of one token request: rows inside the unit, signatures after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from authserver.crypto.jose import ACCESS_TOKEN_JWT, KeyPair
from authserver.domain.accounts import Account
from authserver.domain.api_resources import ApiResource
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
from authserver.domain.signing_keys import DEFAULT_ALGORITHM
from authserver.domain.tokens import AccessToken, RefreshToken, digest_of_jti
from authserver.oidc.keys import KeySet, ProviderKeys
from authserver.storage.unit_of_work import UnitOfWork

# OIDC Registration §2: who does not register for this grant type is given no such tokens.
REFRESHING: Final = "refresh_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedAccess:
    """An access token whose row is written; for an API `secret` is its `jti`, not the token."""

    secret: Secret
    scope: str
    audience: str | None
    lifetime: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """What has been written for a client and only needs to be signed and sent.

    A service's tokens are nobody's: no account, no authorization, no scopes of a person.
    """

    client: Client
    access: IssuedAccess
    account: Account | None = None
    authorization: Authorization | None = None
    scopes: ScopeSet | None = None
    refresh_token: Secret | None = None
    nonce: str | None = None
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssuer:
    """Writes tokens and makes the token response."""

    keys: ProviderKeys
    randomness: Randomness
    lifetimes: Lifetimes
    issuer: str

    def new_access_token(
        self,
        work: UnitOfWork,
        client: Client,
        authorization: Authorization | None,
        scope: str,
        now: datetime,
    ) -> IssuedAccess:
        """Write and return an opaque access token."""
        lifetime = client.metadata.access_token_lifetime or self.lifetimes.access_token
        secret = Secret(new_token(self.randomness))
        access = IssuedAccess(secret=secret, scope=scope, audience=None, lifetime=lifetime)
        self._write(work, client, authorization, access, fingerprint(secret.reveal()), now)
        return access

    def new_api_token(
        self,
        work: UnitOfWork,
        client: Client,
        authorization: Authorization | None,
        access: tuple[ApiResource, str],
        now: datetime,
    ) -> IssuedAccess:
        """Write and return an access token for an API with a scope of it (RFC 9068)."""
        api, scope = access
        lifetime = (
            api.access_token_lifetime
            or client.metadata.access_token_lifetime
            or self.lifetimes.access_token
        )
        jti = Secret(new_token(self.randomness))
        issued = IssuedAccess(secret=jti, scope=scope, audience=api.indicator, lifetime=lifetime)
        self._write(work, client, authorization, issued, digest_of_jti(jti.reveal()), now)
        return issued

    def _write(
        self,
        work: UnitOfWork,
        client: Client,
        authorization: Authorization | None,
        access: IssuedAccess,
        digest: bytes,
        now: datetime,
    ) -> None:
        work.tokens.add_access(
            AccessToken(
                digest=digest,
                client_id=client.id,
                authorization_id=None if authorization is None else authorization.id,
                scope=access.scope,
                audience=access.audience,
                created_at=now,
                expires_at=now + access.lifetime,
            )
        )

    def first_refresh_token(
        self, work: UnitOfWork, authorization: Authorization, client: Client, now: datetime
    ) -> Secret | None:
        """Write and return the refresh token that begins a family, where offline use is granted."""
        if OFFLINE_ACCESS not in authorization.scopes or not client.uses_grant(REFRESHING):
            return None
        token = Secret(new_token(self.randomness))
        family_expires_at = now + self.lifetimes.refresh_max
        self.write_refresh_token(work, client, (authorization, token), family_expires_at, now)
        return token

    def write_refresh_token(
        self,
        work: UnitOfWork,
        client: Client,
        written: tuple[Authorization, Secret],
        family_expires_at: datetime,
        now: datetime,
    ) -> None:
        """Write a refresh token; unused it expires, and never later than its family."""
        authorization, token = written
        idle = client.metadata.refresh_token_lifetime or self.lifetimes.refresh_idle
        work.tokens.add_refresh(
            RefreshToken(
                digest=fingerprint(token.reveal()),
                authorization_id=authorization.id,
                client_id=authorization.client_id,
                created_at=now,
                expires_at=min(now + idle, family_expires_at),
                family_expires_at=family_expires_at,
            )
        )

    def response(self, issued: IssuedTokens, keys: KeySet) -> dict[str, object]:
        """Return the token response (RFC 6749 §5.1, OIDC Core §3.1.3.3).

        Every answer carries all members, because SDKs in use erase what is missing.
        """
        access_token = self.access_token(issued, keys)
        response: dict[str, object] = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": int(issued.access.lifetime.total_seconds()),
            "scope": issued.access.scope,
        }
        if issued.authorization is not None and OPENID in issued.authorization.scopes:
            key = keys.current[issued.client.id_token_algorithm]
            response["id_token"] = self.id_token(issued, issued.authorization, access_token, key)
        if issued.refresh_token is not None:
            response["refresh_token"] = issued.refresh_token.reveal()
        return response

    def access_token(self, issued: IssuedTokens, keys: KeySet) -> str:
        """Return the access token: opaque, or the JWT that an API reads (RFC 9068 §2.2)."""
        access, authorization = issued.access, issued.authorization
        if access.audience is None:
            return access.secret.reveal()
        issued_at = int(issued.issued_at.timestamp())
        claims: dict[str, object] = {
            "iss": self.issuer,
            # RFC 9068 §2.2: where no person is involved the client is the subject.
            "sub": issued.client.id if authorization is None else authorization.subject,
            "aud": access.audience,
            "client_id": issued.client.id,
            "iat": issued_at,
            "exp": issued_at + int(access.lifetime.total_seconds()),
            "jti": access.secret.reveal(),
            "scope": access.scope,
        }
        if authorization is not None:
            claims["auth_time"] = int(authorization.authenticated_at.timestamp())
            claims["acr"] = authorization.acr
        return keys.current[DEFAULT_ALGORITHM].sign(claims, typ=ACCESS_TOKEN_JWT)

    def id_token(
        self, issued: IssuedTokens, authorization: Authorization, access_token: str, key: KeyPair
    ) -> str:
        """Return the signed ID token (OIDC Core §2)."""
        lifetime = issued.client.metadata.id_token_lifetime or self.lifetimes.id_token
        issued_at = int(issued.issued_at.timestamp())
        claims: dict[str, object] = {
            **self._person_claims(issued, authorization),
            "iss": self.issuer,
            "sub": authorization.subject,
            "aud": authorization.client_id,
            "iat": issued_at,
            "exp": issued_at + int(lifetime.total_seconds()),
            "auth_time": int(authorization.authenticated_at.timestamp()),
            "acr": authorization.acr,
            "sid": authorization.session_id,
            "at_hash": key.half_hash(access_token),
        }
        if authorization.amr:
            claims["amr"] = list(authorization.amr)
        if issued.nonce is not None:
            claims["nonce"] = issued.nonce
        return key.sign(claims)

    def _person_claims(
        self, issued: IssuedTokens, authorization: Authorization
    ) -> Mapping[str, object]:
        if issued.account is None:
            return {}
        requested = authorization.requested_claims.get("id_token")
        names = requested if isinstance(requested, list) else []
        released = (issued.scopes or ()) if issued.client.has_claims_in_id_token else ()
        scopes = [scope for scope in released if scope in ID_TOKEN_SCOPES]
        return released_claims(issued.account, scopes, names)
