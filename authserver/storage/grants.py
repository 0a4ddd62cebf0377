"""Authorizations: one row each, and all tokens under it are dead once it is revoked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Connection,
    ForeignKey,
    Index,
    String,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Subject
from authserver.domain.clients import ClientId
from authserver.domain.grants import Authorization, AuthorizationId
from authserver.domain.scopes import ScopeSet
from authserver.domain.sessions import SessionId
from authserver.storage.database import Record, Row, UtcDateTime


class AuthorizationRow(Row):
    """One completed authorization request; it is pruned once no token of it can live."""

    __tablename__ = "authorizations"
    __table_args__ = (
        Index("ix_authorizations_session_id_client_id", "session_id", "client_id"),
        Index("ix_authorizations_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str] = mapped_column(
        ForeignKey("accounts.subject", ondelete="CASCADE"), index=True
    )
    session_id: Mapped[str] = mapped_column(String(40))
    scopes: Mapped[str] = mapped_column(String(1000))
    outlives_session: Mapped[bool]
    authenticated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    amr: Mapped[str] = mapped_column(String(100))
    acr: Mapped[str] = mapped_column(String(100))
    nonce: Mapped[str | None] = mapped_column(String(1000))
    requested_claims: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resources: Mapped[dict[str, list[str]] | None] = mapped_column(JSON(none_as_null=True))


class ClientOrAccountGone(Exception):
    """Client or account was deleted a moment ago; the unit can only be undone."""


ADD: Final = insert(AuthorizationRow)
FIND: Final = select(AuthorizationRow).where(AuthorizationRow.id == bindparam("wanted_id"))
IS_LIVE: Final = AuthorizationRow.revoked_at.is_(None)
# Orders a use of the authorization after or before its revocation, never beside it.
HOLD_LIVE: Final = (
    update(AuthorizationRow)
    .where(AuthorizationRow.id == bindparam("wanted_id"), IS_LIVE)
    .values(used_at=bindparam("now"))
    .returning(AuthorizationRow)
)
REVOKE: Final = (
    update(AuthorizationRow)
    .where(AuthorizationRow.id == bindparam("wanted_id"), IS_LIVE)
    .values(revoked_at=bindparam("now"))
)
REVOKE_OF_SUBJECT: Final = (
    update(AuthorizationRow)
    .where(AuthorizationRow.subject == bindparam("wanted_subject"), IS_LIVE)
    .values(revoked_at=bindparam("now"))
)
REVOKE_OF_CLIENT: Final = (
    update(AuthorizationRow)
    .where(
        AuthorizationRow.subject == bindparam("wanted_subject"),
        AuthorizationRow.client_id == bindparam("wanted_client"),
        IS_LIVE,
    )
    .values(revoked_at=bindparam("now"))
)
REVOKE_OF_SESSION: Final = (
    update(AuthorizationRow)
    .where(
        AuthorizationRow.session_id == bindparam("wanted_session"),
        IS_LIVE,
        ~AuthorizationRow.outlives_session
        | (AuthorizationRow.client_id == bindparam("leaving_client")),
    )
    .values(revoked_at=bindparam("now"))
)
HOLDS: Final = (
    select(AuthorizationRow.id)
    .where(
        AuthorizationRow.session_id == bindparam("wanted_session"),
        AuthorizationRow.client_id == bindparam("wanted_client"),
    )
    .limit(1)
)
CLIENTS_OF_SESSION: Final = (
    select(AuthorizationRow.client_id)
    .distinct()
    .where(AuthorizationRow.session_id == bindparam("wanted_session"))
    .order_by(AuthorizationRow.client_id)
)


class Authorizations:
    """The authorizations of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, authorization: Authorization, expires_at: datetime) -> None:
        """Insert an authorization; no token of it lives beyond `expires_at`."""
        try:
            self.connection.execute(
                ADD,
                {
                    "id": authorization.id,
                    "client_id": authorization.client_id,
                    "subject": authorization.subject,
                    "session_id": authorization.session_id,
                    "scopes": str(authorization.scopes),
                    "outlives_session": authorization.outlives_its_session,
                    "authenticated_at": authorization.authenticated_at,
                    "amr": " ".join(authorization.amr),
                    "acr": authorization.acr,
                    "nonce": authorization.nonce,
                    "requested_claims": dict(authorization.requested_claims),
                    "created_at": authorization.created_at,
                    "expires_at": expires_at,
                    "used_at": authorization.created_at,
                    "revoked_at": authorization.revoked_at,
                    "resources": listed(authorization.resources) or None,
                },
            )
        except IntegrityError as fault:
            raise ClientOrAccountGone from fault

    def find(self, authorization_id: AuthorizationId) -> Authorization | None:
        """Return the authorization, revoked or not."""
        row = self.connection.execute(FIND, {"wanted_id": authorization_id}).one_or_none()
        return None if row is None else authorization_of(row)

    def hold_live(self, authorization_id: AuthorizationId, now: datetime) -> Authorization | None:
        """Return the authorization unless revoked; it stays so until the commit."""
        parameters = {"wanted_id": authorization_id, "now": now}
        row = self.connection.execute(HOLD_LIVE, parameters).one_or_none()
        return None if row is None else authorization_of(row)

    def revoke(self, authorization_id: AuthorizationId, now: datetime) -> bool:
        """End the authorization and with it all its tokens; False where it had ended."""
        parameters = {"wanted_id": authorization_id, "now": now}
        return self.connection.execute(REVOKE, parameters).rowcount == 1

    def revoke_of_subject(self, subject: Subject, now: datetime) -> None:
        """End every authorization of the account."""
        self.connection.execute(REVOKE_OF_SUBJECT, {"wanted_subject": subject, "now": now})

    def revoke_of_client(self, subject: Subject, client_id: str, now: datetime) -> bool:
        """End all that the account allowed the client; False where there was nothing left."""
        parameters = {"wanted_subject": subject, "wanted_client": client_id, "now": now}
        return self.connection.execute(REVOKE_OF_CLIENT, parameters).rowcount > 0

    def revoke_of_session(
        self, session_id: SessionId, leaving: ClientId | None, now: datetime
    ) -> None:
        """End what a session carried: all of the `leaving` client, and of others what is online."""
        self.connection.execute(
            REVOKE_OF_SESSION,
            {"wanted_session": session_id, "leaving_client": leaving or "", "now": now},
        )

    def session_holds(self, session_id: SessionId, client_id: ClientId) -> bool:
        """Tell whether the session has ever been used to sign in to the client."""
        parameters = {"wanted_session": session_id, "wanted_client": client_id}
        return self.connection.execute(HOLDS, parameters).one_or_none() is not None

    def clients_of_session(self, session_id: SessionId) -> list[ClientId]:
        """Return the clients that the session has ever been used to sign in to."""
        rows = self.connection.execute(CLIENTS_OF_SESSION, {"wanted_session": session_id})
        return [ClientId(row.client_id) for row in rows]


def authorization_of(row: Record) -> Authorization:
    """Return the authorization that `row` describes."""
    return Authorization(
        id=AuthorizationId(row.id),
        client_id=ClientId(row.client_id),
        subject=Subject(row.subject),
        session_id=SessionId(row.session_id),
        scopes=ScopeSet.parse(row.scopes),
        authenticated_at=row.authenticated_at,
        amr=tuple(row.amr.split()),
        acr=row.acr,
        nonce=row.nonce,
        requested_claims=row.requested_claims,
        resources=tuples(row.resources),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )


def listed(resources: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """Return scopes of APIs as a column keeps them."""
    return {indicator: list(scopes) for indicator, scopes in resources.items()}


def tuples(resources: Mapping[str, list[str]] | None) -> dict[str, tuple[str, ...]]:
    """Return scopes of APIs as a column kept them."""
    return {indicator: tuple(scopes) for indicator, scopes in (resources or {}).items()}
