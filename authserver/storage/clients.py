"""Registered relying parties and their secrets."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Connection,
    ForeignKey,
    LargeBinary,
    String,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.client_metadata import ClientMetadata
from authserver.domain.clients import Client, ClientId, ClientKind, ClientSecret
from authserver.domain.signing_keys import SigningAlgorithm
from authserver.storage.client_logos import ClientLogoRow, follow_logo
from authserver.storage.database import Record, Row, UtcDateTime


class ClientRow(Row):
    """One relying party."""

    __tablename__ = "clients"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    is_exempt_from_pkce: Mapped[bool]
    has_claims_in_id_token: Mapped[bool]
    id_token_algorithm: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ClientSecretRow(Row):
    """One secret of a client, as a digest."""

    __tablename__ = "client_secrets"

    client_id: Mapped[str] = mapped_column(
        ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SecretNameTaken(Exception):
    """The client has a secret of that name."""


ADD: Final = insert(ClientRow)
COLUMNS: Final[tuple[Any, ...]] = (ClientRow, ClientLogoRow.name.label("logo"))
WITH_LOGOS: Final = select(*COLUMNS).outerjoin(
    ClientLogoRow, ClientLogoRow.client_id == ClientRow.id
)
FIND: Final = WITH_LOGOS.where(ClientRow.id == bindparam("wanted_id"))
LIST: Final = WITH_LOGOS.order_by(ClientRow.created_at, ClientRow.id)
CHANGE: Final = (
    update(ClientRow)
    .where(ClientRow.id == bindparam("wanted_id"))
    .values(
        name=bindparam("new_name"),
        redirect_uris=bindparam("new_redirect_uris", type_=JSON),
        post_logout_redirect_uris=bindparam("new_post_logout_redirect_uris", type_=JSON),
        is_exempt_from_pkce=bindparam("new_exemption"),
        has_claims_in_id_token=bindparam("new_claims_policy"),
        id_token_algorithm=bindparam("new_algorithm"),
        details=bindparam("new_details", type_=JSON(none_as_null=True)),
        updated_at=bindparam("now"),
    )
)
DELETE: Final = delete(ClientRow).where(ClientRow.id == bindparam("wanted_id"))
ADD_SECRET: Final = insert(ClientSecretRow)
LIST_SECRETS: Final = (
    select(ClientSecretRow)
    .where(ClientSecretRow.client_id == bindparam("wanted_id"))
    .order_by(ClientSecretRow.created_at, ClientSecretRow.name)
)
REMOVE_SECRET: Final = delete(ClientSecretRow).where(
    ClientSecretRow.client_id == bindparam("wanted_id"),
    ClientSecretRow.name == bindparam("wanted_name"),
)


class Clients:
    """The clients of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, client: Client) -> None:
        """Insert a client."""
        self.connection.execute(
            ADD,
            {
                "id": client.id,
                "name": client.name,
                "kind": client.kind,
                "redirect_uris": list(client.redirect_uris),
                "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
                "is_exempt_from_pkce": client.is_exempt_from_pkce,
                "has_claims_in_id_token": client.has_claims_in_id_token,
                "id_token_algorithm": client.id_token_algorithm,
                "created_at": client.created_at,
                "updated_at": client.updated_at,
                "details": client.metadata.as_document() or None,
            },
        )
        follow_logo(self.connection, client)

    def find(self, client_id: str) -> Client | None:
        """Return the client with `client_id`."""
        row = self.connection.execute(FIND, {"wanted_id": client_id}).one_or_none()
        return None if row is None else client_of(row)

    def list(self) -> list[Client]:
        """Return every client, oldest first."""
        return [client_of(row) for row in self.connection.execute(LIST)]

    def change(self, client: Client) -> bool:
        """Store what may be edited of `client`; False where it does not exist."""
        parameters = {
            "wanted_id": client.id,
            "new_name": client.name,
            "new_redirect_uris": [*client.redirect_uris],
            "new_post_logout_redirect_uris": [*client.post_logout_redirect_uris],
            "new_exemption": client.is_exempt_from_pkce,
            "new_claims_policy": client.has_claims_in_id_token,
            "new_algorithm": client.id_token_algorithm,
            "new_details": client.metadata.as_document() or None,
            "now": client.updated_at,
        }
        is_there = self.connection.execute(CHANGE, parameters).rowcount == 1
        if is_there:
            follow_logo(self.connection, client)
        return is_there

    def delete(self, client_id: ClientId) -> bool:
        """Delete the client with its secrets, authorizations and tokens."""
        return self.connection.execute(DELETE, {"wanted_id": client_id}).rowcount == 1

    def add_secret(self, client_id: ClientId, secret: ClientSecret) -> None:
        """Insert a secret; raises SecretNameTaken, after which the unit can only be undone."""
        try:
            self.connection.execute(
                ADD_SECRET,
                {
                    "client_id": client_id,
                    "name": secret.name,
                    "digest": secret.digest,
                    "created_at": secret.created_at,
                    "expires_at": secret.expires_at,
                },
            )
        except IntegrityError as fault:
            raise SecretNameTaken from fault

    def secrets(self, client_id: ClientId) -> tuple[ClientSecret, ...]:
        """Return the client's secrets, oldest first, expired ones included."""
        return tuple(
            ClientSecret(
                name=row.name,
                digest=row.digest,
                created_at=row.created_at,
                expires_at=row.expires_at,
            )
            for row in self.connection.execute(LIST_SECRETS, {"wanted_id": client_id})
        )

    def remove_secret(self, client_id: ClientId, name: str) -> bool:
        """Delete one secret; False where there is none of that name."""
        parameters: dict[str, Any] = {"wanted_id": client_id, "wanted_name": name}
        return self.connection.execute(REMOVE_SECRET, parameters).rowcount == 1


def client_of(row: Record) -> Client:
    """Return the client that `row` describes."""
    return Client(
        id=ClientId(row.id),
        name=row.name,
        kind=ClientKind(row.kind),
        redirect_uris=tuple(row.redirect_uris),
        post_logout_redirect_uris=tuple(row.post_logout_redirect_uris),
        is_exempt_from_pkce=row.is_exempt_from_pkce,
        has_claims_in_id_token=row.has_claims_in_id_token,
        id_token_algorithm=SigningAlgorithm(row.id_token_algorithm),
        metadata=ClientMetadata.of(row.details or {}),
        logo=row.logo,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
