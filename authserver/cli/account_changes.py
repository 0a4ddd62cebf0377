"""`authserver account update|sign-out|export`."""

from pathlib import Path

import click

from authserver.cli.accounts import account_document, show_account
from authserver.cli.context import Options, opened, read_json_object, with_options
from authserver.cli.output import print_document


@click.command("update")
@click.argument("account", metavar="SUBJECT_OR_EMAIL")
@click.option("--email", help="The new address; a code proves it, and the old one is told.")
@click.option("--admin/--no-admin", "is_admin", default=None)
@click.option(
    "--claims",
    "claims_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.json",
    help="Standard claims to replace, as one JSON object; null removes one.",
)
@with_options
def update(
    options: Options,
    *,
    account: str,
    email: str | None,
    is_admin: bool | None,
    claims_file: Path | None,
) -> None:
    """Replace what is given of an account; the rest stays."""
    # Here and not above: what changes an account pulls in the whole storage.
    from authserver.administration.account_changes import AccountChange

    claims = None if claims_file is None else read_json_object(claims_file)
    change = AccountChange(email=email, is_admin=is_admin, claims=claims)
    if change == AccountChange():
        raise click.UsageError("Say what to change.")
    with opened(options) as server:
        changed = server.account_changes.update(account, change)
    show_account(options, changed)


@click.command("sign-out")
@click.argument("account", metavar="SUBJECT_OR_EMAIL")
@with_options
def sign_out(options: Options, *, account: str) -> None:
    """End all sessions and tokens of an account; its owner may sign in again."""
    with opened(options) as server:
        changed = server.account_changes.sign_out(account)
    options.report(
        account_document(changed),
        f"{changed.address.typed} is signed out everywhere.",
    )


@click.command("export")
@click.argument("account", metavar="SUBJECT_OR_EMAIL")
@with_options
def export_account(options: Options, *, account: str) -> None:
    """Print everything that is stored about a person, as JSON."""
    with opened(options) as server:
        print_document(server.account_changes.export(account))
