"""Ids of client assertions that were used: each authenticates once (RFC 7523 §3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Executable, Index, LargeBinary, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.clients import ClientId
from authserver.domain.secret import fingerprint
from authserver.storage.database import Row, UtcDateTime


class UsedAssertionRow(Row):
    """One used `jti` of one client, as a digest, kept until the assertion has expired."""

    __tablename__ = "used_assertions"
    __table_args__ = (Index("ix_used_assertions_expires_at", "expires_at"),)

    client_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


USE: Final[Mapping[str, Executable]] = {
    "sqlite": sqlite.insert(UsedAssertionRow)
    .on_conflict_do_nothing()
    .returning(UsedAssertionRow.client_id),
    "postgresql": postgresql.insert(UsedAssertionRow)
    .on_conflict_do_nothing()
    .returning(UsedAssertionRow.client_id),
}


class ClientAssertions:
    """The used assertions of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def use(self, client_id: ClientId, jti: str, expires_at: datetime) -> bool:
        """Use an assertion up; False where its id was used before."""
        statement = USE[self.connection.dialect.name]
        parameters = {
            "client_id": client_id,
            "digest": fingerprint(jti),
            "expires_at": expires_at,
        }
        return self.connection.execute(statement, parameters).one_or_none() is not None
