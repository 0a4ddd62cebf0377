"""Access tokens and refresh tokens, stored as digests."""

from datetime import datetime
from typing import Final

from sqlalchemy import (
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import AccountStatus, Subject
from authserver.domain.clients import ClientId
from authserver.domain.grants import AuthorizationId
from authserver.domain.scopes import ScopeSet
from authserver.domain.sessions import SessionId
from authserver.domain.tokens import AccessToken, LiveAccess, PresentedAccess, RefreshToken
from authserver.storage.accounts import AccountRow, account_of
from authserver.storage.database import Record, Row, UtcDateTime
from authserver.storage.grants import AuthorizationRow


class AccessTokenRow(Row):
    """An access token: of an authorization, or of a service itself."""

    __tablename__ = "access_tokens"
    __table_args__ = (Index("ix_access_tokens_expires_at", "expires_at"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    authorization_id: Mapped[str | None] = mapped_column(
        ForeignKey("authorizations.id", ondelete="CASCADE"), index=True
    )
    scopes: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    client_id: Mapped[str | None] = mapped_column(
        ForeignKey("clients.id", ondelete="CASCADE"), index=True
    )
    audience: Mapped[str | None] = mapped_column(String(250))


class RefreshTokenRow(Row):
    """A refresh token; spent ones stay until they expire, so that reuse is seen."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_expires_at", "expires_at"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    authorization_id: Mapped[str] = mapped_column(
        ForeignKey("authorizations.id", ondelete="CASCADE"), index=True
    )
    client_id: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    family_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    spent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    successor_key_id: Mapped[str | None] = mapped_column(String(20))


ADD_ACCESS: Final = insert(AccessTokenRow)
FIND_ACCESS: Final = (
    select(
        AccountRow,
        AccessTokenRow.scopes.label("token_scopes"),
        AccessTokenRow.created_at.label("token_created_at"),
        AccessTokenRow.expires_at.label("token_expires_at"),
        AuthorizationRow.client_id,
        AuthorizationRow.requested_claims,
    )
    .join(AuthorizationRow, AuthorizationRow.id == AccessTokenRow.authorization_id)
    .join(AccountRow, AccountRow.subject == AuthorizationRow.subject)
    .where(
        AccessTokenRow.digest == bindparam("wanted_digest"),
        AccessTokenRow.expires_at > bindparam("now"),
        AccessTokenRow.revoked_at.is_(None),
        AccessTokenRow.audience.is_(None),
        AuthorizationRow.revoked_at.is_(None),
        AccountRow.status == AccountStatus.ACTIVE.value,
    )
)
FIND_PRESENTED: Final = (
    select(
        AccessTokenRow,
        func.coalesce(AccessTokenRow.client_id, AuthorizationRow.client_id).label("holder"),
        AuthorizationRow.subject,
        AuthorizationRow.acr,
        AuthorizationRow.authenticated_at,
    )
    .outerjoin(AuthorizationRow, AuthorizationRow.id == AccessTokenRow.authorization_id)
    .outerjoin(AccountRow, AccountRow.subject == AuthorizationRow.subject)
    .where(
        AccessTokenRow.digest == bindparam("wanted_digest"),
        AccessTokenRow.expires_at > bindparam("now"),
        AccessTokenRow.revoked_at.is_(None),
        AuthorizationRow.revoked_at.is_(None),
        # A service's token has no account that could be suspended.
        func.coalesce(AccountRow.status, AccountStatus.ACTIVE.value) == AccountStatus.ACTIVE.value,
    )
)
REVOKE_ACCESS_OF_SESSION: Final = (
    update(AccessTokenRow)
    .where(
        AccessTokenRow.authorization_id.in_(
            select(AuthorizationRow.id).where(
                AuthorizationRow.session_id == bindparam("wanted_session")
            )
        ),
        AccessTokenRow.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("now"))
)
REVOKE_ACCESS: Final = (
    update(AccessTokenRow)
    .where(
        AccessTokenRow.digest == bindparam("wanted_digest"),
        AccessTokenRow.revoked_at.is_(None),
        (AccessTokenRow.client_id == bindparam("wanted_client"))
        | AccessTokenRow.authorization_id.in_(
            select(AuthorizationRow.id).where(
                AuthorizationRow.client_id == bindparam("wanted_client")
            )
        ),
    )
    .values(revoked_at=bindparam("now"))
)
ADD_REFRESH: Final = insert(RefreshTokenRow)
FIND_REFRESH: Final = select(RefreshTokenRow).where(
    RefreshTokenRow.digest == bindparam("wanted_digest"),
    RefreshTokenRow.client_id == bindparam("wanted_client"),
)
SPEND_REFRESH: Final = (
    update(RefreshTokenRow)
    .where(
        RefreshTokenRow.digest == bindparam("wanted_digest"),
        RefreshTokenRow.client_id == bindparam("wanted_client"),
        RefreshTokenRow.spent_at.is_(None),
        RefreshTokenRow.expires_at > bindparam("now"),
    )
    .values(spent_at=bindparam("now"), successor_key_id=bindparam("key_id"))
    .returning(RefreshTokenRow)
)
FORGET_REFRESH_OF_SUBJECT: Final = delete(RefreshTokenRow).where(
    RefreshTokenRow.authorization_id.in_(
        select(AuthorizationRow.id).where(AuthorizationRow.subject == bindparam("wanted_subject"))
    )
)
FORGET_REFRESH_OF_CLIENT: Final = delete(RefreshTokenRow).where(
    RefreshTokenRow.client_id == bindparam("wanted_client")
)


class Tokens:
    """The tokens of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add_access(self, token: AccessToken) -> None:
        """Insert an access token."""
        self.connection.execute(
            ADD_ACCESS,
            {
                "digest": token.digest,
                "authorization_id": token.authorization_id,
                "scopes": token.scope,
                "created_at": token.created_at,
                "expires_at": token.expires_at,
                "revoked_at": token.revoked_at,
                "client_id": token.client_id,
                "audience": token.audience,
            },
        )

    def find_access(self, digest: bytes, now: datetime) -> LiveAccess | None:
        """Return what a live access token stands for: its account is active, nothing revoked."""
        wanted = {"wanted_digest": digest, "now": now}
        row = self.connection.execute(FIND_ACCESS, wanted).one_or_none()
        if row is None:
            return None
        return LiveAccess(
            client_id=ClientId(row.client_id),
            account=account_of(row),
            scopes=ScopeSet.parse(row.token_scopes),
            requested_claims=row.requested_claims,
            created_at=row.token_created_at,
            expires_at=row.token_expires_at,
        )

    def find_presented(self, digest: bytes, now: datetime) -> PresentedAccess | None:
        """Return what a live access token stands for, of a person or of a service."""
        wanted = {"wanted_digest": digest, "now": now}
        row = self.connection.execute(FIND_PRESENTED, wanted).one_or_none()
        if row is None:
            return None
        return PresentedAccess(
            client_id=ClientId(row.holder),
            subject=None if row.subject is None else Subject(row.subject),
            scope=row.scopes,
            audience=row.audience,
            acr=row.acr,
            authenticated_at=row.authenticated_at,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    def revoke_access(self, digest: bytes, client_id: ClientId, now: datetime) -> bool:
        """Revoke one access token of the client; False where it has none like it left."""
        parameters = {"wanted_digest": digest, "wanted_client": client_id, "now": now}
        return self.connection.execute(REVOKE_ACCESS, parameters).rowcount == 1

    def revoke_access_of_session(self, session_id: SessionId, now: datetime) -> None:
        """End the access tokens of a session, also where refresh tokens live on."""
        self.connection.execute(
            REVOKE_ACCESS_OF_SESSION, {"wanted_session": session_id, "now": now}
        )

    def add_refresh(self, token: RefreshToken) -> None:
        """Insert a refresh token."""
        self.connection.execute(
            ADD_REFRESH,
            {
                "digest": token.digest,
                "authorization_id": token.authorization_id,
                "client_id": token.client_id,
                "created_at": token.created_at,
                "expires_at": token.expires_at,
                "family_expires_at": token.family_expires_at,
                "spent_at": token.spent_at,
                "successor_key_id": token.successor_key_id,
            },
        )

    def spend_refresh(
        self, digest: bytes, client_id: ClientId, key_id: str, now: datetime
    ) -> RefreshToken | None:
        """Spend the client's refresh token; only one caller ever gets it."""
        wanted = {"wanted_digest": digest, "wanted_client": client_id}
        parameters = {**wanted, "key_id": key_id, "now": now}
        row = self.connection.execute(SPEND_REFRESH, parameters).one_or_none()
        return None if row is None else refresh_of(row)

    def find_refresh(self, digest: bytes, client_id: ClientId) -> RefreshToken | None:
        """Return the client's refresh token, spent or not."""
        parameters = {"wanted_digest": digest, "wanted_client": client_id}
        row = self.connection.execute(FIND_REFRESH, parameters).one_or_none()
        return None if row is None else refresh_of(row)

    def forget_refresh_of_subject(self, subject: Subject) -> None:
        """Delete every refresh token of an account."""
        self.connection.execute(FORGET_REFRESH_OF_SUBJECT, {"wanted_subject": subject})

    def forget_refresh_of_client(self, client_id: ClientId) -> None:
        """Delete every refresh token of a client."""
        self.connection.execute(FORGET_REFRESH_OF_CLIENT, {"wanted_client": client_id})


def refresh_of(row: Record) -> RefreshToken:
    """Return the refresh token that `row` describes."""
    return RefreshToken(
        digest=row.digest,
        authorization_id=AuthorizationId(row.authorization_id),
        client_id=ClientId(row.client_id),
        created_at=row.created_at,
        expires_at=row.expires_at,
        family_expires_at=row.family_expires_at,
        spent_at=row.spent_at,
        successor_key_id=row.successor_key_id,
    )
