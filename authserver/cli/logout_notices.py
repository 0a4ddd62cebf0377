"""`authserver client logout-notices`."""

from typing import TYPE_CHECKING

import click

from authserver.cli.context import Options, opened, with_options
from authserver.cli.output import instant, print_document, print_table, shown_instant

if TYPE_CHECKING:
    from authserver.domain.logout_notices import LogoutNotice


@click.command("logout-notices")
@click.argument("client_id", required=False)
@with_options
def logout_notices(options: Options, *, client_id: str | None) -> None:
    """Show which clients were told of ended sessions, and what they answered; newest first."""
    with opened(options) as server:
        found = server.logout_notices.recent(client_id)
    if options.as_json:
        print_document([document_of(each) for each in found])
        return
    print_table(
        ("OWED", "CLIENT", "STATE", "TRIES", "LAST OUTCOME", "SESSION"),
        [
            (
                shown_instant(each.created_at),
                each.client_id,
                each.state,
                str(each.claims),
                each.last_outcome or "-",
                each.session_id,
            )
            for each in found
        ],
        "No client was told of an ended session.",
    )


def document_of(notice: "LogoutNotice") -> dict[str, object]:
    """Return a notice for JSON."""
    return {
        "id": notice.id,
        "client_id": notice.client_id,
        "subject": notice.subject,
        "session_id": notice.session_id,
        "state": notice.state,
        "tries": notice.claims,
        "last_outcome": notice.last_outcome,
        "created_at": instant(notice.created_at),
        "due_at": instant(notice.due_at),
        "finished_at": instant(notice.finished_at),
    }
