"""What operators do with roles, and who holds them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from authserver.administration.accounts import wanted as wanted_account
from authserver.administration.clients import wanted as wanted_client
from authserver.administration.mistakes import ApiInvalid, ApiUnknown
from authserver.domain.api_resources import ApiResource, Permission, Role
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import ClientId, ClientKind
from authserver.domain.clock import Clock
from authserver.storage.roles import RoleHolder, RoleTaken
from authserver.storage.unit_of_work import Storage, UnitOfWork

ROLE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:-]{0,59}")
LONGEST_DESCRIPTION: Final = 300
# Administrators are made by `account create --admin`; their role is released by this name.
ADMIN_ROLE: Final = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAdministration:
    """Makes roles and gives them to accounts and services."""

    storage: Storage
    clock: Clock
    own_api: ApiResource

    def create(self, name: str, description: str, permissions: Iterable[Permission]) -> Role:
        """Make a role; raises ApiInvalid with all faults together."""
        now = self.clock.now()
        role = Role(
            name=name,
            description=description.strip(),
            permissions=frozenset(permissions),
            created_at=now,
            updated_at=now,
        )
        with self.storage.writing() as work:
            self._refuse_faulty(work, role)
            try:
                work.roles.add(role)
            except RoleTaken as taken:
                raise ApiInvalid(f"There is a role {name!r} already.") from taken
            record(work, AuditKind.ROLE_CHANGED, name, now)
            work.commit()
        return role

    def list(self) -> list[Role]:
        """Return every role."""
        with self.storage.reading() as work:
            return work.roles.all()

    def show(self, name: str) -> Role:
        """Return one role; raises ApiUnknown."""
        with self.storage.reading() as work:
            return wanted(work, name)

    def holders(self, name: str) -> Sequence[RoleHolder]:
        """Return who holds a role; raises ApiUnknown."""
        with self.storage.reading() as work:
            return work.roles.holders(wanted(work, name).name)

    def of_account(self, reference: str) -> Sequence[Role]:
        """Return the roles of an account."""
        with self.storage.reading() as work:
            return work.roles.of_account(wanted_account(work, reference).subject)

    def of_client(self, client_id: str) -> Sequence[Role]:
        """Return the roles of a service; no other client has any."""
        with self.storage.reading() as work:
            return work.roles.of_client(ClientId(client_id))

    def update(
        self, name: str, description: str | None, permissions: Iterable[Permission] | None
    ) -> Role:
        """Replace description or permissions; what is None stays."""
        now = self.clock.now()
        with self.storage.writing() as work:
            before = wanted(work, name)
            role = replace(
                before,
                description=before.description if description is None else description.strip(),
                permissions=before.permissions if permissions is None else frozenset(permissions),
                updated_at=now,
            )
            self._refuse_faulty(work, role)
            work.roles.change(role)
            record(work, AuditKind.ROLE_CHANGED, name, now)
            work.commit()
        return role

    def delete(self, name: str) -> None:
        """Delete a role; whoever held it holds it no more."""
        with self.storage.writing() as work:
            wanted(work, name)
            work.roles.delete(name)
            record(work, AuditKind.ROLE_DELETED, name, self.clock.now())
            work.commit()

    def assign_to_account(self, name: str, reference: str) -> None:
        """Give an account the role; tokens issued from now on have what it permits."""
        now = self.clock.now()
        try:
            with self.storage.writing() as work:
                wanted(work, name)
                account = wanted_account(work, reference)
                work.roles.assign_to_account(account.subject, name)
                record(work, AuditKind.ROLE_ASSIGNED, name, now, subject=account.subject)
                work.commit()
        except RoleTaken as taken:
            raise ApiInvalid(f"{reference} holds the role {name!r} already.") from taken

    def assign_to_client(self, name: str, client_id: str) -> None:
        """Give a service the role."""
        now = self.clock.now()
        try:
            with self.storage.writing() as work:
                wanted(work, name)
                client = wanted_client(work, client_id)
                if client.kind is not ClientKind.SERVICE:
                    raise ApiInvalid(
                        "Only services hold roles: other clients act for the people who sign in."
                    )
                work.roles.assign_to_client(client.id, name)
                record(work, AuditKind.ROLE_ASSIGNED, name, now, client_id=client.id)
                work.commit()
        except RoleTaken as taken:
            raise ApiInvalid(f"{client_id} holds the role {name!r} already.") from taken

    def remove_from_account(self, name: str, reference: str) -> None:
        """Take the role from an account."""
        with self.storage.writing() as work:
            account = wanted_account(work, reference)
            if not work.roles.remove_from_account(account.subject, name):
                raise ApiUnknown(f"{reference} does not hold the role {name!r}.")
            now = self.clock.now()
            record(work, AuditKind.ROLE_REMOVED, name, now, subject=account.subject)
            work.commit()

    def remove_from_client(self, name: str, client_id: str) -> None:
        """Take the role from a service."""
        with self.storage.writing() as work:
            client = wanted_client(work, client_id)
            if not work.roles.remove_from_client(client.id, name):
                raise ApiUnknown(f"{client_id} does not hold the role {name!r}.")
            record(work, AuditKind.ROLE_REMOVED, name, self.clock.now(), client_id=client.id)
            work.commit()

    def _refuse_faulty(self, work: UnitOfWork, role: Role) -> None:
        faults = [*name_faults(role), *self._permission_faults(work, role)]
        if faults:
            raise ApiInvalid(*faults)

    def _permission_faults(self, work: UnitOfWork, role: Role) -> Iterator[str]:
        for permission in sorted(role.permissions):
            is_own = permission.indicator == self.own_api.indicator
            api = self.own_api if is_own else work.api_resources.find(permission.indicator)
            if api is None:
                yield f"There is no API {permission.indicator!r}."
            elif permission.scope not in api.scope_names:
                yield f"The API {permission.indicator!r} has no scope {permission.scope!r}."


def wanted(work: UnitOfWork, name: str) -> Role:
    """Return the role, or raise ApiUnknown."""
    role = work.roles.find(name)
    if role is None:
        raise ApiUnknown(f"There is no role {name!r}; `role list` shows all there are.")
    return role


def name_faults(role: Role) -> Iterator[str]:
    """Yield what is wrong with a role's name and description, a sentence each."""
    if not ROLE_NAME.fullmatch(role.name):
        yield "A role's name has 1 to 60 letters, digits, blanks and . _ : -"
    elif role.name == ADMIN_ROLE:
        yield "Administrators are made by `account create --admin`."
    if len(role.description) > LONGEST_DESCRIPTION or not role.description.isprintable():
        yield f"The description must have at most {LONGEST_DESCRIPTION} printable characters."


def record(
    work: UnitOfWork,
    kind: AuditKind,
    name: str,
    now: datetime,
    *,
    subject: str | None = None,
    client_id: str | None = None,
) -> None:
    """Write what happened to a role."""
    work.record(
        AuditEvent(kind=kind, subject=subject, client_id=client_id, detail={"role": name}), now
    )
