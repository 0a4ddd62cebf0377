"""How the timelines of mails are printed."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from authserver.cli.output import instant, shown_instant
from authserver.domain.secret import fingerprint

if TYPE_CHECKING:
    from authserver.domain.delivery_reports import TimelineStep
    from authserver.domain.outgoing_mail import Attempt
    from authserver.storage.outgoing_mail import MailStory

REQUEST_LENGTH = 8


def attempt_document(attempt: "Attempt") -> dict[str, object]:
    """Return one try for JSON."""
    outcome = attempt.outcome
    return {
        "sender": attempt.sender,
        "started_at": instant(attempt.started_at),
        "seconds": attempt.duration.total_seconds(),
        "result": outcome.result,
        "provider_id": outcome.provider_id,
        "request_id": outcome.request_id,
        "status": outcome.status,
        "error_code": outcome.error_code,
    }


def story_document(story: "MailStory") -> dict[str, object]:
    """Return one mail, its tries and its timeline for JSON."""
    owed = story.mail
    return {
        "id": owed.id,
        "request": request_of(story),
        "to": owed.address,
        "usage_type": owed.usage_type,
        "locale": owed.locale,
        "state": owed.state,
        "standing": story.standing,
        "reason": owed.reason,
        "created_at": instant(owed.created_at),
        "finished_at": instant(owed.finished_at),
        "attempts": [attempt_document(attempt) for attempt in story.attempts],
        "timeline": [step_document(step) for step in story.timeline],
    }


def step_document(step: "TimelineStep") -> dict[str, object]:
    """Return one step of a timeline for JSON."""
    return {
        "name": step.name,
        "at": instant(step.at),
        "sender": step.sender,
        "try": step.attempt,
        "provider_id": step.provider_id,
        "detail": step.detail,
    }


def request_of(story: "MailStory") -> str:
    """Return what mails with the same code have in common; its own id is for nobody's eyes."""
    common = story.mail.verification_id or story.mail.id
    return fingerprint(f"request {common}").hex()[:REQUEST_LENGTH]


def grouped(stories: Sequence["MailStory"]) -> dict[str, list["MailStory"]]:
    """Return the mails by request, in the order of the first mail of each."""
    groups: dict[str, list[MailStory]] = {}
    for story in stories:
        groups.setdefault(request_of(story), []).append(story)
    return groups


def print_stories(stories: Sequence["MailStory"]) -> None:
    """Print the timelines, the mails with one code together."""
    if not stories:
        click.echo("There are no mails.")
    for number, (request, mails) in enumerate(grouped(stories).items()):
        if number:
            click.echo()
        for story in mails:
            owed = story.mail
            click.echo(f"{owed.usage_type} to {owed.address}, request {request}: {story.standing}")
            for line in lines_of(story):
                click.echo(line)


def lines_of(story: "MailStory") -> Iterator[str]:
    """Yield a line for each step of a mail."""
    for step in story.timeline:
        told = (
            step.sender,
            f"try {step.attempt}" if step.attempt else None,
            step.provider_id,
            step.detail,
        )
        extra = ", ".join(part for part in told if part)
        name = step.name if not extra else f"{step.name} ({extra})"
        yield f"  {shown_instant(step.at)}  {name}"
