"""The command `authserver`: its groups, and the commands that care for the whole server."""

import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import click

from authserver.cli.account_changes import export_account, sign_out, update
from authserver.cli.accounts import accounts
from authserver.cli.api_resources import api_resources
from authserver.cli.as_code import apply, export
from authserver.cli.audit import audit
from authserver.cli.brand import brand
from authserver.cli.clients import clients
from authserver.cli.context import (
    Options,
    assembled,
    log_warnings_only,
    opened,
    settings_of,
    with_options,
)
from authserver.cli.demo import demo
from authserver.cli.logout_notices import logout_notices
from authserver.cli.mail import mail
from authserver.cli.mail_quota import provider_finding
from authserver.cli.output import print_document, print_table
from authserver.cli.roles import roles
from authserver.cli.serve import serve
from authserver.cli.sign_in_experience import sign_in_experience
from authserver.cli.signing_keys import signing_keys

if TYPE_CHECKING:
    from authserver.administration.findings import Finding
    from authserver.settings.sources import SettingLine


def print_version(ctx: click.Context, _: click.Parameter, value: object) -> None:
    """Print the version of the installed package; a checkout that is not installed has none."""
    if not value or ctx.resilient_parsing:
        return
    try:
        number = version("authserver")
    except PackageNotFoundError:
        number = "(a checkout that is not installed)"
    click.echo(f"authserver {number}")
    ctx.exit()


@click.group("authserver", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show the version and exit.",
)
def authserver() -> None:
    """Let people sign in to other applications with codes sent by e-mail."""


@authserver.command("migrate")
@click.option("--to", "revision", default="head", show_default=True, metavar="REV")
@click.option("--check", "only_checks", is_flag=True, help="Only tell; fail where it is behind.")
@with_options
def migrate(options: Options, *, revision: str, only_checks: bool) -> None:
    """Bring the schema of the database up to date."""
    from authserver.administration.diagnosis import schema_finding

    log_warnings_only()
    refuse_unknown(revision)
    with assembled(settings_of(options)) as server:
        preparation = server.preparation
        status = preparation.status() if only_checks else preparation.migrate(revision)
    finding = schema_finding(status)
    document = {
        "state": status.state,
        "revisions": list(status.revisions),
        "head": status.head,
        "up_to_date": status.can_serve,
    }
    options.report(document, finding.message)
    if only_checks and not status.can_serve:
        raise click.ClickException(finding.advice or finding.message)


def refuse_unknown(revision: str) -> None:
    """End the command where there is no such revision."""
    from authserver.settings.sources import packaged

    names = sorted(path.stem for path in packaged("migrations").glob("versions/[0-9]*.py"))
    known = [name.partition("_")[0] for name in names]
    if revision not in {"head", *known}:
        raise click.ClickException(
            f"There is no revision {revision!r}; there are {', '.join(known)} and head."
        )


@authserver.command("doctor")
@click.option("--ask-provider", is_flag=True, help="Ask Direct Mail, too, for quota and standing.")
@with_options
def doctor(options: Options, *, ask_provider: bool) -> None:
    """Look at settings, database, keys, clock, senders and proxies, and give advice."""
    from authserver.settings.sources import describe

    log_warnings_only()
    loaded = settings_of(options)
    with assembled(loaded) as server:
        findings = server.diagnosis.run()
        if ask_provider:
            findings.append(provider_finding(server))
    lines = describe(loaded)
    if options.as_json:
        document = {
            "ok": all(finding.ok for finding in findings),
            "findings": [asdict(finding) for finding in findings],
            "settings": [asdict(line) for line in lines],
        }
        print_document(document)
    else:
        print_findings(findings)
        print_chosen(lines)
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(1)


def print_findings(findings: "list[Finding]") -> None:
    """Print one line for each finding, and advice below it."""
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        click.echo(
            f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name.ljust(width)}  {finding.message}"
        )
        if finding.advice:
            click.echo(f"{' ' * (width + 8)}{finding.advice}")


def print_chosen(lines: "list[SettingLine]") -> None:
    """Print the settings that are not as they come; `--json` has all of them."""
    chosen = [line for line in lines if line.origin != "default"]
    if chosen:
        click.echo()
        print_table(
            ("SETTING", "VALUE", "FROM"),
            [(line.name, line.value, line.origin) for line in chosen],
            "",
        )


@authserver.command("prune")
@with_options
def prune(options: Options) -> None:
    """Delete what has expired; the server does it by itself, too."""
    with opened(options) as server:
        deleted = server.prune()
    if options.as_json:
        print_document(deleted)
        return
    print_table(
        ("DELETED", "ROWS"),
        [(name, str(count)) for name, count in deleted.items() if count],
        "There was nothing to delete.",
    )


for command in (
    serve,
    demo,
    clients,
    accounts,
    roles,
    api_resources,
    signing_keys,
    mail,
    brand,
    sign_in_experience,
    apply,
    export,
    audit,
):
    authserver.add_command(command)
clients.add_command(logout_notices)
for command in (update, sign_out, export_account):
    accounts.add_command(command)


def main() -> None:
    """Run the command line."""
    if any(not argument.isprintable() for argument in sys.argv[1:]):
        click.echo("Error: An argument holds control characters or is not UTF-8.", err=True)
        sys.exit(2)
    authserver(prog_name="authserver")
