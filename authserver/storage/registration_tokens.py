"""Tokens of dynamic registration: initial ones, and the one of each client registered so."""

from datetime import datetime
from typing import Final

from sqlalchemy import (
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.clients import ClientId
from authserver.domain.registration_tokens import InitialAccessToken
from authserver.storage.database import Row, UtcDateTime


class InitialAccessTokenRow(Row):
    """The right to register clients; `uses_left` is NULL where it may be used freely."""

    __tablename__ = "initial_access_tokens"
    __table_args__ = (Index("ix_initial_access_tokens_expires_at", "expires_at"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    uses_left: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RegistrationAccessTokenRow(Row):
    """The token by which one client manages its registration (RFC 7592 §2)."""

    __tablename__ = "registration_access_tokens"
    __table_args__ = (Index("uq_registration_access_tokens_digest", "digest", unique=True),)

    client_id: Mapped[str] = mapped_column(
        ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


ADD_INITIAL: Final = insert(InitialAccessTokenRow)
IS_USABLE: Final = (
    InitialAccessTokenRow.digest == bindparam("wanted_digest"),
    or_(InitialAccessTokenRow.uses_left.is_(None), InitialAccessTokenRow.uses_left > 0),
    or_(
        InitialAccessTokenRow.expires_at.is_(None),
        InitialAccessTokenRow.expires_at > bindparam("now"),
    ),
)
LOOK_AT_INITIAL: Final = select(InitialAccessTokenRow.digest).where(*IS_USABLE)
USE_INITIAL: Final = (
    update(InitialAccessTokenRow)
    .where(*IS_USABLE)
    .values(uses_left=InitialAccessTokenRow.uses_left - 1)
)
ADD_ACCESS: Final = insert(RegistrationAccessTokenRow)
FIND_CLIENT: Final = select(RegistrationAccessTokenRow.client_id).where(
    RegistrationAccessTokenRow.digest == bindparam("wanted_digest")
)
FORGET_ACCESS: Final = delete(RegistrationAccessTokenRow).where(
    RegistrationAccessTokenRow.client_id == bindparam("wanted_client")
)


class RegistrationTokens:
    """The registration tokens of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add_initial(self, token: InitialAccessToken) -> None:
        """Insert an initial access token."""
        self.connection.execute(
            ADD_INITIAL,
            {
                "digest": token.digest,
                "uses_left": token.uses_left,
                "created_at": token.created_at,
                "expires_at": token.expires_at,
            },
        )

    def admits(self, digest: bytes, now: datetime) -> bool:
        """Tell whether an initial access token could be used; nothing is spent."""
        parameters = {"wanted_digest": digest, "now": now}
        return self.connection.execute(LOOK_AT_INITIAL, parameters).one_or_none() is not None

    def use_initial(self, digest: bytes, now: datetime) -> bool:
        """Use an initial access token once; False where it is unknown, used up or expired."""
        parameters = {"wanted_digest": digest, "now": now}
        return self.connection.execute(USE_INITIAL, parameters).rowcount == 1

    def replace_access(self, client_id: ClientId, digest: bytes, now: datetime) -> None:
        """Give a client the token that manages its registration; a former one is dead."""
        self.connection.execute(FORGET_ACCESS, {"wanted_client": client_id})
        self.connection.execute(
            ADD_ACCESS, {"client_id": client_id, "digest": digest, "created_at": now}
        )

    def find_client(self, digest: bytes) -> ClientId | None:
        """Return the client that the token manages."""
        found = self.connection.execute(FIND_CLIENT, {"wanted_digest": digest}).scalar_one_or_none()
        return None if found is None else ClientId(found)
