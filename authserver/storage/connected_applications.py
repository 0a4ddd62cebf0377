"""Which clients hold something live of an account, gathered from its authorizations."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, exists, select

from authserver.domain.accounts import Subject
from authserver.domain.clients import ClientId
from authserver.domain.scopes import ScopeSet
from authserver.storage.consents import Grants
from authserver.storage.grants import AuthorizationRow, tuples
from authserver.storage.tokens import AccessTokenRow, RefreshTokenRow

HAS_ACCESS: Final = exists().where(
    AccessTokenRow.authorization_id == AuthorizationRow.id,
    AccessTokenRow.revoked_at.is_(None),
    AccessTokenRow.expires_at > bindparam("now"),
)
HAS_REFRESH: Final = exists().where(
    RefreshTokenRow.authorization_id == AuthorizationRow.id,
    RefreshTokenRow.spent_at.is_(None),
    RefreshTokenRow.expires_at > bindparam("now"),
)
LIVE: Final = (
    select(
        AuthorizationRow.client_id,
        AuthorizationRow.scopes,
        AuthorizationRow.resources,
        AuthorizationRow.created_at,
        AuthorizationRow.used_at,
    )
    .where(
        AuthorizationRow.subject == bindparam("wanted_subject"),
        AuthorizationRow.revoked_at.is_(None),
        HAS_ACCESS | HAS_REFRESH,
    )
    .order_by(AuthorizationRow.used_at.desc(), AuthorizationRow.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedApplication:
    """One client with live tokens of an account: what they release, since when, last used when.

    `resources` maps APIs to the scopes that the client may have there.
    """

    client_id: ClientId
    scopes: ScopeSet
    resources: Mapping[str, frozenset[str]]
    since: datetime
    last_used_at: datetime


class ConnectedApplications:
    """The connected applications of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def list(self, subject: Subject, now: datetime) -> list[ConnectedApplication]:
        """Return the account's applications, the last used first."""
        found: dict[str, ConnectedApplication] = {}
        # What is allowed for good stays connected also while nothing live is held.
        for grant in Grants(self.connection).list(subject):
            found[grant.client_id] = ConnectedApplication(
                client_id=grant.client_id,
                scopes=grant.scopes,
                resources=united(grant.resources, {}),
                since=grant.created_at,
                last_used_at=grant.updated_at,
            )
        for row in self.connection.execute(LIVE, {"wanted_subject": subject, "now": now}):
            known = found.get(row.client_id)
            scopes = ScopeSet.parse(row.scopes)
            found[row.client_id] = ConnectedApplication(
                client_id=ClientId(row.client_id),
                scopes=ScopeSet(scopes.words | (known.scopes.words if known else frozenset())),
                resources=united(tuples(row.resources), known.resources if known else {}),
                since=min(row.created_at, known.since) if known else row.created_at,
                last_used_at=max(row.used_at, known.last_used_at) if known else row.used_at,
            )
        return sorted(found.values(), key=lambda each: each.last_used_at, reverse=True)


def united(
    one: Mapping[str, Collection[str]], other: Mapping[str, Collection[str]]
) -> dict[str, frozenset[str]]:
    """Return the scopes of each API that stand in either."""
    return {
        indicator: frozenset((*one.get(indicator, ()), *other.get(indicator, ())))
        for indicator in (*one, *other)
    }
