"""Logos of clients: where each one is said to be, when it is looked at next, and the picture."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import (
    Connection,
    Executable,
    ForeignKey,
    LargeBinary,
    String,
    bindparam,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.brand_images import BrandImage
from authserver.domain.client_logos import LogoToFetch
from authserver.domain.clients import Client, ClientId
from authserver.storage.database import Row, UtcDateTime


class ClientLogoRow(Row):
    """The logo of one client; without a name there is no picture to show."""

    __tablename__ = "client_logos"

    client_id: Mapped[str] = mapped_column(
        ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True
    )
    uri: Mapped[str] = mapped_column(String(2048))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    name: Mapped[str | None] = mapped_column(String(60), index=True)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)


ON_SQLITE: Final = sqlite.insert(ClientLogoRow)
ON_POSTGRESQL: Final = postgresql.insert(ClientLogoRow)
# A picture that was asked for at this very address stays, and is not asked for again.
WANT: Final[Mapping[str, Executable]] = {
    "sqlite": ON_SQLITE.on_conflict_do_update(
        index_elements=["client_id"],
        set_={
            "uri": ON_SQLITE.excluded.uri,
            "due_at": ON_SQLITE.excluded.due_at,
            "name": None,
            "content": None,
        },
        where=or_(ClientLogoRow.uri != ON_SQLITE.excluded.uri, ClientLogoRow.name.is_(None)),
    ),
    "postgresql": ON_POSTGRESQL.on_conflict_do_update(
        index_elements=["client_id"],
        set_={
            "uri": ON_POSTGRESQL.excluded.uri,
            "due_at": ON_POSTGRESQL.excluded.due_at,
            "name": None,
            "content": None,
        },
        where=or_(ClientLogoRow.uri != ON_POSTGRESQL.excluded.uri, ClientLogoRow.name.is_(None)),
    ),
}
FORGET: Final = delete(ClientLogoRow).where(ClientLogoRow.client_id == bindparam("wanted_id"))
DUE: Final = (
    select(ClientLogoRow.client_id)
    .where(ClientLogoRow.due_at <= bindparam("now"))
    .order_by(ClientLogoRow.due_at)
    .limit(bindparam("at_most"))
)
CLAIM: Final = (
    update(ClientLogoRow)
    .where(
        ClientLogoRow.client_id == bindparam("wanted_id"), ClientLogoRow.due_at <= bindparam("now")
    )
    .values(due_at=bindparam("until"))
    .returning(ClientLogoRow.uri)
)
# Only while the client still says the same: an answer that is late is of nobody's interest.
SETTLE: Final = (
    update(ClientLogoRow)
    .where(
        ClientLogoRow.client_id == bindparam("wanted_id"),
        ClientLogoRow.uri == bindparam("asked_uri"),
    )
    .values(due_at=bindparam("due"))
)
REPLACE: Final = (
    update(ClientLogoRow)
    .where(
        ClientLogoRow.client_id == bindparam("wanted_id"),
        ClientLogoRow.uri == bindparam("asked_uri"),
        ClientLogoRow.name.is_distinct_from(bindparam("new_name")),
    )
    .values(name=bindparam("new_name"), content=bindparam("new_content"))
)
FIND: Final = (
    select(ClientLogoRow.content).where(ClientLogoRow.name == bindparam("wanted_name")).limit(1)
)


class ClientLogos:
    """The logos of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def due(self, now: datetime, at_most: int) -> list[ClientId]:
        """Return whose logos are to be looked at, those that wait longest first."""
        found = self.connection.execute(DUE, {"now": now, "at_most": at_most})
        return [ClientId(each) for each in found.scalars()]

    def claim(self, client_id: ClientId, now: datetime, until: datetime) -> LogoToFetch | None:
        """Take a logo that is due under a lease; None where there is none, or it is taken."""
        parameters = {"wanted_id": client_id, "now": now, "until": until}
        uri = self.connection.execute(CLAIM, parameters).scalar_one_or_none()
        return None if uri is None else LogoToFetch(client_id=client_id, uri=uri)

    def settle(self, owed: LogoToFetch, due: datetime) -> None:
        """Say when the logo is looked at next."""
        parameters = {"wanted_id": owed.client_id, "asked_uri": owed.uri, "due": due}
        self.connection.execute(SETTLE, parameters)

    def replace(self, owed: LogoToFetch, image: BrandImage | None) -> bool:
        """Keep the picture, or that there is none; False where nothing changes by it."""
        parameters = {
            "wanted_id": owed.client_id,
            "asked_uri": owed.uri,
            "new_name": None if image is None else image.name,
            "new_content": None if image is None else image.content,
        }
        return self.connection.execute(REPLACE, parameters).rowcount == 1

    def find(self, name: str) -> BrandImage | None:
        """Return the picture of that name."""
        content = self.connection.execute(FIND, {"wanted_name": name}).scalar_one_or_none()
        if content is None:
            return None
        return BrandImage(kind=name.rpartition(".")[2], content=content)


def follow_logo(connection: Connection, client: Client) -> None:
    """Note where the logo of a client that is stored in the same unit is said to be."""
    uri = client.metadata.logo_uri
    if uri is None:
        connection.execute(FORGET, {"wanted_id": client.id})
        return
    wanted = {
        "client_id": client.id,
        "uri": uri,
        "due_at": client.updated_at,
        "name": None,
        "content": None,
    }
    connection.execute(WANT[connection.dialect.name], wanted)
