"""`authserver mail`."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from authserver.cli.context import ChoiceOf, Options, opened, read_json_object, with_options
from authserver.cli.mail_log import attempt_document, print_stories, story_document
from authserver.cli.mail_suppressions import suppression
from authserver.cli.mail_templates import UNSAVED, preview, template, unsaved_template
from authserver.cli.output import print_document, print_table
from authserver.domain.emails import UsageType

if TYPE_CHECKING:
    from authserver.composition.server import AuthServer
    from authserver.domain.outgoing_mail import Attempt


@click.group("mail")
def mail() -> None:
    """Configure how mails leave, and see what became of them."""


@mail.command("configure")
@click.option(
    "--file",
    "file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="connector.json",
    help="The connector's JSON: sender, credentials and templates.",
)
@with_options
def configure(options: Options, *, file: Path) -> None:
    """Send through Aliyun Direct Mail from now on."""
    connector = read_json_object(file)
    with opened(options) as server:
        configuration = server.mail.configure(connector)
    document = {
        "sender": "aliyun",
        "account_name": connector["accountName"],
        "templates": [template.usage_type for template in configuration.templates],
        "in_force": not configuration.is_fixed,
    }
    sentence = f"Mails leave through {connector['accountName']} from now on."
    if configuration.is_fixed:
        sentence = (
            "Stored, but AUTHSERVER_MAIL__SENDERS names the senders of this server and wins: only "
            "the templates are in force."
        )
    options.report(document, sentence)


@mail.command("test")
@click.option("--to", required=True, metavar="EMAIL")
@click.option(
    "--usage-type", type=ChoiceOf(UsageType), default=UsageType.GENERIC, show_default=True
)
@click.option("--locale", default="en", show_default=True)
@UNSAVED
@with_options
def test(
    options: Options, *, to: str, usage_type: UsageType, locale: str, file: Path | None
) -> None:
    """Send a mail with the code 000000 and print what came of it."""
    # Only this command sends, hence waits.
    import anyio

    # The table tells more than these events, which nobody formats here.
    logging.getLogger("authserver.mail").addHandler(logging.NullHandler())
    with opened(options) as server:
        unsaved = unsaved_template(server, usage_type, locale, file)
        email = server.mail.test_email(to, usage_type, locale)
        attempts = anyio.run(server.hand_over.send_once, email, unsaved)
    is_accepted = bool(attempts) and attempts[-1].outcome.result == "accepted"
    if options.as_json:
        listed = [attempt_document(attempt) for attempt in attempts]
        print_document({"accepted": is_accepted, "attempts": listed})
    else:
        print_attempts(attempts)
    if not is_accepted:
        raise click.ClickException(
            "The mail was not accepted." if attempts else "No sender is configured."
        )


@mail.command("outbox")
@click.option("--to", metavar="EMAIL")
@with_options
def outbox(options: Options, *, to: str | None) -> None:
    """Show what the outbox sender kept."""
    # Here and not above: reading pulls in what composing and sending need.
    from authserver.mail.outbox_folder import read_outbox

    with opened(options) as server:
        folder = server.mail.configuration().outbox
    if folder is None:
        raise click.ClickException("The outbox sender is not in force: mails leave this machine.")
    mails = read_outbox(folder, to)
    if options.as_json:
        print_document(mails)
        return
    print_table(
        ("SENT", "TO", "CODE", "SUBJECT"),
        [
            (kept["sent_at"][:19], kept["to"], kept["code"] or "-", kept["subject"])
            for kept in mails
        ],
        "The outbox is empty.",
    )


@mail.command("log")
@click.option("--to", metavar="EMAIL")
@click.option(
    "--ask-provider", is_flag=True, help="Ask Direct Mail first what became of the mails --to."
)
@with_options
def log(options: Options, *, to: str | None, ask_provider: bool) -> None:
    """Show the newest mails and the whole story of each; never a code."""
    if ask_provider and to is None:
        raise click.UsageError("--ask-provider asks about one address: give --to, too.")
    with opened(options) as server:
        if ask_provider and to is not None:
            learn_fates(server, to)
        stories = server.mail.log(to)
    if options.as_json:
        print_document([story_document(story) for story in stories])
        return
    print_stories(stories)


def learn_fates(server: "AuthServer", to: str) -> None:
    """Add to the timelines what the provider says of the mails to an address."""
    import anyio

    from authserver.administration.mail_suppressions import required_address

    address = required_address(to)
    fates = anyio.run(server.enquiries.fates_of, address.typed)
    server.delivery_reports.note_fates(address, fates)


def print_attempts(attempts: "list[Attempt]") -> None:
    """Print what each sender answered."""
    print_table(
        ("SENDER", "OUTCOME", "PROVIDER'S ID", "ERROR", "TOOK"),
        [
            (
                attempt.sender,
                attempt.outcome.result,
                attempt.outcome.provider_id or "-",
                attempt.outcome.error_code or "-",
                f"{attempt.duration.total_seconds():.2f} s",
            )
            for attempt in attempts
        ],
        "Nobody tried to send.",
    )


for command in (suppression, template, preview):
    mail.add_command(command)
