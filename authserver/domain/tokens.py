"""What is handed to clients: authorization codes, access tokens and refresh tokens."""

from dataclasses import dataclass
from datetime import datetime

from authserver.domain.accounts import Account, Subject
from authserver.domain.clients import ClientId
from authserver.domain.grants import AuthorizationId
from authserver.domain.scopes import ScopeSet
from authserver.domain.secret import fingerprint


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
    """An access token, stored as a digest.

    Without an `audience` it is opaque and, for a person, good at the userinfo endpoint; with one
    it is a JWT for that API (RFC 9068), whose scopes are the API's. A service's has no
    authorization.
    """

    digest: bytes
    client_id: ClientId
    authorization_id: AuthorizationId | None = None
    scope: str
    audience: str | None = None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


def digest_of_jti(jti: str) -> bytes:
    """Return what a JWT access token is stored under: it is signed after its row is written."""
    return fingerprint(f"jti {jti}")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAccess:
    """What a presented access token stands for."""

    client_id: ClientId
    account: Account
    scopes: ScopeSet
    requested_claims: dict[str, object]
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedAccess:
    """What a live access token says of itself, whoever presents it; a service's names nobody."""

    client_id: ClientId
    subject: Subject | None
    scope: str
    audience: str | None
    acr: str | None
    authenticated_at: datetime | None
    created_at: datetime
    expires_at: datetime
