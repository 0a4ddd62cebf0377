"""`authserver apply` and `authserver export`: configuration as one file."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from authserver.cli.context import Options, opened, with_options
from authserver.cli.output import print_document, print_table
from authserver.cli.toml_output import toml_of
from authserver.domain.branding import IMAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authserver.administration.as_code import Files
    from authserver.composition.server import AuthServer


@click.command("apply")
@click.option(
    "-f",
    "--file",
    "file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.toml",
    help="The configuration; files that it names are looked for beside it.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
@with_options
def apply(options: Options, *, file: Path, dry_run: bool) -> None:
    """Make everything as a file has it; what it does not name stays."""
    document = read_toml(file)
    with opened(options) as server:
        act = server.as_code.plan if dry_run else server.as_code.apply
        changes = act(document, files_beside(file))
    if options.as_json:
        listed = [
            {"section": change.section, "name": change.name, "action": change.action}
            for change in changes
        ]
        print_document({"dry_run": dry_run, "changes": listed})
        return
    print_table(
        ("SECTION", "NAME", "WOULD DO" if dry_run else "DONE"),
        [(change.section, change.name, change.action) for change in changes],
        "Everything is as the file has it.",
    )


@click.command("export")
@click.option(
    "--files",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write the logos and icons there, too.",
)
@with_options
def export(options: Options, *, folder: Path | None) -> None:
    """Print what is configured, as `apply` takes it; secrets stay here."""
    with opened(options) as server:
        document = server.as_code.export()
        if folder is not None:
            write_images(server, document, folder)
    if options.as_json:
        print_document(document)
    else:
        click.echo(toml_of(document), nl=False)


def read_toml(file: Path) -> dict[str, object]:
    """Return what a TOML file holds; anything else ends the command with a sentence."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except UnicodeDecodeError as fault:
        raise click.ClickException(f"{file} is not UTF-8.") from fault
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise click.ClickException(f"{file} is not TOML: {fault}") from fault


def files_beside(file: Path) -> "Files":
    """Return what finds the files that a configuration names."""

    def find(name: str) -> bytes | None:
        try:
            return (file.parent / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    return find


def write_images(server: "AuthServer", document: object, folder: Path) -> None:
    """Write the images that a document names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in images_in(document):
        image = server.brands.image(name)
        if image is not None:
            (folder / name).write_bytes(image.content)


def images_in(document: object) -> "Iterator[str]":
    """Yield the names of images, wherever they stand."""
    if not isinstance(document, dict):
        return
    for key, value in document.items():
        if key in IMAGES and isinstance(value, str):
            yield value
        else:
            yield from images_in(value)
