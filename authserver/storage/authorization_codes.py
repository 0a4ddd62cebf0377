"""Authorization codes, stored as digests; spent ones stay, so that replay is seen."""

from datetime import datetime
from typing import Final

from sqlalchemy import (
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Subject
from authserver.domain.clients import ClientId
from authserver.domain.grants import AuthorizationId
from authserver.domain.tokens import AuthorizationCode
from authserver.storage.database import Record, Row, UtcDateTime
from authserver.storage.grants import AuthorizationRow


class AuthorizationCodeRow(Row):
    """A code for the token endpoint; spent ones stay, so that replay is seen."""

    __tablename__ = "authorization_codes"
    __table_args__ = (Index("ix_authorization_codes_expires_at", "expires_at"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    authorization_id: Mapped[str] = mapped_column(
        ForeignKey("authorizations.id", ondelete="CASCADE"), index=True
    )
    client_id: Mapped[str] = mapped_column(String(40))
    redirect_uri: Mapped[str] = mapped_column(String(2048))
    code_challenge: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    spent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


ADD: Final = insert(AuthorizationCodeRow)
FIND: Final = select(AuthorizationCodeRow).where(
    AuthorizationCodeRow.digest == bindparam("wanted_digest"),
    AuthorizationCodeRow.client_id == bindparam("wanted_client"),
)
CLAIM: Final = (
    update(AuthorizationCodeRow)
    .where(
        AuthorizationCodeRow.digest == bindparam("wanted_digest"),
        AuthorizationCodeRow.client_id == bindparam("wanted_client"),
        AuthorizationCodeRow.spent_at.is_(None),
        AuthorizationCodeRow.expires_at > bindparam("now"),
    )
    .values(spent_at=bindparam("now"))
    .returning(AuthorizationCodeRow)
)
OF_SUBJECT: Final = select(AuthorizationRow.id).where(
    AuthorizationRow.subject == bindparam("wanted_subject")
)
FORGET_OF_SUBJECT: Final = delete(AuthorizationCodeRow).where(
    AuthorizationCodeRow.authorization_id.in_(OF_SUBJECT)
)
FORGET_OF_CLIENT: Final = delete(AuthorizationCodeRow).where(
    AuthorizationCodeRow.client_id == bindparam("wanted_client")
)


class AuthorizationCodes:
    """The authorization codes of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, code: AuthorizationCode) -> None:
        """Insert an authorization code."""
        self.connection.execute(
            ADD,
            {
                "digest": code.digest,
                "authorization_id": code.authorization_id,
                "client_id": code.client_id,
                "redirect_uri": code.redirect_uri,
                "code_challenge": code.code_challenge,
                "created_at": code.created_at,
                "expires_at": code.expires_at,
                "spent_at": code.spent_at,
            },
        )

    def claim(self, digest: bytes, client_id: ClientId, now: datetime) -> AuthorizationCode | None:
        """Spend the client's code; only one caller ever gets it."""
        parameters = {"wanted_digest": digest, "wanted_client": client_id, "now": now}
        row = self.connection.execute(CLAIM, parameters).one_or_none()
        return None if row is None else code_of(row)

    def find(self, digest: bytes, client_id: ClientId) -> AuthorizationCode | None:
        """Return the client's code, spent or not."""
        parameters = {"wanted_digest": digest, "wanted_client": client_id}
        row = self.connection.execute(FIND, parameters).one_or_none()
        return None if row is None else code_of(row)

    def forget_of_subject(self, subject: Subject) -> None:
        """Delete every code of an account."""
        self.connection.execute(FORGET_OF_SUBJECT, {"wanted_subject": subject})

    def forget_of_client(self, client_id: ClientId) -> None:
        """Delete every code of a client."""
        self.connection.execute(FORGET_OF_CLIENT, {"wanted_client": client_id})


def code_of(row: Record) -> AuthorizationCode:
    """Return the authorization code that `row` describes."""
    return AuthorizationCode(
        digest=row.digest,
        authorization_id=AuthorizationId(row.authorization_id),
        client_id=ClientId(row.client_id),
        redirect_uri=row.redirect_uri,
        code_challenge=row.code_challenge,
        created_at=row.created_at,
        expires_at=row.expires_at,
        spent_at=row.spent_at,
    )
