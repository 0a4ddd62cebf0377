"""Roles, and who holds which."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import (
    JSON,
    Connection,
    ForeignKey,
    String,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from authserver.domain.accounts import Subject
from authserver.domain.api_resources import Permission, Role
from authserver.domain.clients import ClientId
from authserver.storage.accounts import AccountRow
from authserver.storage.clients import ClientRow
from authserver.storage.database import Record, Row, UtcDateTime


class RoleRow(Row):
    """A named set of permissions."""

    __tablename__ = "roles"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    description: Mapped[str] = mapped_column(String(300))
    permissions: Mapped[list[list[str]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccountRoleRow(Row):
    """A role that an account holds."""

    __tablename__ = "account_roles"

    subject: Mapped[str] = mapped_column(
        ForeignKey("accounts.subject", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(
        ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True, index=True
    )


class ClientRoleRow(Row):
    """A role that a service holds."""

    __tablename__ = "client_roles"

    client_id: Mapped[str] = mapped_column(
        ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(
        ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True, index=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleHolder:
    """An account, by its address, or a service."""

    name: str
    subject: Subject | None = None
    client_id: ClientId | None = None


class RoleTaken(Exception):
    """There is such a role, or it is held already; the unit can only be undone."""


ADD_ROLE: Final = insert(RoleRow)
FIND_ROLE: Final = select(RoleRow).where(RoleRow.name == bindparam("wanted_name"))
LIST_ROLES: Final = select(RoleRow).order_by(RoleRow.name)
CHANGE_ROLE: Final = (
    update(RoleRow)
    .where(RoleRow.name == bindparam("wanted_name"))
    .values(
        description=bindparam("new_description"),
        permissions=bindparam("new_permissions", type_=JSON),
        updated_at=bindparam("now"),
    )
)
DELETE_ROLE: Final = delete(RoleRow).where(RoleRow.name == bindparam("wanted_name"))
ROLES_OF_ACCOUNT: Final = (
    select(RoleRow)
    .join(AccountRoleRow, AccountRoleRow.role == RoleRow.name)
    .where(AccountRoleRow.subject == bindparam("wanted_subject"))
    .order_by(RoleRow.name)
)
ROLES_OF_CLIENT: Final = (
    select(RoleRow)
    .join(ClientRoleRow, ClientRoleRow.role == RoleRow.name)
    .where(ClientRoleRow.client_id == bindparam("wanted_client"))
    .order_by(RoleRow.name)
)
ACCOUNTS_OF_ROLE: Final = (
    select(AccountRow.subject, AccountRow.address)
    .join(AccountRoleRow, AccountRoleRow.subject == AccountRow.subject)
    .where(AccountRoleRow.role == bindparam("wanted_role"))
    .order_by(AccountRow.canonical_address)
)
CLIENTS_OF_ROLE: Final = (
    select(ClientRow.id, ClientRow.name)
    .join(ClientRoleRow, ClientRoleRow.client_id == ClientRow.id)
    .where(ClientRoleRow.role == bindparam("wanted_role"))
    .order_by(ClientRow.name, ClientRow.id)
)
ASSIGN_TO_ACCOUNT: Final = insert(AccountRoleRow)
ASSIGN_TO_CLIENT: Final = insert(ClientRoleRow)
REMOVE_FROM_ACCOUNT: Final = delete(AccountRoleRow).where(
    AccountRoleRow.subject == bindparam("wanted_subject"),
    AccountRoleRow.role == bindparam("wanted_role"),
)
REMOVE_FROM_CLIENT: Final = delete(ClientRoleRow).where(
    ClientRoleRow.client_id == bindparam("wanted_client"),
    ClientRoleRow.role == bindparam("wanted_role"),
)


class Roles:
    """The roles of one unit of work, and who holds them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def add(self, role: Role) -> None:
        """Insert a role; raises RoleTaken."""
        parameters = {
            "name": role.name,
            "description": role.description,
            "permissions": permissions_of(role),
            "created_at": role.created_at,
            "updated_at": role.updated_at,
        }
        try:
            self.connection.execute(ADD_ROLE, parameters)
        except IntegrityError as fault:
            raise RoleTaken from fault

    def find(self, name: str) -> Role | None:
        """Return the role."""
        row = self.connection.execute(FIND_ROLE, {"wanted_name": name}).one_or_none()
        return None if row is None else role_of(row)

    def all(self) -> list[Role]:
        """Return every role."""
        return [role_of(row) for row in self.connection.execute(LIST_ROLES)]

    def change(self, role: Role) -> bool:
        """Store description and permissions; False where there is no such role."""
        parameters = {
            "wanted_name": role.name,
            "new_description": role.description,
            "new_permissions": permissions_of(role),
            "now": role.updated_at,
        }
        return self.connection.execute(CHANGE_ROLE, parameters).rowcount == 1

    def delete(self, name: str) -> bool:
        """Delete a role; whoever held it holds it no more."""
        return self.connection.execute(DELETE_ROLE, {"wanted_name": name}).rowcount == 1

    def of_account(self, subject: Subject) -> list[Role]:
        """Return the roles of an account."""
        rows = self.connection.execute(ROLES_OF_ACCOUNT, {"wanted_subject": subject})
        return [role_of(row) for row in rows]

    def of_client(self, client_id: ClientId) -> list[Role]:
        """Return the roles of a service."""
        rows = self.connection.execute(ROLES_OF_CLIENT, {"wanted_client": client_id})
        return [role_of(row) for row in rows]

    def holders(self, role: str) -> list[RoleHolder]:
        """Return who holds a role, accounts first."""
        wanted = {"wanted_role": role}
        accounts = self.connection.execute(ACCOUNTS_OF_ROLE, wanted)
        clients = self.connection.execute(CLIENTS_OF_ROLE, wanted)
        return [
            *(RoleHolder(name=row.address, subject=Subject(row.subject)) for row in accounts),
            *(RoleHolder(name=row.name, client_id=ClientId(row.id)) for row in clients),
        ]

    def assign_to_account(self, subject: Subject, role: str) -> None:
        """Give an account a role; raises RoleTaken where it holds it already."""
        try:
            self.connection.execute(ASSIGN_TO_ACCOUNT, {"subject": subject, "role": role})
        except IntegrityError as fault:
            raise RoleTaken from fault

    def assign_to_client(self, client_id: ClientId, role: str) -> None:
        """Give a service a role; raises RoleTaken where it holds it already."""
        try:
            self.connection.execute(ASSIGN_TO_CLIENT, {"client_id": client_id, "role": role})
        except IntegrityError as fault:
            raise RoleTaken from fault

    def remove_from_account(self, subject: Subject, role: str) -> bool:
        """Take a role from an account; False where it does not hold it."""
        parameters = {"wanted_subject": subject, "wanted_role": role}
        return self.connection.execute(REMOVE_FROM_ACCOUNT, parameters).rowcount == 1

    def remove_from_client(self, client_id: ClientId, role: str) -> bool:
        """Take a role from a service; False where it does not hold it."""
        parameters = {"wanted_client": client_id, "wanted_role": role}
        return self.connection.execute(REMOVE_FROM_CLIENT, parameters).rowcount == 1


def permissions_of(role: Role) -> list[list[str]]:
    """Return the permissions as a column keeps them."""
    return [[each.indicator, each.scope] for each in sorted(role.permissions)]


def role_of(row: Record) -> Role:
    """Return the role that `row` describes."""
    return Role(
        name=row.name,
        description=row.description,
        permissions=frozenset(Permission(indicator, scope) for indicator, scope in row.permissions),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
