"""`authserver audit`."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from authserver.cli.context import DURATION, Options, opened, with_options
from authserver.cli.output import instant, print_document, print_table
from authserver.domain.audit_chain import Break, Broken

if TYPE_CHECKING:
    from authserver.administration.audit_log import Verdict
    from authserver.domain.audit_chain import RecordedEvent

MOST_SHOWN: Final = 10_000
WHAT: Final = {
    Break.ALTERED: "The event {event_id}, at place {position}, is not what it was at first.",
    Break.MISSING: "The event at place {position} is missing.",
    Break.SURPLUS: "An event stands at place {position}, behind the end of the chain.",
    Break.OTHER_END: "The chain does not end, at place {position}, where this server ended it.",
    Break.KEY_GONE: (
        "The end of the chain, at place {position}, is under the secret key {key_id}, which is not "
        "configured. Put it back into AUTHSERVER_SECRET_KEYS, after the newest one; where it is "
        "lost for good, `authserver audit verify --seal-anew` puts the end under the newest one."
    ),
}


class MomentType(click.ParamType[datetime | timedelta]):
    """An instant (RFC 3339), or how long ago it is, like `2h`."""

    name = "moment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | timedelta:
        """Return the instant or the duration; what is neither is wrong usage."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            return DURATION.convert(value, param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group("audit")
def audit() -> None:
    """Look at the audit log, and verify that nobody has changed it."""


@audit.command("list")
@click.option("--account", metavar="SUBJECT_OR_EMAIL")
@click.option("--client", "client_id", metavar="CLIENT_ID")
@click.option(
    "--since", type=MomentType(), metavar="T", help="An instant, or how long ago, like 2h."
)
@click.option("--limit", type=click.IntRange(1, MOST_SHOWN), default=50, show_default=True)
@with_options
def list_events(
    options: Options,
    *,
    account: str | None,
    client_id: str | None,
    since: datetime | timedelta | None,
    limit: int,
) -> None:
    """Show the newest events first."""
    with opened(options) as server:
        found = server.audit_log.recent(
            account=account, client_id=client_id, since=since, at_most=limit
        )
    if options.as_json:
        print_document([document_of(each) for each in found])
        return
    print_table(
        ("HAPPENED", "EVENT", "ACCOUNT", "CLIENT", "SOURCE", "DETAIL"),
        [row_of(each) for each in found],
        "Nothing of the kind has happened.",
    )


@audit.command("verify")
@click.option(
    "--seal-anew",
    is_flag=True,
    help="Put the end of the chain under the newest secret key, where its own is lost.",
)
@with_options
def verify(options: Options, *, seal_anew: bool) -> None:
    """Walk along the hash chain; ends with status 1 at the first place where it is broken."""
    with opened(options) as server:
        verdict = server.audit_log.seal_anew() if seal_anew else server.audit_log.verify()
    options.report(
        verdict_document(verdict),
        f"{verdict.events} events are as they were chained; {verdict.waiting} wait for their place."
        if verdict.broken is None
        else f"The chain of {verdict.events} events is broken.",
    )
    if verdict.broken is not None:
        raise click.ClickException(sentence(verdict.broken))


def sentence(broken: Broken) -> str:
    """Return what is broken, for people."""
    return WHAT[broken.what].format(
        position=broken.position, event_id=broken.event_id, key_id=broken.key_id
    )


def row_of(recorded: "RecordedEvent") -> tuple[str, ...]:
    """Return an event for a table."""
    event = recorded.event
    detail = " ".join(f"{name}={value}" for name, value in sorted(event.detail.items()))
    return (
        f"{recorded.happened_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        event.kind,
        event.subject or "-",
        event.client_id or "-",
        event.source or "-",
        detail or "-",
    )


def document_of(recorded: "RecordedEvent") -> dict[str, object]:
    """Return an event for JSON."""
    event = recorded.event
    return {
        "id": recorded.id,
        "happened_at": instant(recorded.happened_at),
        "kind": event.kind,
        "subject": event.subject,
        "client_id": event.client_id,
        "source": event.source,
        "detail": dict(event.detail),
        "position": recorded.position,
    }


def verdict_document(verdict: "Verdict") -> dict[str, object]:
    """Return what a walk found, for JSON."""
    broken = verdict.broken
    return {
        "events": verdict.events,
        "waiting": verdict.waiting,
        "ok": broken is None,
        "broken": None
        if broken is None
        else {
            "what": broken.what,
            "position": broken.position,
            "event_id": broken.event_id,
            "message": sentence(broken),
        },
    }
