"""`authserver brand`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from authserver.cli.context import Options, opened, with_options
from authserver.cli.output import (
    instant,
    print_document,
    print_facts,
    print_table,
    shown_instant,
    yes_or_no,
)
from authserver.domain.branding import IMAGES, MEMBERS, Brand, shown_name

if TYPE_CHECKING:
    from authserver.administration.branding import BrandVersion

FILE = click.Path(dir_okay=False, path_type=Path)
OF_CLIENT = click.option("--client", "client_id", metavar="ID", help="What one client has instead.")
CHOICES: tuple[tuple[str, str, str], ...] = (
    ("name", "TEXT", "At most 40 characters."),
    ("color", "#rrggbb", "Main colour: buttons, links, focus."),
    ("color-dark", "#rrggbb", "The same on dark pages; else made of --color."),
    ("support-url", "URL", "Help; https or mailto."),
    ("terms-url", "URL", "Terms of use."),
    ("privacy-url", "URL", "Privacy statement."),
)
FILES: tuple[tuple[str, str], ...] = (
    ("logo", "PNG or WebP, at most 200 kB."),
    ("logo-dark", "The same for dark pages; else --logo."),
    ("favicon", "PNG or WebP: the icon of the tab."),
)


@click.group("brand")
def brand() -> None:
    """Name, logo, colours and links of the pages and mails."""


@brand.command("show")
@OF_CLIENT
@with_options
def show(options: Options, *, client_id: str | None) -> None:
    """Show what was chosen; the rest is as it comes."""
    with opened(options) as server:
        found = server.brands.show(client_id)
        clients = [] if client_id else server.brands.client_ids()
    if options.as_json:
        print_document({**document_of(found), **({} if client_id else {"clients": clients})})
        return
    facts = facts_of(found)
    if not client_id:
        facts = {"name": shown_name(found), **facts}
    print_facts(facts or {"chosen": "nothing: this client looks like the instance"})
    if clients:
        click.echo(f"\nClients with something of their own: {', '.join(clients)}")


def choices(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each member of a brand."""
    command = click.option("--custom-css", type=FILE, metavar="FILE", help="Without any URL.")(
        command
    )
    command = click.option(
        "--auto-submit-code/--no-auto-submit-code",
        default=None,
        help="Send a code by itself once it is complete; the page says so.",
    )(command)
    command = click.option(
        "--radius", type=int, metavar="PIXELS", help="How round corners are: 0 to 24."
    )(command)
    for name, words in reversed(FILES):
        command = click.option(f"--{name}", type=FILE, metavar="FILE", help=words)(command)
    for name, metavar, words in reversed(CHOICES):
        command = click.option(f"--{name}", metavar=metavar, help=words)(command)
    return command


@brand.command("set")
@choices
@OF_CLIENT
@with_options
def set_brand(options: Options, *, client_id: str | None, **given: object) -> None:
    """Choose what is named, and keep the rest; pages show it within a second."""
    from authserver.administration.branding import BrandChanges

    values = {member: value for member, value in given.items() if value is not None}
    if not values:
        raise click.UsageError("Name something to choose; --help shows what there is.")
    images = {member: file.read_bytes() for member, file in files_among(values).items()}
    css = values.get("custom_css")
    if isinstance(css, Path):
        values["custom_css"] = read_text(css)
    changes = BrandChanges(
        values={member: value for member, value in values.items() if member not in images},
        images=images,
    )
    with opened(options) as server:
        chosen = server.brands.set(changes, client_id)
    report(options, chosen, "Chosen; pages and mails show it within a second.")


@brand.command("remove")
@click.argument("members", nargs=-1, metavar="[NAME|LOGO|COLOR|...]...")
@OF_CLIENT
@with_options
def remove(options: Options, *, members: tuple[str, ...], client_id: str | None) -> None:
    """Let what is named be as it comes; without a name, everything."""
    names = [member.lower().replace("-", "_") for member in members]
    with opened(options) as server:
        left = server.brands.remove(names, client_id)
    report(options, left, "Removed; pages and mails show it within a second.")


@brand.command("history")
@OF_CLIENT
@with_options
def history(options: Options, *, client_id: str | None) -> None:
    """Show what was chosen so far, newest first."""
    with opened(options) as server:
        versions = server.brands.history(client_id)
    if options.as_json:
        print_document([version_document(version) for version in versions])
        return
    print_table(
        ("VERSION", "WHEN", "BY", "CHOSEN"),
        [
            (
                str(version.version),
                shown_instant(version.changed_at),
                version.changed_by,
                ", ".join(f"{name} {value}" for name, value in facts_of(version.brand).items())
                or "-",
            )
            for version in versions
        ],
        "Nothing was chosen yet.",
    )


@brand.command("undo")
@click.option("--to", type=int, metavar="VERSION", help="Default: the last but one.")
@OF_CLIENT
@with_options
def undo(options: Options, *, to: int | None, client_id: str | None) -> None:
    """Choose again what an earlier version has; this is a new version, too."""
    with opened(options) as server:
        found = server.brands.undo(client_id, to=to)
    report(options, found, "Chosen again; pages and mails show it within a second.")


def files_among(values: Mapping[str, object]) -> dict[str, Path]:
    """Return the files of images."""
    return {
        member: file
        for member, file in values.items()
        if member in IMAGES and isinstance(file, Path)
    }


def read_text(file: Path) -> str:
    """Return the text of a file; what is none ends the command with a sentence."""
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as fault:
        raise click.ClickException(f"{file} is not UTF-8.") from fault


def report(options: Options, found: Brand, sentence: str) -> None:
    """Print the brand for a script; for a person the sentence, and below it the brand."""
    options.report(document_of(found), sentence)
    if not options.as_json and not found.is_empty:
        print_facts(facts_of(found))


def document_of(found: Brand) -> dict[str, object]:
    """Return a brand for JSON, with every member."""
    return {member: getattr(found, member) for member in MEMBERS}


def facts_of(found: Brand) -> dict[str, str]:
    """Return what was chosen for people; a style sheet by its length."""
    facts = {
        name.replace("_", "-"): yes_or_no(value) if isinstance(value, bool) else str(value)
        for name, value in found.document().items()
    }
    if found.custom_css is not None:
        facts["custom-css"] = f"{len(found.custom_css)} characters"
    return facts


def version_document(version: "BrandVersion") -> dict[str, object]:
    """Return one version for JSON."""
    return {
        "version": version.version,
        "changed_at": instant(version.changed_at),
        "changed_by": version.changed_by,
        "brand": version.brand.document(),
    }
