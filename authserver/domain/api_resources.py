"""APIs that access tokens can be asked for, and the roles that permit it (RFC 8707)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# Where this server's own API is; clients name it, below the endpoint, as `resource`.
OWN_API: Final = "/api/v1"
# The scope by which services have mailboxes proven.
VERIFICATIONS: Final = "verifications"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScope:
    """One scope of an API."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiResource:
    """One API; `indicator` is the absolute URI that clients send as `resource`."""

    indicator: str
    name: str
    scopes: tuple[ApiScope, ...] = ()
    access_token_lifetime: timedelta | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def scope_names(self) -> frozenset[str]:
        """Return the names of the API's scopes."""
        return frozenset(scope.name for scope in self.scopes)

    def words_for(self, names: Collection[str]) -> list[str]:
        """Return the scopes of these names as the operator describes them to people."""
        return [scope.description or scope.name for scope in self.scopes if scope.name in names]


def own_api(endpoint: str, now: datetime) -> ApiResource:
    """Return this server's own API: it is there without being registered."""
    return ApiResource(
        indicator=endpoint + OWN_API,
        name="authserver",
        scopes=(ApiScope(name=VERIFICATIONS, description="Have mailboxes proven by mailed codes"),),
        created_at=now,
        updated_at=now,
    )


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """One scope of one API."""

    indicator: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A named set of permissions, given to accounts or to services."""

    name: str
    description: str = ""
    permissions: frozenset[Permission] = frozenset()
    created_at: datetime
    updated_at: datetime


def permitted_scopes(resource: ApiResource, roles: Collection[Role]) -> frozenset[str]:
    """Return the scopes of `resource` that any of `roles` permits."""
    return frozenset(
        permission.scope
        for role in roles
        for permission in role.permissions
        if permission.indicator == resource.indicator
    ).intersection(resource.scope_names)
