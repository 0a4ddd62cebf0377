"""Turns an e-mail, a typed value, into subject, text and HTML."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Final

from authserver.domain.clock import Clock
from authserver.domain.emails import Email
from authserver.domain.mail_template_rules import MAX_SUBJECT_LENGTH
from authserver.domain.mail_templates import (
    OperatorTemplate,
    choose_template,
    fill_html,
    fill_line,
    fill_text,
    one_line,
    text_of_html,
)
from authserver.domain.outgoing_mail import ComposedMail, message_token
from authserver.domain.randomness import Randomness, new_identifier
from authserver.rendering import Renderer

ELLIPSIS: Final = "…"
TEST_MARK: Final = "[Test]"
LONGEST_NAME: Final = 60
SHORTEST_NAME: Final = 8
# Thirteen base32 symbols are read in groups; digits stand as one string.
GROUPED_CODE: Final = re.compile(r"(\w{4})(\w{4})(\w{5})")


class Composer:
    """Composes in the language of the page that asked, from the operator's template or ours."""

    def __init__(
        self,
        renderer: Renderer,
        randomness: Randomness,
        clock: Clock,
        *,
        sender_host: str,
        code_in_subject: bool,
        fallback_language: str = "en",
    ) -> None:
        self._renderer = renderer
        self._randomness = randomness
        self._clock = clock
        self._sender_host = sender_host
        self._code_in_subject = code_in_subject
        self._fallback_language = fallback_language

    def compose(
        self,
        email: Email,
        templates: Sequence[OperatorTemplate] = (),
        *,
        message_key: str | None = None,
    ) -> ComposedMail:
        """Return the mail ready to be handed over.

        The same `message_key` (the id of the outgoing mail) gives the same `Message-ID`, so
        that a duplicate after a crash can be folded away; without one it is random.
        """
        template = choose_template(
            templates, email.usage_type, email.locale, self._fallback_language
        )
        locale = email.locale
        if template is None:
            subject, text, page = self._built_in(email)
        else:
            locale = template.language or self._fallback_language
            subject, text, page = self._from_template(email, template, locale)
        if email.is_test:
            subject = f"{TEST_MARK} {subject}"
        return ComposedMail(
            message_id=self._message_id(message_key),
            to=email.to,
            subject=shorten(one_line(subject), MAX_SUBJECT_LENGTH),
            text=text,
            html=page,
            locale=locale,
            usage_type=email.usage_type,
            created_at=self._clock.now(),
            code=email.code,
        )

    def subject_to_look_for(self, email: Email, templates: Sequence[OperatorTemplate] = ()) -> str:
        """Return the subject under which the mail stands in the mailbox, its code as given."""
        template = choose_template(
            templates, email.usage_type, email.locale, self._fallback_language
        )
        if template is not None:
            subject = fill_line(template.subject, placeholder_values(email))
        else:
            folder = f"emails/{email.usage_type.name.lower()}"
            subject = self._subject(folder, email.locale, self._context(email))
        return shorten(one_line(subject), MAX_SUBJECT_LENGTH)

    def _message_id(self, message_key: str | None) -> str:
        if message_key is None:
            token = new_identifier(self._randomness)
        else:
            token = message_token(message_key)
        return f"<{token}@{self._sender_host}>"

    def _built_in(self, email: Email) -> tuple[str, str, str]:
        folder = f"emails/{email.usage_type.name.lower()}"
        context = self._context(email)
        subject = self._subject(folder, email.locale, context)
        text = self._renderer.render(f"{folder}/body.txt", email.locale, context)
        page = self._renderer.render(
            f"{folder}/body.html", email.locale, context | {"subject": subject}
        )
        return subject, text.strip("\n") + "\n", page

    def _subject(self, folder: str, locale: str, context: Mapping[str, object]) -> str:
        """Return the built-in subject; a long name is shortened before the sentence is cut."""
        longest = LONGEST_NAME
        while True:
            names = {"brand": shorten(str(context["brand"]), longest)}
            subject = self._renderer.render(f"{folder}/subject.txt", locale, {**context, **names})
            subject = one_line(subject)
            excess = len(subject) - MAX_SUBJECT_LENGTH
            if excess <= 0 or longest == SHORTEST_NAME:
                return shorten(subject, MAX_SUBJECT_LENGTH)
            longest = max(SHORTEST_NAME, min(longest, len(names["brand"])) - excess)

    def _from_template(
        self, email: Email, template: OperatorTemplate, locale: str
    ) -> tuple[str, str, str]:
        values = placeholder_values(email)
        subject = fill_line(template.subject, values)
        if template.is_html:
            page = fill_html(template.content, values)
            return subject, text_of_html(page), page
        content = template.content.replace("\r\n", "\n")
        text = fill_text(content, values).strip("\n") + "\n"
        context = {
            "subject": subject,
            "text": text,
            "language": locale,
            "accent": email.accent,
            "link": "",
            "code_in_subject": self._code_in_subject,
        }
        return subject, text, self._renderer.render("emails/_operator_text.html", locale, context)

    def _context(self, email: Email) -> dict[str, object]:
        brand = one_line(email.brand)
        application = one_line(email.application_name)
        return {
            "code": shown_code(email),
            "compact_code": compact_code(email),
            "code_in_subject": self._code_in_subject,
            "link": email.link.reveal() if email.link else "",
            "minutes": email.minutes or 0,
            "brand": brand,
            "accent": email.accent,
            "support": one_line(email.support),
            "host": email.host,
            "endpoint": email.endpoint,
            # The server's own pages are named by the brand alone.
            "application": "" if application == brand else application,
            "browser": one_line(email.browser),
            "request_time": request_time(email),
            "request_label": one_line(email.request_label),
            "request_day": email.requested_at,
            "details": {name: one_line(value) for name, value in email.details.items()},
        }


def placeholder_values(email: Email) -> dict[str, str]:
    """Return what an operator's placeholders stand for; a name without a value is left out."""
    return {
        "code": shown_code(email),
        "minutes": "" if email.minutes is None else str(email.minutes),
        "brand.name": email.brand,
        "host": email.host,
        "link": email.link.reveal() if email.link else "",
        "locale": email.locale,
        "uiLocales": email.locale,
        "application.id": email.application_id,
        "application.name": email.application_name,
        "application.displayName": email.application_name,
        "request.label": email.request_label,
        "request.time": request_time(email),
        "request.browser": email.browser,
        **{f"user.{name}": value for name, value in email.user.items()},
    }


def compact_code(email: Email) -> str:
    """Return the code without separators, empty where the mail carries none."""
    return email.code.reveal().replace("-", "") if email.code else ""


def shown_code(email: Email) -> str:
    """Return the code as people see it: base32 in groups, digits as they are."""
    return GROUPED_CODE.sub(r"\1-\2-\3", compact_code(email))


def request_time(email: Email) -> str:
    """Return when the mail was asked for; the reader's time zone is unknown."""
    return f"{email.requested_at.astimezone(UTC):%H:%M} UTC"


def shorten(text: str, length: int) -> str:
    """Return `text` cut to `length` characters, the last of them an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + ELLIPSIS
