"""`authserver audit`."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from authserver.cli.context import DURATION, Options, opened, untouched, with_options
from authserver.cli.output import instant, print_document, print_table
from authserver.domain.audit_chain import Break, Broken, Place

if TYPE_CHECKING:
    from authserver.administration.audit_log import Verdict
    from authserver.domain.audit_chain import RecordedEvent

MOST_SHOWN: Final = 10_000
LONGEST_AGO: Final = timedelta(days=36500)
WHAT: Final = {
    Break.ALTERED: "The event at place {position} is not what it was when it came there.",
    Break.MISSING: "The event at place {position} is missing.",
    Break.SURPLUS: "The chain has {position} places, and more events than that have one.",
    Break.OTHER_END: "The chain does not end, at place {position}, where this server ended it.",
    Break.UNEXPECTED: "Another digest is expected at place {position}.",
    Break.KEY_GONE: (
        "The end of the chain, at place {position}, is under the secret key {key_id}, which is not "
        "configured. Put it back into AUTHSERVER_SECRET_KEYS, after the newest one; where it is "
        "lost for good, `authserver audit verify --seal-anew` puts the end under the newest one."
    ),
}


class PlaceType(click.ParamType[Place]):
    """A place in the chain and its digest, as `audit verify` prints them."""

    name = "place"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Place:
        """Return the place; what is none is wrong usage."""
        match = re.fullmatch(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", str(value))
        if match is None:
            self.fail("write it as `audit verify` prints it, like 412:9f…", param, ctx)
        return Place(position=int(match[1]), digest=bytes.fromhex(match[2]))


class MomentType(click.ParamType[datetime | timedelta]):
    """An instant (RFC 3339), or how long ago it is, like `2h`."""

    name = "moment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | timedelta:
        """Return the instant or the duration; what is neither is wrong usage."""
        try:
            moment = datetime.fromisoformat(str(value))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except OverflowError:
            self.fail("there is no such instant", param, ctx)
        except ValueError:
            duration = DURATION.convert(value, param, ctx)
        if duration > LONGEST_AGO:
            self.fail("that is longer ago than anything", param, ctx)
        return duration


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
@click.option(
    "--expect",
    "expected",
    type=PlaceType(),
    metavar="PLACE:DIGEST",
    help="What an earlier run has printed: that place must be as it was then.",
)
@with_options
def verify(options: Options, *, seal_anew: bool, expected: Place | None) -> None:
    """Walk along the hash chain; ends with status 1 at the first place where it is broken.

    Keep the end that it prints, elsewhere: whoever owns the database could begin a chain anew.
    """
    # As it is: nothing is migrated or added, and keys that do not fit are no hindrance.
    with untouched(options) as server:
        if seal_anew:
            server.audit_log.seal_anew()
        verdict = server.audit_log.verify(expected)
    options.report(verdict_document(verdict), "\n".join(sentences(verdict)))
    if verdict.broken is not None:
        raise click.ClickException(sentence(verdict.broken))


def sentences(verdict: "Verdict") -> Iterator[str]:
    """Yield what a walk found, for people."""
    events = verdict.end.position
    if verdict.broken is not None:
        yield f"The chain of {events} events is broken."
        return
    yield f"{events} events are as they were chained; {verdict.waiting} wait for their place."
    if events:
        yield f"The end is {end_of(verdict)}"


def sentence(broken: Broken) -> str:
    """Return what is broken, for people."""
    return WHAT[broken.what].format(position=broken.position, key_id=broken.key_id)


def end_of(verdict: "Verdict") -> str:
    """Return the end of the chain as `--expect` takes it."""
    return f"{verdict.end.position}:{verdict.end.digest.hex()}"


def plain(value: object) -> str:
    """Return a text that any terminal can show: what is no letter or sign is spelled out."""
    return "".join(
        symbol if symbol.isprintable() else symbol.encode("unicode_escape").decode("ascii")
        for symbol in str(value)
    )


def details_of(recorded: "RecordedEvent") -> dict[str, str]:
    """Return the details of an event; somebody may have put something else into their place."""
    detail: object = recorded.event.detail
    if not isinstance(detail, Mapping):
        return {"detail": plain(detail)}
    return {plain(name): plain(value) for name, value in detail.items()}


def row_of(recorded: "RecordedEvent") -> tuple[str, ...]:
    """Return an event for a table."""
    event = recorded.event
    detail = " ".join(f"{name}={value}" for name, value in sorted(details_of(recorded).items()))
    return (
        f"{recorded.happened_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        *(plain(each or "-") for each in (event.kind, event.subject, event.client_id)),
        plain(event.source or "-"),
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
        "detail": details_of(recorded),
        "position": recorded.position,
    }


def verdict_document(verdict: "Verdict") -> dict[str, object]:
    """Return what a walk found, for JSON."""
    broken = verdict.broken
    return {
        "events": verdict.end.position,
        "end": end_of(verdict),
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
