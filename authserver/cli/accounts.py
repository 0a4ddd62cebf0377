"""`authserver account`."""

from collections.abc import Sequence
from pathlib import Path

import click

from authserver.cli.context import Options, opened, read_json_object, with_options
from authserver.cli.output import (
    instant,
    print_document,
    print_facts,
    print_table,
    shown_instant,
    yes_or_no,
)
from authserver.domain.accounts import Account


@click.group("account")
def accounts() -> None:
    """Make, stop and delete the accounts of people."""


@accounts.command("create")
@click.argument("email")
@click.option("--admin", "is_admin", is_flag=True, help="Make an administrator.")
@click.option(
    "--claims",
    "claims_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.json",
    help="Standard claims of the person, as one JSON object.",
)
@with_options
def create(options: Options, *, email: str, is_admin: bool, claims_file: Path | None) -> None:
    """Make an account; its mailbox is proven by the first code."""
    claims = None if claims_file is None else read_json_object(claims_file)
    with opened(options) as server:
        account = server.accounts.create(email, is_admin=is_admin, claims=claims)
    show_account(options, account)


@accounts.command("list")
@with_options
def list_accounts(options: Options) -> None:
    """List every account."""
    with opened(options) as server:
        listed = server.accounts.list()
    if options.as_json:
        print_document([account_document(account) for account in listed])
        return
    print_table(
        ("SUBJECT", "ADDRESS", "STATUS", "ADMIN", "CREATED"),
        [
            (
                each.subject,
                each.address.typed,
                each.status,
                yes_or_no(each.is_admin),
                shown_instant(each.created_at),
            )
            for each in listed
        ],
        "There are no accounts; `authserver account create` makes one.",
    )


@accounts.command("show")
@click.argument("account", metavar="SUBJECT_OR_EMAIL")
@with_options
def show(options: Options, *, account: str) -> None:
    """Show one account, its roles, and what strangers' wrong codes have done to its address."""
    with opened(options) as server:
        found = server.accounts.show(account)
        roles = [role.name for role in server.roles.of_account(found.subject)]
        budget = server.address_budgets.state(found.address)
    of_strangers = {"failures": budget.failures, "code_class": budget.code_class}
    if options.as_json:
        print_document(account_document(found) | {"roles": roles, "strangers": of_strangers})
        return
    also = {"failures of strangers": str(budget.failures), "their codes": budget.code_class}
    print_facts({**account_facts(found), "roles": roles, **also})


@accounts.command("release")
@click.argument("email")
@with_options
def release(options: Options, *, email: str) -> None:
    """Forget the wrong codes and passwords of strangers for an address, with an account or not."""
    with opened(options) as server:
        released = server.address_budgets.release(email)
    options.report(
        {"email": released.address.typed, "failures": released.failures},
        f"Failures of strangers forgotten for {released.address.typed}: {released.failures}.",
    )


@accounts.command("suspend")
@click.argument("account", metavar="SUBJECT_OR_EMAIL")
@with_options
def suspend(options: Options, *, account: str) -> None:
    """Let nobody use an account; ends its sessions, codes and tokens."""
    with opened(options) as server:
        changed = server.accounts.suspend(account)
    options.report(
        account_document(changed),
        f"Suspended {changed.address.typed}; its sessions, codes and tokens have ended.",
    )


@accounts.command("resume")
@click.argument("account", metavar="SUBJECT_OR_EMAIL")
@with_options
def resume(options: Options, *, account: str) -> None:
    """Let a suspended account be used again."""
    with opened(options) as server:
        changed = server.accounts.resume(account)
    options.report(account_document(changed), f"{changed.address.typed} can sign in again.")


@accounts.command("delete")
@click.argument("account", metavar="SUBJECT_OR_EMAIL")
@with_options
def delete(options: Options, *, account: str) -> None:
    """Delete an account with its sessions and tokens."""
    with opened(options) as server:
        deleted = server.accounts.delete(account)
    document = {"subject": deleted.subject, "email": deleted.address.typed, "deleted": True}
    options.report(document, f"Deleted the account of {deleted.address.typed}.")


@accounts.command("sign-in-link")
@click.argument("account", metavar="SUBJECT_OR_EMAIL")
@with_options
def sign_in_link(options: Options, *, account: str) -> None:
    """Print a link that signs an account in once, within ten minutes."""
    with opened(options) as server:
        link = server.accounts.make_sign_in_link(account)
        url = f"{server.loaded.settings.endpoint}/sign-in-link/{link.token.reveal()}"
    document = {
        "url": url,
        "subject": link.account.subject,
        "email": link.account.address.typed,
        "expires_at": instant(link.expires_at),
    }
    sentence = (
        f"{url}\n"
        f"Whoever opens it signs in as {link.account.address.typed}, once, until "
        f"{shown_instant(link.expires_at)}."
    )
    options.report(document, sentence)


@accounts.group("second-factor")
def second_factor() -> None:
    """Second factors of accounts."""


@second_factor.command("remove")
@click.argument("account", metavar="SUBJECT_OR_EMAIL")
@with_options
def remove_second_factor(options: Options, *, account: str) -> None:
    """Switch an account's second factor off, for whoever has lost it; its owner is told."""
    with opened(options) as server:
        changed = server.accounts.remove_second_factor(account)
    options.report(
        account_document(changed),
        f"{changed.address.typed} signs in without a second factor, and is told so by mail.",
    )


def show_account(options: Options, account: Account) -> None:
    """Print an account that is new."""
    if options.as_json:
        print_document(account_document(account))
    else:
        print_facts(account_facts(account))


def account_facts(account: Account) -> dict[str, str | Sequence[str]]:
    """Return an account for people."""
    return {
        "subject": account.subject,
        "address": account.address.typed,
        "status": account.status,
        "admin": yes_or_no(account.is_admin),
        "mailbox proven": shown_instant(account.email_proven_at, "not yet"),
        "claims": [f"{name}: {value}" for name, value in account.claims.items()],
        "created": shown_instant(account.created_at),
    }


def account_document(account: Account) -> dict[str, object]:
    """Return an account for JSON."""
    return {
        "subject": account.subject,
        "email": account.address.typed,
        "status": account.status,
        "is_admin": account.is_admin,
        "email_proven_at": instant(account.email_proven_at),
        "claims": dict(account.claims),
        "origin": account.origin,
        "created_at": instant(account.created_at),
        "updated_at": instant(account.updated_at),
    }
