"""What an operator's mail template must and must not hold; all faults are found together."""

import difflib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from authserver.domain.emails import UsageType
from authserver.domain.mail_templates import (
    CODE_PLACEHOLDER,
    KNOWN_NAMES,
    PLACEHOLDER,
    TYPES_WITHOUT_CODE,
    OperatorTemplate,
    fill_line,
    is_known,
    placeholders,
)

MAX_SUBJECT_LENGTH: Final = 100
MAX_PART_OCTETS: Final = 60_000

# Types that imported lists may hold beside ours; no mail of ours ever asks for them.
FOREIGN_TYPES: Final = ("OrganizationInvitation", "BindMfa", "Test")
USAGE_TYPES: Final = (*(str(usage_type) for usage_type in UsageType), *FOREIGN_TYPES)
CODELESS_TYPES: Final = frozenset({*TYPES_WITHOUT_CODE, "OrganizationInvitation"})

FORBIDDEN_TAGS: Final = frozenset(
    [
        "applet",
        "base",
        "embed",
        "form",
        "frame",
        "frameset",
        "iframe",
        "input",
        "link",
        "meta",
        "object",
        "script",
    ]
)
ADDRESS_ATTRIBUTES: Final = frozenset({"src", "srcset", "background", "poster", "data"})
STYLE_IMPORT: Final = re.compile(r"@import|url\s*\(|expression\s*\(", re.IGNORECASE)

SAMPLE_VALUES: Final = {
    "code": "00000000",
    "minutes": "10",
    "brand.name": "Example",
    "host": "id.example.com",
    "locale": "en",
    "uiLocales": "en",
    "application.id": "example",
    "application.name": "Bookstore",
    "application.displayName": "Bookstore",
    "request.label": "4F7",
    "request.time": "14:03 UTC",
    "request.browser": "Firefox on Linux",
}


def template_faults(template: OperatorTemplate, origin: str | None = None) -> tuple[str, ...]:
    """Return every fault of `template` as a sentence that names the field.

    Links may lead to `origin` only; without one they are not judged.
    """
    return (
        *usage_type_faults(template.usage_type),
        *subject_faults(template.subject),
        *content_faults(template),
        *(html_faults(template.content, origin) if template.is_html else ()),
    )


def usage_type_faults(usage_type: str) -> Iterator[str]:
    """Yield a sentence where the type is none that a mail can have."""
    if usage_type not in USAGE_TYPES:
        yield f"usageType: {usage_type!r} is not known{nearest(usage_type, USAGE_TYPES)}"


def subject_faults(subject: str) -> Iterator[str]:
    """Yield sentences about an empty, long or multi-line subject and unknown names in it."""
    if not subject.strip():
        yield "subject: must not be empty"
    if "\n" in subject or "\r" in subject:
        yield "subject: must be one line"
    if len(fill_line(subject, SAMPLE_VALUES)) > MAX_SUBJECT_LENGTH:
        yield f"subject: must be at most {MAX_SUBJECT_LENGTH} characters once it is filled in"
    yield from unknown_names("subject", subject)


def content_faults(template: OperatorTemplate) -> Iterator[str]:
    """Yield sentences about an empty or large body, a missing code and unknown names."""
    content = template.content
    if not content.strip():
        yield "content: must not be empty"
    elif template.usage_type not in CODELESS_TYPES and CODE_PLACEHOLDER not in placeholders(
        content
    ):
        yield "content: must contain {{code}}, or the mail would bring no code"
    if len(content.encode()) > MAX_PART_OCTETS:
        yield f"content: must be at most {MAX_PART_OCTETS} bytes"
    for number, line in enumerate(content.splitlines(), start=1):
        yield from unknown_names(f"content, line {number}", line)


def unknown_names(place: str, text: str) -> Iterator[str]:
    """Yield a sentence for each placeholder that means nothing."""
    for name in placeholders(text):
        if not is_known(name):
            yield f"{place}: the placeholder {name!r} is not known{nearest(name, KNOWN_NAMES)}"


def nearest(name: str, known: tuple[str, ...]) -> str:
    """Return a hint at the known name that `name` most resembles, or nothing."""
    by_folded = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_folded, n=1)
    return f"; did you mean {by_folded[close[0]]!r}?" if close else ""


def html_faults(content: str, origin: str | None) -> list[str]:
    """Return sentences about markup that reaches elsewhere, tracks or runs."""
    reader = MarkupReader(origin)
    reader.feed(content)
    reader.close()
    return reader.faults


class MarkupReader(HTMLParser):
    """Notes, with its line, every piece of markup that a mail must not hold."""

    def __init__(self, origin: str | None) -> None:
        super().__init__(convert_charrefs=True)
        self.origin = origin
        self.faults: list[str] = []
        self.is_in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge one tag with its attributes."""
        self.is_in_style = tag == "style"
        if tag in FORBIDDEN_TAGS and not (tag == "meta" and is_harmless_meta(dict(attrs))):
            self.note(f"<{tag}> is not allowed")
        if PLACEHOLDER.search(self.get_starttag_text() or ""):
            self.note("a placeholder must not stand inside a tag")
        for name, value in attrs:
            self.judge_attribute(name, (value or "").strip())

    def judge_attribute(self, name: str, value: str) -> None:
        """Judge one attribute of the present tag."""
        if name.startswith("on"):
            self.note(f"the attribute {name!r} is not allowed")
        if name in ADDRESS_ATTRIBUTES and value:
            self.note("images and other files from elsewhere are not allowed")
        if name == "style" and STYLE_IMPORT.search(value):
            self.note("a style must not refer to an address")
        if name in {"href", "action", "xlink:href"} and not self.may_lead_to(value):
            self.note("a link must lead to the server's own address")

    def may_lead_to(self, target: str) -> bool:
        """Tell whether a link may stand in a mail."""
        if not target or target.startswith("#"):
            return True
        if self.origin is None:
            return urlsplit(target).scheme in {"http", "https"}
        wanted, own = urlsplit(target), urlsplit(self.origin)
        return (wanted.scheme, wanted.netloc) == (own.scheme, own.netloc)

    def handle_data(self, data: str) -> None:
        """Judge a style sheet."""
        if self.is_in_style and STYLE_IMPORT.search(data):
            self.note("a style must not refer to an address")

    def handle_endtag(self, tag: str) -> None:
        """Leave a style sheet."""
        if tag == "style":
            self.is_in_style = False

    def note(self, sentence: str) -> None:
        """Keep one fault with its line."""
        self.faults.append(f"content, line {self.getpos()[0]}: {sentence}")


def is_harmless_meta(attributes: dict[str, str | None]) -> bool:
    """Tell whether a meta tag only names charset, colour scheme or viewport."""
    return "http-equiv" not in attributes or (
        (attributes["http-equiv"] or "").lower() == "content-type"
    )
