"""`authserver role`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from authserver.cli.context import Options, opened, with_options
from authserver.cli.output import print_document, print_facts, print_table
from authserver.domain.api_resources import Permission, Role

if TYPE_CHECKING:
    from authserver.storage.roles import RoleHolder

PERMISSIONS = click.option(
    "--permission",
    "permissions",
    type=(str, str),
    multiple=True,
    metavar="INDICATOR SCOPE",
    help="A scope of an API that the role permits; may be repeated.",
)


@click.group("role")
def roles() -> None:
    """Make roles, and give them to accounts and services."""


@roles.command("create")
@click.argument("name")
@click.option("--description", default="")
@PERMISSIONS
@with_options
def create(
    options: Options, *, name: str, description: str, permissions: tuple[tuple[str, str], ...]
) -> None:
    """Make a role."""
    with opened(options) as server:
        role = server.roles.create(name, description, [Permission(*each) for each in permissions])
    show_role(options, role)


@roles.command("list")
@with_options
def list_roles(options: Options) -> None:
    """List every role."""
    with opened(options) as server:
        listed = server.roles.list()
    if options.as_json:
        print_document([role_document(role) for role in listed])
        return
    print_table(
        ("NAME", "DESCRIPTION", "PERMISSIONS"),
        [(each.name, each.description or "-", str(len(each.permissions))) for each in listed],
        "There are no roles; `authserver role create` makes one.",
    )


@roles.command("show")
@click.argument("name")
@with_options
def show(options: Options, *, name: str) -> None:
    """Show one role and who holds it."""
    with opened(options) as server:
        role = server.roles.show(name)
        holders = server.roles.holders(name)
    if options.as_json:
        print_document(role_document(role) | {"holders": [*map(holder_document, holders)]})
        return
    held_by = [f"{each.name} ({each.subject or each.client_id})" for each in holders]
    print_facts({**role_facts(role), "held by": held_by or "nobody"})


@roles.command("update")
@click.argument("name")
@click.option("--description")
@PERMISSIONS
@with_options
def update(
    options: Options,
    *,
    name: str,
    description: str | None,
    permissions: tuple[tuple[str, str], ...],
) -> None:
    """Change a role; permissions that are given replace all it had, two empty texts remove them."""
    if description is None and not permissions:
        raise click.UsageError("Say what to change.")
    wanted = [Permission(*each) for each in permissions if any(each)] if permissions else None
    with opened(options) as server:
        role = server.roles.update(name, description, wanted)
    show_role(options, role)


@roles.command("delete")
@click.argument("name")
@with_options
def delete(options: Options, *, name: str) -> None:
    """Delete a role; whoever held it holds it no more."""
    with opened(options) as server:
        server.roles.delete(name)
    options.report({"name": name, "deleted": True}, f"Deleted the role {name}.")


@roles.command("assign")
@click.argument("name")
@click.option("--account", metavar="SUBJECT_OR_EMAIL")
@click.option("--client", "client_id", metavar="CLIENT_ID")
@with_options
def assign(options: Options, *, name: str, account: str | None, client_id: str | None) -> None:
    """Give a role to an account or to a service."""
    holder = one_of(account, client_id)
    with opened(options) as server:
        if account is not None:
            server.roles.assign_to_account(name, account)
        else:
            server.roles.assign_to_client(name, holder)
    options.report({"role": name, "holder": holder}, f"{holder} holds the role {name} from now on.")


@roles.command("remove")
@click.argument("name")
@click.option("--account", metavar="SUBJECT_OR_EMAIL")
@click.option("--client", "client_id", metavar="CLIENT_ID")
@with_options
def remove(options: Options, *, name: str, account: str | None, client_id: str | None) -> None:
    """Take a role from an account or a service."""
    holder = one_of(account, client_id)
    with opened(options) as server:
        if account is not None:
            server.roles.remove_from_account(name, account)
        else:
            server.roles.remove_from_client(name, holder)
    options.report({"role": name, "holder": holder}, f"{holder} holds the role {name} no more.")


def one_of(account: str | None, client_id: str | None) -> str:
    """Return whoever is named; both or none is wrong usage."""
    if (account is None) is (client_id is None):
        raise click.UsageError("Name either --account or --client.")
    return account or client_id or ""


def show_role(options: Options, role: Role) -> None:
    """Print one role."""
    if options.as_json:
        print_document(role_document(role))
    else:
        print_facts(role_facts(role))


def role_facts(role: Role) -> dict[str, str | Sequence[str]]:
    """Return a role for people."""
    return {
        "name": role.name,
        "description": role.description or "-",
        "permissions": [f"{each.indicator} {each.scope}" for each in sorted(role.permissions)],
    }


def holder_document(holder: "RoleHolder") -> dict[str, object]:
    """Return an account or a service for JSON."""
    if holder.subject is not None:
        return {"subject": holder.subject, "email": holder.name}
    return {"client_id": holder.client_id, "name": holder.name}


def role_document(role: Role) -> dict[str, object]:
    """Return a role for JSON."""
    return {
        "name": role.name,
        "description": role.description,
        "permissions": [
            {"resource": each.indicator, "scope": each.scope} for each in sorted(role.permissions)
        ],
    }
