"""What is handed to clients: authorization codes, access tokens and refresh tokens."""

from dataclasses import dataclass
from datetime import datetime

from authserver.domain.clients import ClientId
from authserver.domain.grants import AuthorizationId
from authserver.domain.scopes import ScopeSet


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """A code for the token endpoint, stored as a digest with all that it is bound to."""

    digest: bytes
    authorization_id: AuthorizationId
    client_id: ClientId
    redirect_uri: str
    code_challenge: str | None
    created_at: datetime
    expires_at: datetime
    spent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An opaque access token, good at the userinfo endpoint."""

    digest: bytes
    authorization_id: AuthorizationId
    scopes: ScopeSet
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """A refresh token; once spent, `successor_key_id` names the key its successor came from."""

    digest: bytes
    authorization_id: AuthorizationId
    client_id: ClientId
    created_at: datetime
    expires_at: datetime
    family_expires_at: datetime
    spent_at: datetime | None = None
    successor_key_id: str | None = None
