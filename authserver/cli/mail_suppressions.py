"""`authserver mail suppression`."""

from typing import TYPE_CHECKING

import click

from authserver.cli.context import Options, opened, with_options
from authserver.cli.output import instant, print_document, print_table, shown_instant

if TYPE_CHECKING:
    from authserver.domain.suppressions import Suppression


@click.group("suppression")
def suppression() -> None:
    """Addresses that are not written to: they bounced, a provider refuses them, or you said so."""


@suppression.command("list")
@with_options
def list_suppressions(options: Options) -> None:
    """Show who is not written to, by which sender, why and until when."""
    with opened(options) as server:
        found = server.suppressions.list()
    if options.as_json:
        print_document([document_of(each) for each in found])
        return
    print_table(
        ("ADDRESS", "SENDER", "REASON", "SINCE", "UNTIL"),
        [
            (
                each.address,
                each.sender,
                each.reason,
                shown_instant(each.created_at),
                shown_instant(each.expires_at, "removed"),
            )
            for each in found
        ],
        "Every address is written to.",
    )


@suppression.command("add")
@click.argument("email")
@with_options
def add(options: Options, *, email: str) -> None:
    """Write to EMAIL no more; whoever asks for a code sees the same page as ever."""
    with opened(options) as server:
        added = server.suppressions.add(email)
    options.report(document_of(added), f"{added.address} is not written to from now on.")


@suppression.command("remove")
@click.argument("email")
@click.option(
    "--at-provider",
    is_flag=True,
    help="Take it off Direct Mail's own lists of invalid addresses, too.",
)
@with_options
def remove(options: Options, *, email: str, at_provider: bool) -> None:
    """Write to EMAIL again."""
    with opened(options) as server:
        was_suppressed = server.suppressions.remove(email)
        if at_provider:
            # Only then something is waited for.
            import anyio

            anyio.run(server.enquiries.accept_again, email.strip())
    if not (was_suppressed or at_provider):
        raise click.ClickException(f"{email} was not suppressed.")
    document = {"removed": was_suppressed, "removed_at_provider": at_provider}
    options.report(document, f"{email} is written to again.")


def document_of(each: "Suppression") -> dict[str, object]:
    """Return one suppression for JSON."""
    return {
        "address": each.address,
        "sender": each.sender,
        "reason": each.reason,
        "created_at": instant(each.created_at),
        "expires_at": instant(each.expires_at),
    }
