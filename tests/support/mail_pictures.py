"""Every mail as it is sent, to be looked at: each type, and what stretches it."""

import html
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from authserver.domain.emails import Email, UsageType
from authserver.domain.outgoing_mail import ComposedMail
from authserver.domain.secret import Secret
from authserver.mail.composer import Composer
from authserver.rendering import Renderer
from tests.support.known_randomness import KnownRandomness
from tests.support.stopped_clock import StoppedClock

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
LONGEST = {
    "brand": "The Library of the Old Town and its Villages",
    "application_name": "A Bookstore with a Name that Fills More than one Line",
    "to": "a.person.with.a.very.long.name@a-very-long-department.of.example.org",
}
DETAILS = {"new_address": "ada.lovelace@example.net", "browser": "Firefox on Linux"}
TEXT_PAGE = (
    '<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    '<body dir="auto"><pre style="white-space:pre-wrap;font-size:15px;margin:24px">{}</pre>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPicture:
    """A page of a browser that shows a mail, or one part of it."""

    name: str
    page: str


def mail_pictures(locale: str) -> Iterator[MailPicture]:
    """Yield every mail in one language: both parts of all types, and the extremes."""
    renderer = Renderer(TEMPLATES)
    for usage_type in UsageType:
        mail = composed(renderer, email(usage_type, locale))
        yield MailPicture(name=f"mail_{usage_type.name.lower()}-html", page=mail.html)
        yield MailPicture(name=f"mail_{usage_type.name.lower()}-text", page=as_page(mail))
    sign_in = email(UsageType.SIGN_IN, locale)
    base32 = replace(sign_in, code=Secret("4F7K2QXM9ABCD"))
    link = Secret("https://id.example.com/finish/k2m9x4/0123456789abcdefghijk")
    for name, each in (
        ("base32", base32),
        ("longest", replace(base32, **LONGEST)),  # type: ignore[arg-type]  # all of them are text
        ("link", replace(sign_in, link=link)),
    ):
        yield MailPicture(name=f"mail_sign_in-{name}", page=composed(renderer, each).html)
    quiet = composed(renderer, sign_in, code_in_subject=False)
    yield MailPicture(name="mail_sign_in-code_not_in_subject", page=as_page(quiet))


def email(usage_type: UsageType, locale: str) -> Email:
    """Return a mail of one type."""
    has_code = usage_type.carries_code
    return Email(
        usage_type=usage_type,
        to="ada@example.org",
        locale=locale,
        brand="Example ID",
        host="id.example.com",
        endpoint="https://id.example.com",
        application_id="bookstore",
        application_name="Bookstore",
        request_label="4F7",
        requested_at=datetime(2026, 11, 22, 14, 3, tzinfo=UTC),
        browser="Firefox on Linux",
        code=Secret("123456") if has_code else None,
        minutes=9 if has_code else None,
        details={} if has_code else DETAILS,
    )


def composed(renderer: Renderer, each: Email, *, code_in_subject: bool = True) -> ComposedMail:
    """Return a mail as it is handed over."""
    composer = Composer(
        renderer,
        KnownRandomness(),
        StoppedClock(),
        sender_host="id.example.com",
        code_in_subject=code_in_subject,
    )
    return composer.compose(each)


def as_page(mail: ComposedMail) -> str:
    """Return subject and text part as a page."""
    return TEXT_PAGE.format(html.escape(f"{mail.subject}\n\n{mail.text}"))
