"""Grants: what people allowed clients, one row for each pair until it is withdrawn."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import (
    JSON,
    Connection,
    Executable,
    ForeignKey,
    Index,
    String,
    bindparam,
    delete,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Subject
from authserver.domain.clients import ClientId
from authserver.domain.grants import Grant, GrantId
from authserver.domain.scopes import ScopeSet
from authserver.storage.database import Record, Row, UtcDateTime
from authserver.storage.grants import ClientOrAccountGone, listed, tuples


class GrantRow(Row):
    """What a subject allowed a client."""

    __tablename__ = "grants"
    __table_args__ = (Index("uq_grants_subject_client_id", "subject", "client_id", unique=True),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(ForeignKey("accounts.subject", ondelete="CASCADE"))
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[str] = mapped_column(String(1000))
    resources: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


ON_SQLITE: Final = sqlite.insert(GrantRow)
ON_POSTGRESQL: Final = postgresql.insert(GrantRow)
PUT: Final[Mapping[str, Executable]] = {
    "sqlite": ON_SQLITE.on_conflict_do_update(
        index_elements=["subject", "client_id"],
        set_={
            "scopes": ON_SQLITE.excluded.scopes,
            "resources": ON_SQLITE.excluded.resources,
            "updated_at": ON_SQLITE.excluded.updated_at,
        },
    ),
    "postgresql": ON_POSTGRESQL.on_conflict_do_update(
        index_elements=["subject", "client_id"],
        set_={
            "scopes": ON_POSTGRESQL.excluded.scopes,
            "resources": ON_POSTGRESQL.excluded.resources,
            "updated_at": ON_POSTGRESQL.excluded.updated_at,
        },
    ),
}
FIND: Final = select(GrantRow).where(
    GrantRow.subject == bindparam("wanted_subject"),
    GrantRow.client_id == bindparam("wanted_client"),
)
# Nobody withdraws it before the commit (SQLite has one writer anyway).
HOLD: Final = FIND.with_for_update(read=True)
LIST: Final = (
    select(GrantRow)
    .where(GrantRow.subject == bindparam("wanted_subject"))
    .order_by(GrantRow.updated_at.desc(), GrantRow.id)
)
WITHDRAW: Final = delete(GrantRow).where(
    GrantRow.subject == bindparam("wanted_subject"),
    GrantRow.client_id == bindparam("wanted_client"),
)
WITHDRAW_ALL: Final = delete(GrantRow).where(GrantRow.subject == bindparam("wanted_subject"))


class Grants:
    """The grants of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def put(self, grant: Grant) -> None:
        """Store what is allowed from now on; an earlier grant of the pair gives way.

        Raises ClientOrAccountGone.
        """
        parameters = {
            "id": grant.id,
            "subject": grant.subject,
            "client_id": grant.client_id,
            "scopes": str(grant.scopes),
            "resources": listed(grant.resources),
            "created_at": grant.created_at,
            "updated_at": grant.updated_at,
        }
        try:
            self.connection.execute(PUT[self.connection.dialect.name], parameters)
        except IntegrityError as fault:
            raise ClientOrAccountGone from fault

    def find(self, subject: Subject, client_id: ClientId) -> Grant | None:
        """Return what the subject allowed the client."""
        parameters = {"wanted_subject": subject, "wanted_client": client_id}
        row = self.connection.execute(FIND, parameters).one_or_none()
        return None if row is None else grant_of(row)

    def hold(self, subject: Subject, client_id: ClientId) -> Grant | None:
        """Return the same and keep it from being withdrawn until the commit."""
        parameters = {"wanted_subject": subject, "wanted_client": client_id}
        row = self.connection.execute(HOLD, parameters).one_or_none()
        return None if row is None else grant_of(row)

    def list(self, subject: Subject) -> list[Grant]:
        """Return everything the subject allowed, the newest first."""
        return [grant_of(row) for row in self.connection.execute(LIST, {"wanted_subject": subject})]

    def withdraw(self, subject: Subject, client_id: ClientId) -> bool:
        """Forget what was allowed; the caller ends the authorizations under it."""
        parameters = {"wanted_subject": subject, "wanted_client": client_id}
        return self.connection.execute(WITHDRAW, parameters).rowcount == 1

    def withdraw_all(self, subject: Subject) -> None:
        """Forget everything that was allowed; the caller ends the authorizations under it."""
        self.connection.execute(WITHDRAW_ALL, {"wanted_subject": subject})


def grant_of(row: Record) -> Grant:
    """Return the grant that `row` describes."""
    return Grant(
        id=GrantId(row.id),
        subject=Subject(row.subject),
        client_id=ClientId(row.client_id),
        scopes=ScopeSet.parse(row.scopes),
        resources=tuples(row.resources),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
