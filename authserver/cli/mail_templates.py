"""`authserver mail template` and `authserver mail preview`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from authserver.cli.context import ChoiceOf, Options, opened, read_json_object, with_options
from authserver.cli.output import instant, print_document, print_table, shown_instant
from authserver.domain.emails import UsageType

if TYPE_CHECKING:
    from authserver.administration.mail_templates import TemplateVersion
    from authserver.composition.server import AuthServer
    from authserver.domain.mail_templates import OperatorTemplate

FILE = click.Path(dir_okay=False, path_type=Path)
UNSAVED = click.option(
    "--file",
    "file",
    type=FILE,
    metavar="FILE.json",
    help='A template that is not stored: {"subject": "…", "content": "…"}.',
)


def addressed(command: Callable[..., None]) -> Callable[..., None]:
    """Add the two options that name a template."""
    command = click.option("--locale", required=True, metavar="TAG", help="Like en or zh-CN.")(
        command
    )
    return click.option("--usage-type", required=True, metavar="TYPE", help="Like SignIn.")(command)


@click.group("template")
def template() -> None:
    """Templates of your own, one for a type of mail and a language; the rest is built in."""


@template.command("list")
@with_options
def list_templates(options: Options) -> None:
    """Show which templates there are; those of the connector come after them."""
    with opened(options) as server:
        found = server.templates.list()
    if options.as_json:
        print_document([document_of(each) for each in found])
        return
    print_table(
        ("TYPE", "LANGUAGE", "SUBJECT", "VERSION", "CHANGED"),
        [
            (
                each.template.usage_type,
                each.template.language or "",
                each.template.subject,
                str(each.version),
                shown_instant(each.changed_at),
            )
            for each in found
            if each.template
        ],
        "There are no templates of your own: every mail is as it comes.",
    )


@template.command("show")
@addressed
@with_options
def show(options: Options, *, usage_type: str, locale: str) -> None:
    """Show one template."""
    with opened(options) as server:
        found = server.templates.show(usage_type, locale)
    subject, content = (
        (found.template.subject, found.template.content) if found.template else ("",) * 2
    )
    options.report(document_of(found), f"{subject}\n\n{content}")


@template.command("set")
@addressed
@click.option(
    "--file",
    "file",
    required=True,
    type=FILE,
    metavar="FILE.json",
    help='{"subject": "…", "content": "…"}; all faults are named together.',
)
@with_options
def set_template(options: Options, *, usage_type: str, locale: str, file: Path) -> None:
    """Store a template; it is in force at once."""
    document = read_json_object(file) | {"usageType": usage_type, "language": locale}
    with opened(options) as server:
        server.templates.set(document)
        stored = server.templates.show(usage_type, locale)
    options.report(document_of(stored), f"Version {stored.version} is in force.")


@template.command("remove")
@addressed
@with_options
def remove(options: Options, *, usage_type: str, locale: str) -> None:
    """Let such mails be as they come; `undo` brings the template back."""
    with opened(options) as server:
        server.templates.remove(usage_type, locale)
    options.report({"removed": True}, f"{usage_type} in {locale} is as it comes from now on.")


@template.command("history")
@addressed
@with_options
def history(options: Options, *, usage_type: str, locale: str) -> None:
    """Show the versions of a template, newest first."""
    with opened(options) as server:
        versions = server.templates.history(usage_type, locale)
    if options.as_json:
        print_document([document_of(each) for each in versions])
        return
    print_table(
        ("VERSION", "CHANGED", "BY", "SUBJECT"),
        [
            (
                str(each.version),
                shown_instant(each.changed_at),
                each.changed_by,
                each.template.subject if each.template else "(removed)",
            )
            for each in versions
        ],
        "No such template was stored yet.",
    )


@template.command("undo")
@addressed
@click.option("--to", "version", type=int, metavar="VERSION", help="Else the last but one.")
@with_options
def undo(options: Options, *, usage_type: str, locale: str, version: int | None) -> None:
    """Store an earlier version again."""
    with opened(options) as server:
        restored = server.templates.undo(usage_type, locale, to=version)
    sentence = "The built-in mail is in force." if restored is None else restored.subject
    options.report({"subject": restored and restored.subject}, sentence)


@click.command("preview")
@click.option("--usage-type", required=True, type=ChoiceOf(UsageType))
@click.option("--locale", default="en", show_default=True)
@UNSAVED
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write subject.txt, body.txt and body.html there instead of printing.",
)
@with_options
def preview(
    options: Options, *, usage_type: UsageType, locale: str, file: Path | None, out: Path | None
) -> None:
    """Show a mail with sample values, and send nothing."""
    # Composing waits for a look at the configuration.
    import anyio

    with opened(options) as server:
        unsaved = unsaved_template(server, usage_type, locale, file)
        email = server.mail.sample_email(usage_type, locale)
        mail = anyio.run(server.hand_over.compose, email, unsaved)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in (
            ("subject.txt", mail.subject + "\n"),
            ("body.txt", mail.text),
            ("body.html", mail.html),
        ):
            (out / name).write_text(content, encoding="utf-8")
    document = {"subject": mail.subject, "text": mail.text, "html": mail.html}
    sentence = f"{mail.subject}\n\n{mail.text}\n{mail.html}"
    options.report(document, sentence if out is None else f"Written to {out}.")


def unsaved_template(
    server: "AuthServer", usage_type: str, locale: str, file: Path | None
) -> "list[OperatorTemplate]":
    """Return the template of a file, checked as if it were to be stored; none without a file."""
    if file is None:
        return []
    document = read_json_object(file) | {"usageType": str(usage_type), "language": locale}
    return [server.templates.judge(document)]


def document_of(each: "TemplateVersion") -> dict[str, object]:
    """Return one version for JSON; a removed one has neither subject nor content."""
    found = each.template
    return {
        "usage_type": found and found.usage_type,
        "language": found and found.language,
        "subject": found and found.subject,
        "content": found and found.content,
        "version": each.version,
        "changed_by": each.changed_by,
        "changed_at": instant(each.changed_at),
    }
