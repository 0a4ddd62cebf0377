"""`authserver client`."""

from collections.abc import Mapping
from datetime import timedelta

import click

from authserver.cli.client_options import (
    id_token_options,
    metadata_facts,
    metadata_in,
    metadata_options,
)
from authserver.cli.context import DURATION, ChoiceOf, Options, opened, with_options
from authserver.cli.output import (
    instant,
    print_document,
    print_facts,
    print_table,
    shown_instant,
    yes_or_no,
)
from authserver.domain.clients import Client, ClientKind, ClientSecret

CREATED_MEMBERS = ("name", "has_claims_in_id_token", "id_token_algorithm")
OWN_MEMBERS = ("name", "requires_pkce", "has_claims_in_id_token", "id_token_algorithm")
SHOWN_ONCE = "The secret is shown this once: keep it where your application reads it."


@click.group("client")
def clients() -> None:
    """Register and change the applications that people sign in to."""


@clients.command("create")
@click.option("--name", required=True, help="What people see when they sign in.")
@click.option("--kind", required=True, type=ChoiceOf(ClientKind))
@click.option("--redirect-uri", "redirect_uris", multiple=True, metavar="URI")
@click.option("--post-logout-redirect-uri", "post_logout_uris", multiple=True, metavar="URI")
@click.option("--no-pkce", is_flag=True, help="Let a confidential client do without PKCE.")
@id_token_options
@metadata_options
@with_options
def create(
    options: Options,
    *,
    kind: ClientKind,
    redirect_uris: tuple[str, ...],
    post_logout_uris: tuple[str, ...],
    no_pkce: bool,
    **given: object,
) -> None:
    """Register a client; prints its id, and its secret once."""
    # Here and not above: what changes a client pulls in the whole storage.
    from authserver.administration.clients import ClientChanges

    own = {name: given.pop(name) for name in CREATED_MEMBERS}
    choices = ClientChanges(
        redirect_uris=redirect_uris,
        post_logout_redirect_uris=post_logout_uris,
        requires_pkce=not no_pkce,
        metadata=metadata_in(given),
        **own,  # type: ignore[arg-type]  # the names are those of the members
    )
    with opened(options) as server:
        made = server.clients.create_as(kind, choices)
    document = client_document(made.client)
    if made.secret is not None:
        document["client_secret"] = made.secret.reveal()
    if options.as_json:
        print_document(document)
        return
    if made.secret is None:
        print_client(made.client)
        return
    print_client(made.client, {"client_secret": made.secret.reveal()})
    click.echo(SHOWN_ONCE)


@clients.command("list")
@with_options
def list_clients(options: Options) -> None:
    """List every client."""
    with opened(options) as server:
        listed = server.clients.list()
    if options.as_json:
        print_document([client_document(client) for client in listed])
        return
    print_table(
        ("CLIENT ID", "NAME", "KIND", "CREATED"),
        [(each.id, each.name, each.kind, shown_instant(each.created_at)) for each in listed],
        "There are no clients; `authserver client create` registers one.",
    )


@clients.command("show")
@click.argument("client_id", metavar="ID")
@with_options
def show(options: Options, *, client_id: str) -> None:
    """Show one client, the names of its secrets, and the roles of a service."""
    with opened(options) as server:
        found = server.clients.show(client_id)
        roles = [role.name for role in server.roles.of_client(client_id)]
    if options.as_json:
        secrets = [secret_document(secret) for secret in found.secrets]
        print_document({**client_document(found.client), "roles": roles, "secrets": secrets})
        return
    print_client(found.client, {"roles": ", ".join(roles)} if roles else None)
    click.echo()
    print_table(
        ("SECRET", "CREATED", "EXPIRES"),
        [
            (each.name, shown_instant(each.created_at), shown_instant(each.expires_at, "never"))
            for each in found.secrets
        ],
        "The client has no secret.",
    )


@clients.command("update")
@click.argument("client_id", metavar="ID")
@click.option("--name")
@click.option("--redirect-uri", "redirect_uris", multiple=True, metavar="URI", help="Replaces all.")
@click.option(
    "--post-logout-redirect-uri",
    "post_logout_uris",
    multiple=True,
    metavar="URI",
    help="Replaces all; an empty text removes them.",
)
@click.option("--pkce/--no-pkce", "requires_pkce", default=None)
@id_token_options
@metadata_options
@with_options
def update(
    options: Options,
    *,
    client_id: str,
    redirect_uris: tuple[str, ...],
    post_logout_uris: tuple[str, ...],
    **given: object,
) -> None:
    """Replace what is given of a client; the rest stays."""
    # Here and not above: what changes a client pulls in the whole storage.
    from authserver.administration.clients import ClientChanges

    own = {name: given.pop(name) for name in OWN_MEMBERS}
    changes = ClientChanges(
        redirect_uris=redirect_uris or None,
        post_logout_redirect_uris=tuple(filter(None, post_logout_uris))
        if post_logout_uris
        else None,
        metadata=metadata_in(given),
        **own,  # type: ignore[arg-type]  # the names are those of the members
    )
    if changes == ClientChanges():
        raise click.UsageError("Say what to change.")
    with opened(options) as server:
        client = server.clients.update(client_id, changes)
    if options.as_json:
        print_document(client_document(client))
    else:
        print_client(client)


@clients.command("delete")
@click.argument("client_id", metavar="ID")
@with_options
def delete(options: Options, *, client_id: str) -> None:
    """Delete a client with its authorizations and tokens."""
    with opened(options) as server:
        server.clients.delete(client_id)
    options.report({"client_id": client_id, "deleted": True}, f"Deleted client {client_id}.")


@clients.command("add-secret")
@click.argument("client_id", metavar="ID")
@click.option("--name", help="What to call it; numbered when left out.")
@click.option("--expires-in", type=DURATION, help="How long it lives, like 30d; for ever without.")
@with_options
def add_secret(
    options: Options, *, client_id: str, name: str | None, expires_in: timedelta | None
) -> None:
    """Add a secret beside those there are; prints it once."""
    with opened(options) as server:
        added = server.clients.add_secret(client_id, name, expires_in)
    if options.as_json:
        print_document(
            {
                "client_id": client_id,
                "name": added.name,
                "client_secret": added.secret.reveal(),
                "expires_at": instant(added.expires_at),
            }
        )
        return
    print_facts(
        {
            "client_id": client_id,
            "name": added.name,
            "client_secret": added.secret.reveal(),
            "expires": shown_instant(added.expires_at, "never"),
        }
    )
    click.echo(SHOWN_ONCE)


@clients.command("remove-secret")
@click.argument("client_id", metavar="ID")
@click.argument("name")
@with_options
def remove_secret(options: Options, *, client_id: str, name: str) -> None:
    """Remove one secret; it authenticates nobody any more."""
    with opened(options) as server:
        server.clients.remove_secret(client_id, name)
    document = {"client_id": client_id, "name": name, "removed": True}
    options.report(document, f"Removed the secret {name!r} of client {client_id}.")


@clients.command("registration-token")
@click.option("--expires-in", type=DURATION, help="How long it lives, like 30d; for ever without.")
@click.option("--uses", type=int, metavar="N", help="How often it may be used; freely without.")
@with_options
def registration_token(options: Options, *, expires_in: timedelta | None, uses: int | None) -> None:
    """Make an initial access token, by which applications register themselves; prints it once."""
    with opened(options) as server:
        made = server.registration_tokens.create(expires_in=expires_in, uses=uses)
    if options.as_json:
        print_document(
            {
                "registration_token": made.token.reveal(),
                "uses": made.uses,
                "expires_at": instant(made.expires_at),
            }
        )
        return
    print_facts(
        {
            "registration token": made.token.reveal(),
            "uses": "any number" if made.uses is None else str(made.uses),
            "expires": shown_instant(made.expires_at, "never"),
        }
    )
    click.echo("The token is shown this once.")
    if not made.is_accepted:
        click.echo("It opens nothing before AUTHSERVER_REGISTRATION__DYNAMIC is `token`.")


def client_document(client: Client) -> dict[str, object]:
    """Return a client for JSON, in the words of RFC 7591 where it has them."""
    return {
        "client_id": client.id,
        "name": client.name,
        "kind": client.kind,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "requires_pkce": not client.is_exempt_from_pkce,
        "claims_in_id_token": client.has_claims_in_id_token,
        "id_token_algorithm": client.id_token_algorithm,
        "created_at": instant(client.created_at),
        "updated_at": instant(client.updated_at),
        **client.metadata.as_document(),
    }


def secret_document(secret: ClientSecret) -> dict[str, object]:
    """Return what may be shown of a secret."""
    return {
        "name": secret.name,
        "created_at": instant(secret.created_at),
        "expires_at": instant(secret.expires_at),
    }


def print_client(client: Client, also: Mapping[str, str] | None = None) -> None:
    """Print a client for people, and what is known beside it."""
    print_facts(
        {
            "client_id": client.id,
            "name": client.name,
            "kind": client.kind,
            "redirect URIs": client.redirect_uris,
            "post-logout redirect URIs": client.post_logout_redirect_uris,
            "PKCE": "required" if not client.is_exempt_from_pkce else "not required",
            "claims in ID token": yes_or_no(client.has_claims_in_id_token),
            "ID token algorithm": client.id_token_algorithm,
            "authenticates by": client.authentication_method,
            **metadata_facts(client.metadata),
            "created": shown_instant(client.created_at),
            **(also or {}),
        }
    )
