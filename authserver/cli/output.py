"""What commands print: aligned text for people, one JSON document for scripts."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import click

GAP = "  "


def print_document(document: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> None:
    """Print aligned columns under their titles, or the sentence `nothing` where there are none."""
    if not rows:
        click.echo(nothing)
        return
    lines = [titles, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo(GAP.join(cells).rstrip())


def print_facts(facts: Mapping[str, str | Sequence[str]]) -> None:
    """Print names and values in two columns; a list takes a line for each entry."""
    width = max(map(len, facts))
    for name, value in facts.items():
        entries = [value] if isinstance(value, str) else list(value) or ["-"]
        for number, entry in enumerate(entries):
            click.echo(f"{(name if number == 0 else '').ljust(width)}{GAP}{entry}")


def instant(moment: datetime | None) -> str | None:
    """Return an instant for JSON (RFC 3339), in UTC and whole seconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def shown_instant(moment: datetime | None, never: str = "-") -> str:
    """Return an instant for people, in UTC."""
    return never if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def yes_or_no(value: object) -> str:
    """Return a switch as a word."""
    return "yes" if value else "no"
