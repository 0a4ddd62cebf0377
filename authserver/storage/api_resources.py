"""APIs that access tokens can be asked for."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Connection,
    String,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.api_resources import ApiResource, ApiScope
from authserver.storage.database import Record, Row, UtcDateTime


class ApiResourceRow(Row):
    """One API with its scopes."""

    __tablename__ = "api_resources"

    indicator: Mapped[str] = mapped_column(String(250), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    lifetime_seconds: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ResourceTaken(Exception):
    """There is an API of that indicator; the unit can only be undone."""


ADD_RESOURCE: Final = insert(ApiResourceRow)
FIND_RESOURCE: Final = select(ApiResourceRow).where(
    ApiResourceRow.indicator == bindparam("wanted_indicator")
)
LIST_RESOURCES: Final = select(ApiResourceRow).order_by(ApiResourceRow.indicator)
CHANGE_RESOURCE: Final = (
    update(ApiResourceRow)
    .where(ApiResourceRow.indicator == bindparam("wanted_indicator"))
    .values(
        name=bindparam("new_name"),
        scopes=bindparam("new_scopes", type_=JSON),
        lifetime_seconds=bindparam("new_lifetime"),
        updated_at=bindparam("now"),
    )
)
DELETE_RESOURCE: Final = delete(ApiResourceRow).where(
    ApiResourceRow.indicator == bindparam("wanted_indicator")
)


class ApiResources:
    """The APIs of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, resource: ApiResource) -> None:
        """Insert an API; raises ResourceTaken."""
        parameters = {
            "indicator": resource.indicator,
            "name": resource.name,
            "scopes": scopes_of(resource),
            "lifetime_seconds": lifetime_of(resource),
            "created_at": resource.created_at,
            "updated_at": resource.updated_at,
        }
        try:
            self.connection.execute(ADD_RESOURCE, parameters)
        except IntegrityError as fault:
            raise ResourceTaken from fault

    def find(self, indicator: str) -> ApiResource | None:
        """Return the API that clients name so."""
        row = self.connection.execute(FIND_RESOURCE, {"wanted_indicator": indicator}).one_or_none()
        return None if row is None else resource_of(row)

    def list(self) -> list[ApiResource]:
        """Return every API."""
        return [resource_of(row) for row in self.connection.execute(LIST_RESOURCES)]

    def change(self, resource: ApiResource) -> bool:
        """Store name, scopes and lifetime; False where there is no such API."""
        parameters = {
            "wanted_indicator": resource.indicator,
            "new_name": resource.name,
            "new_scopes": scopes_of(resource),
            "new_lifetime": lifetime_of(resource),
            "now": resource.updated_at,
        }
        return self.connection.execute(CHANGE_RESOURCE, parameters).rowcount == 1

    def delete(self, indicator: str) -> bool:
        """Delete an API; nobody gets tokens for it any more."""
        parameters = {"wanted_indicator": indicator}
        return self.connection.execute(DELETE_RESOURCE, parameters).rowcount == 1


def scopes_of(resource: ApiResource) -> list[dict[str, Any]]:
    """Return the scopes as a column keeps them."""
    return [{"name": each.name, "description": each.description} for each in resource.scopes]


def lifetime_of(resource: ApiResource) -> int | None:
    """Return the lifetime of the API's tokens in seconds, None for that of the settings."""
    lifetime = resource.access_token_lifetime
    return None if lifetime is None else int(lifetime.total_seconds())


def resource_of(row: Record) -> ApiResource:
    """Return the API that `row` describes."""
    seconds = row.lifetime_seconds
    return ApiResource(
        indicator=row.indicator,
        name=row.name,
        scopes=tuple(ApiScope(**scope) for scope in row.scopes),
        access_token_lifetime=None if seconds is None else timedelta(seconds=seconds),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
