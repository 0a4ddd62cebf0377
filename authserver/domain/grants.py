"""One completed authorization request; its tokens live only while it does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from authserver.domain.accounts import Subject
from authserver.domain.clients import ClientId
from authserver.domain.scopes import OFFLINE_ACCESS, ScopeSet
from authserver.domain.sessions import SessionId

AuthorizationId = NewType("AuthorizationId", str)
GrantId = NewType("GrantId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a subject allowed a client until it is withdrawn; `resources` maps APIs to scopes."""

    id: GrantId
    subject: Subject
    client_id: ClientId
    scopes: ScopeSet
    resources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime

    def covers(self, scopes: ScopeSet, resources: Mapping[str, tuple[str, ...]]) -> bool:
        """Tell whether everything asked for has been allowed before."""
        return self.scopes.covers(scopes) and all(
            set(asked) <= set(self.resources.get(indicator, ()))
            for indicator, asked in resources.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """What one authorization request came to: who, for whom, how signed in, for which scopes.

    `resources` maps the indicators of APIs to the scopes that tokens for them may have.
    """

    id: AuthorizationId
    client_id: ClientId
    subject: Subject
    session_id: SessionId
    scopes: ScopeSet
    authenticated_at: datetime
    amr: tuple[str, ...]
    acr: str
    nonce: str | None = None
    requested_claims: Mapping[str, object] = field(default_factory=dict)
    resources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    created_at: datetime
    revoked_at: datetime | None = None

    @property
    def outlives_its_session(self) -> bool:
        """Tell whether signing out elsewhere leaves it alive (OIDC Core §11)."""
        return OFFLINE_ACCESS in self.scopes
