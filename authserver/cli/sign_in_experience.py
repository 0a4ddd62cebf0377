"""`authserver sign-in-experience`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from authserver.cli.context import ChoiceOf, Options, opened, with_options
from authserver.cli.output import (
    instant,
    print_document,
    print_facts,
    print_table,
    shown_instant,
    yes_or_no,
)
from authserver.domain.sign_in_experience import (
    SignInExperience,
    SignInMethod,
    SignInMode,
    TermsPolicy,
)

if TYPE_CHECKING:
    from authserver.administration.sign_in_experience import ExperienceVersion

FOLLOWS: Final = "every page and mail follows within a second"
REGISTRATION: Final = {"open": SignInMode.SIGN_IN_AND_REGISTER, "closed": SignInMode.SIGN_IN}


@click.group("sign-in-experience")
def sign_in_experience() -> None:
    """Who may register, by what people sign in, and what sign-up asks for."""


@sign_in_experience.command("show")
@with_options
def show(options: Options) -> None:
    """Show what is in force."""
    with opened(options) as server:
        found = server.experience.show()
    if options.as_json:
        print_document(found.document())
    else:
        print_facts(facts_of(found))


@sign_in_experience.command("set")
@click.option(
    "--registration", type=click.Choice(list(REGISTRATION)), help="Whether strangers may register."
)
@click.option(
    "--method",
    "methods",
    type=ChoiceOf(SignInMethod),
    multiple=True,
    help="What signs in; given twice, the first one is offered first.",
)
@click.option(
    "--create-password/--no-create-password",
    "creates_password",
    default=None,
    help="Whether sign-up asks for a password.",
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="ENTRY",
    help="Who may register: example.com, *.example.com or an address. Replaces the list.",
)
@click.option("--allow-all", is_flag=True, help="Empty that list: then all may register.")
@click.option(
    "--block", "blocked", multiple=True, metavar="ENTRY", help="Who may not. Replaces the list."
)
@click.option("--block-none", is_flag=True, help="Empty that list.")
@click.option(
    "--terms-tick/--no-terms-tick",
    "terms_tick",
    default=None,
    help="Whether sign-up asks to tick that one agrees to the terms.",
)
@with_options
def set_experience(options: Options, **given: object) -> None:
    """Choose what is named, and keep the rest; all faults are told together."""
    changes = changes_of(given)
    if not changes:
        raise click.UsageError("Name something to choose; --help shows what there is.")
    with opened(options) as server:
        chosen = server.experience.set(changes)
    report(options, chosen, f"Chosen; {FOLLOWS}.")


@sign_in_experience.command("history")
@with_options
def history(options: Options) -> None:
    """Show what was chosen so far, newest first."""
    with opened(options) as server:
        versions = server.experience.history()
    if options.as_json:
        print_document([version_document(version) for version in versions])
        return
    print_table(
        ("VERSION", "WHEN", "BY", "REGISTRATION", "METHODS"),
        [
            (
                str(version.version),
                shown_instant(version.changed_at),
                version.changed_by,
                facts_of(version.experience)["registration"],
                ", ".join(version.experience.methods),
            )
            for version in versions
        ],
        "Nothing was chosen yet.",
    )


@sign_in_experience.command("undo")
@click.option("--to", type=int, metavar="VERSION", help="Default: the last but one.")
@with_options
def undo(options: Options, *, to: int | None) -> None:
    """Choose again what an earlier version has; this is a new version, too."""
    with opened(options) as server:
        found = server.experience.undo(to=to)
    report(options, found, f"Chosen again; {FOLLOWS}.")


def changes_of(given: dict[str, object]) -> dict[str, object]:
    """Return the named options as a document."""
    changes: dict[str, object] = {}
    registration, methods = given["registration"], given["methods"]
    if isinstance(registration, str):
        changes["signInMode"] = REGISTRATION[registration].value
    if isinstance(methods, tuple) and methods:
        changes["signIn"] = {"methods": [method_document(methods)]}
    if given["creates_password"] is not None:
        changes["signUp"] = {"password": given["creates_password"]}
    if given["terms_tick"] is not None:
        policy = TermsPolicy.MANUAL_REGISTRATION_ONLY
        changes["agreeToTermsPolicy"] = (
            policy if given["terms_tick"] else TermsPolicy.AUTOMATIC
        ).value
    lists = {
        "customAllowlist": chosen_list(given["allowed"], empty=given["allow_all"]),
        "customBlocklist": chosen_list(given["blocked"], empty=given["block_none"]),
    }
    named = {name: entries for name, entries in lists.items() if entries is not None}
    return {**changes, **({"emailBlocklistPolicy": named} if named else {})}


def method_document(methods: Sequence[SignInMethod]) -> dict[str, object]:
    """Return the methods of the one identifier there is."""
    return {
        "identifier": "email",
        "verificationCode": SignInMethod.CODE in methods,
        "password": SignInMethod.PASSWORD in methods,
        "isPasswordPrimary": methods[0] is SignInMethod.PASSWORD,
    }


def chosen_list(entries: object, *, empty: object) -> list[str] | None:
    """Return the entries of a list that was named, or None where it was not."""
    if empty:
        return []
    return [str(entry) for entry in entries] if isinstance(entries, tuple) and entries else None


def report(options: Options, found: SignInExperience, sentence: str) -> None:
    """Print the document for a script; for a person the sentence, and the choices below it."""
    options.report(found.document(), sentence)
    if not options.as_json:
        print_facts(facts_of(found))


def facts_of(found: SignInExperience) -> dict[str, str]:
    """Return the choices for people."""
    return {
        "registration": "open" if found.is_registration_open else "closed",
        "methods": ", ".join(found.methods),
        "create-password": yes_or_no(found.creates_password),
        "allow": ", ".join(found.allowed) or "all",
        "block": ", ".join(found.blocked) or "none",
        "terms-tick": yes_or_no(found.terms_are_ticked),
    }


def version_document(version: "ExperienceVersion") -> dict[str, object]:
    """Return one version for JSON."""
    return {
        "version": version.version,
        "changed_at": instant(version.changed_at),
        "changed_by": version.changed_by,
        "experience": version.experience.document(),
    }
