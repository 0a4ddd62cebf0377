"""The sections `[[resources]]` and `[[roles]]` of a configuration document."""

from dataclasses import dataclass
from functools import partial

from authserver.administration.api_resources import ApiAdministration, ApiChanges, refuse_faulty
from authserver.administration.as_code import Change, Files
from authserver.administration.mistakes import ConfigurationInvalid
from authserver.administration.roles import RoleAdministration
from authserver.administration.typed_tables import TypedTable, tables_of
from authserver.domain.api_resources import ApiResource, ApiScope, Permission, Role


@dataclass(frozen=True, slots=True)
class ResourceSection:
    """APIs by their indicators."""

    apis: ApiAdministration

    @property
    def key(self) -> str:
        """Return the key."""
        return "resources"

    def plan(self, wanted: object, files: Files) -> list[Change]:
        """Return which APIs are to be created or changed."""
        known = {api.indicator: api for api in self.apis.registered()}
        changes = []
        for table in tables_of(wanted, "Resource"):
            table.refuse_unknown(("indicator", "name", "scopes", "access_token_lifetime"))
            indicator = table.text("indicator")
            self.apis.refuse_own(indicator)
            chosen = changes_of(table)
            present = known.get(indicator)
            api = self.apis.made_of(indicator, chosen)
            refuse_faulty(api)
            if present is not None and resource_document(present) == resource_document(api):
                continue
            call = self.apis.create if present is None else self.apis.update
            changes.append(
                Change(
                    section=self.key,
                    name=indicator,
                    action="create" if present is None else "change",
                    carry_out=partial(call, indicator, chosen),
                )
            )
        return changes

    def export(self) -> object:
        """Return the APIs as `plan` takes them."""
        return [resource_document(api) for api in self.apis.registered()]


@dataclass(frozen=True, slots=True)
class RoleSection:
    """Roles by their names; who holds them is not in the document."""

    roles: RoleAdministration

    @property
    def key(self) -> str:
        """Return the key."""
        return "roles"

    def plan(self, wanted: object, files: Files) -> list[Change]:
        """Return which roles are to be made or changed.

        The APIs that they permit may stand in the same document, so only `carry_out` knows
        whether they are there.
        """
        known = {role.name: role for role in self.roles.list()}
        changes = []
        for table in tables_of(wanted, "Role"):
            table.refuse_unknown(("name", "description", "permissions"))
            name, description = table.text("name"), table.text("description").strip()
            permissions = frozenset(map(permission_of, table.tables("permissions")))
            present = known.get(name)
            if present is not None and (present.description, present.permissions) == (
                description,
                permissions,
            ):
                continue
            call = self.roles.create if present is None else self.roles.update
            changes.append(
                Change(
                    section=self.key,
                    name=name,
                    action="create" if present is None else "change",
                    carry_out=partial(call, name, description, permissions),
                )
            )
        return changes

    def export(self) -> object:
        """Return the roles as `plan` takes them."""
        return [role_document(role) for role in self.roles.list()]


def changes_of(table: TypedTable) -> ApiChanges:
    """Return what a table says of an API."""
    scopes = [
        ApiScope(name=each.text("name"), description=each.text("description"))
        for each in table.tables("scopes")
    ]
    lifetime = table.seconds("access_token_lifetime")
    return ApiChanges(
        name=table.text("name") or table.text("indicator"),
        scopes=scopes,
        access_token_lifetime=lifetime,
        forgets_lifetime=lifetime is None,
    )


def permission_of(table: TypedTable) -> Permission:
    """Return the permission that a table names."""
    table.refuse_unknown(("resource", "scope"))
    if not table.text("resource") or not table.text("scope"):
        raise ConfigurationInvalid(f"{table.what} names a resource and a scope of it.")
    return Permission(table.text("resource"), table.text("scope"))


def resource_document(api: ApiResource) -> dict[str, object]:
    """Return an API as a table."""
    lifetime = api.access_token_lifetime
    return {
        "indicator": api.indicator,
        "name": api.name,
        **({} if lifetime is None else {"access_token_lifetime": lifetime.total_seconds()}),
        **(
            {
                "scopes": [
                    {"name": each.name, "description": each.description} for each in api.scopes
                ]
            }
            if api.scopes
            else {}
        ),
    }


def role_document(role: Role) -> dict[str, object]:
    """Return a role as a table."""
    permissions = [
        {"resource": each.indicator, "scope": each.scope} for each in sorted(role.permissions)
    ]
    return {
        "name": role.name,
        "description": role.description,
        **({"permissions": permissions} if permissions else {}),
    }
