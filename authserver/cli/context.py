"""What every command shares: its options, the assembled server, and plain words for mistakes."""

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from authserver.cli.output import print_document

if TYPE_CHECKING:
    from authserver.composition.server import AuthServer
    from authserver.settings.sources import Loaded

Member = TypeVar("Member", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Options:
    """What every command takes."""

    config_file: Path | None
    as_json: bool

    def report(self, document: Mapping[str, object], sentence: str) -> None:
        """Print the document for a script, the sentence for a person."""
        if self.as_json:
            print_document(document)
        else:
            click.echo(sentence)


class DurationType(click.ParamType[timedelta]):
    """A duration as settings have it, like `30d`."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the duration; what is none is wrong usage."""
        # Only few commands take a duration, and settings take long to import.
        from authserver.settings.fields import read_duration

        try:
            return read_duration(value)
        except (ValueError, OverflowError):
            self.fail("write a duration like 30s, 10m, 1h or 14d", param, ctx)


DURATION = DurationType()


class ChoiceOf(click.ParamType[Member]):
    """One member of an enumeration, by its value and in any case of letters."""

    name = "choice"

    def __init__(self, members: type[Member]) -> None:
        self._members = {str(member.value).lower(): member for member in members}

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Member:
        """Return the member; what is none is wrong usage."""
        member = self._members.get(str(value).lower())
        if member is None:
            self.fail(f"{value!r} is none of {', '.join(self.values())}", param, ctx)
        return member

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the values for the help."""
        return f"[{'|'.join(self.values())}]"

    def values(self) -> list[str]:
        """Return the values as they are written."""
        return [str(member.value) for member in self._members.values()]


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--json` and `--config`, and end with a sentence where the operator is mistaken."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
    @click.option(
        "--config",
        "config_file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Read settings from this file instead of authserver.toml.",
    )
    @functools.wraps(command)
    def run(*, as_json: bool, config_file: Path | None, **parameters: object) -> None:
        with explaining_mistakes():
            command(Options(config_file, as_json), **parameters)

    return run


@contextmanager
def explaining_mistakes() -> Iterator[None]:
    """End the command with a sentence and status 1 for what an operator can put right."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as fault:
        sentence = explanation(fault)
        if sentence is None:
            raise
        raise click.ClickException(sentence) from fault


def explanation(fault: Exception) -> str | None:
    """Return what to tell the operator about a fault, or None where the fault is ours."""
    # Whoever raised one of these has imported its module already.
    from authserver.administration.diagnosis import cause_of
    from authserver.administration.mistakes import OperatorMistake
    from authserver.crypto.key_ring import CannotOpen
    from authserver.domain.unavailable import ServiceUnavailable
    from authserver.settings.sources import SettingsInvalid

    # Only commands that ask a provider load what asks it.
    if type(fault).__name__ == "EnquiryFailed":
        return str(fault)
    match fault:
        case SettingsInvalid() | OperatorMistake():
            return "\n".join(fault.faults)
        case ServiceUnavailable():
            return f"The database does not answer: {cause_of(fault)}"
        case CannotOpen():
            words = str(fault)
            return f"{words[:1].upper()}{words[1:]}."
        case OSError(strerror=str(reason)):
            return f"{fault.filename}: {reason}" if fault.filename else reason
        case _:
            return driver_words(fault)


def driver_words(fault: Exception) -> str | None:
    """Return what the database driver says of a file that is no database, or cannot be written.

    Only storage knows the driver, so its exceptions are told by their names.
    """
    if type(fault).__name__ not in {"DatabaseError", "OperationalError"}:
        return None
    return f"The database cannot be used: {getattr(fault, 'orig', fault)}."


def settings_of(options: Options, **flags: object) -> "Loaded":
    """Return the settings in force; flags are named as in the environment."""
    from authserver.settings.sources import load

    return load(flags=flags, config_file=options.config_file)


@contextmanager
def assembled(loaded: "Loaded") -> Iterator["AuthServer"]:
    """Yield the server that the settings make, not prepared yet, and close it in the end."""
    from authserver.composition.server import assemble
    from authserver.domain.clock import SystemClock
    from authserver.domain.randomness import SystemRandomness

    server = assemble(loaded, SystemClock(), SystemRandomness())
    try:
        yield server
    finally:
        server.close()


@contextmanager
def opened(options: Options) -> Iterator["AuthServer"]:
    """Yield the server with its database and keys in order, as `serve` finds them."""
    log_warnings_only()
    with assembled(settings_of(options)) as server:
        server.prepare()
        yield server


@contextmanager
def untouched(options: Options) -> Iterator["AuthServer"]:
    """Yield the server over a database as it is; ends where that has another schema."""
    from authserver.administration.diagnosis import schema_finding

    log_warnings_only()
    with assembled(settings_of(options)) as server:
        status = server.preparation.status()
        if not status.can_serve:
            finding = schema_finding(status)
            raise click.ClickException(f"{finding.message}\n{finding.advice}")
        yield server


def log_warnings_only() -> None:
    """Keep events of every day out of what a command prints."""
    import logging

    logging.getLogger().setLevel(logging.WARNING)


def read_json_object(path: Path) -> dict[str, object]:
    """Return the JSON object in a file; anything else ends the command with a sentence."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror}") from fault
    except (ValueError, RecursionError) as fault:
        raise click.ClickException(f"{path} is not JSON: {fault}") from fault
    if not isinstance(document, dict):
        raise click.ClickException(f"{path} must hold one JSON object.")
    return document
