"""Documents that operators edit at run time, and the versions that caches are stamped with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, Connection, Executable, String, bindparam, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.configuration import ConfigurationKind
from authserver.storage.database import Record, Row, UtcDateTime


class DocumentRow(Row):
    """One version of one document; earlier versions stay as its history."""

    __tablename__ = "configuration_documents"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_by: Mapped[str] = mapped_column(String(60))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConfigurationVersionRow(Row):
    """How often things of one kind have changed."""

    __tablename__ = "configuration_versions"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The newest version of one document."""

    name: str
    version: int
    body: Mapping[str, object]
    changed_by: str
    changed_at: datetime


ADD: Final = insert(DocumentRow)
NEWEST_VERSION: Final = select(func.max(DocumentRow.version)).where(
    DocumentRow.kind == bindparam("wanted_kind"), DocumentRow.name == bindparam("wanted_name")
)
FIND: Final = (
    select(DocumentRow)
    .where(
        DocumentRow.kind == bindparam("wanted_kind"), DocumentRow.name == bindparam("wanted_name")
    )
    .order_by(DocumentRow.version.desc())
    .limit(1)
)
HISTORY: Final = (
    select(DocumentRow)
    .where(
        DocumentRow.kind == bindparam("wanted_kind"), DocumentRow.name == bindparam("wanted_name")
    )
    .order_by(DocumentRow.version.desc())
    .limit(bindparam("at_most"))
)
NEWEST: Final = (
    select(DocumentRow.name, func.max(DocumentRow.version).label("version"))
    .where(DocumentRow.kind == bindparam("wanted_kind"))
    .group_by(DocumentRow.name)
    .subquery()
)
NEWEST_OF_KIND: Final = (
    select(DocumentRow)
    .join(NEWEST, (NEWEST.c.name == DocumentRow.name) & (NEWEST.c.version == DocumentRow.version))
    .where(DocumentRow.kind == bindparam("wanted_kind"))
    .order_by(DocumentRow.name)
)
VERSIONS: Final = select(ConfigurationVersionRow)
ON_SQLITE: Final = sqlite.insert(ConfigurationVersionRow)
ON_POSTGRESQL: Final = postgresql.insert(ConfigurationVersionRow)
RAISE_VERSION: Final[Mapping[str, Executable]] = {
    "sqlite": ON_SQLITE.on_conflict_do_update(
        index_elements=["kind"], set_={"version": ConfigurationVersionRow.version + 1}
    ),
    "postgresql": ON_POSTGRESQL.on_conflict_do_update(
        index_elements=["kind"], set_={"version": ConfigurationVersionRow.version + 1}
    ),
}


class Configuration:
    """The documents and versions of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def raise_version(self, kind: ConfigurationKind) -> None:
        """Make every process drop its copies of this kind within a second."""
        statement = RAISE_VERSION[self.connection.dialect.name]
        self.connection.execute(statement, {"kind": kind, "version": 1})

    def versions(self) -> dict[str, int]:
        """Return the version of each kind that has ever changed."""
        return {row.kind: row.version for row in self.connection.execute(VERSIONS)}

    def find(self, kind: ConfigurationKind, name: str) -> Document | None:
        """Return the newest version of the document."""
        parameters = {"wanted_kind": kind, "wanted_name": name}
        row = self.connection.execute(FIND, parameters).one_or_none()
        return None if row is None else document_of(row)

    def newest(self, kind: ConfigurationKind) -> list[Document]:
        """Return the newest version of every document of a kind, by name."""
        rows = self.connection.execute(NEWEST_OF_KIND, {"wanted_kind": kind})
        return [document_of(row) for row in rows]

    def history(self, kind: ConfigurationKind, name: str, at_most: int) -> list[Document]:
        """Return the versions of the document, newest first."""
        parameters = {"wanted_kind": kind, "wanted_name": name, "at_most": at_most}
        return [document_of(row) for row in self.connection.execute(HISTORY, parameters)]

    def put(
        self,
        kind: ConfigurationKind,
        name: str,
        body: Mapping[str, object],
        *,
        changed_by: str,
        now: datetime,
    ) -> None:
        """Store a new version of the document."""
        self.raise_version(kind)
        parameters = {"wanted_kind": kind, "wanted_name": name}
        newest = self.connection.execute(NEWEST_VERSION, parameters).scalar_one() or 0
        self.connection.execute(
            ADD,
            {
                "kind": kind,
                "name": name,
                "version": newest + 1,
                "body": dict(body),
                "changed_by": changed_by,
                "changed_at": now,
            },
        )


def document_of(row: Record) -> Document:
    """Return the document that a row stands for."""
    return Document(
        name=row.name,
        version=row.version,
        body=row.body,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )
