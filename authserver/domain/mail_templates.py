"""Operator's mail templates: which one serves a mail, and how its placeholders are filled."""

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from authserver.domain.emails import CODE_TYPES, UsageType

PLACEHOLDER: Final = re.compile(r"\{\{\s*([A-Za-z][A-Za-z0-9_.]*)\s*\}\}")
TAG: Final = re.compile(
    r"<(?:!--|/?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*|/)?>|!doctype\b)", re.IGNORECASE
)
CODE_PLACEHOLDER: Final = "code"

# What a template may name; `inviter` and the like come with imported lists and stay empty, and so
# does `link` unless mails have one.
KNOWN_NAMES: Final = (
    "code",
    "minutes",
    "brand.name",
    "host",
    "locale",
    "uiLocales",
    "link",
    "application.id",
    "application.name",
    "application.displayName",
    "request.label",
    "request.time",
    "request.browser",
    "request.place",
    "user.id",
    "user.name",
    "user.username",
    "user.primaryEmail",
    "user.primaryPhone",
    "user.avatar",
)
KNOWN_FAMILIES: Final = ("application.branding.", "organization.", "inviter.", "user.profile.")
KNOWN_ROOTS: Final = frozenset(name.partition(".")[0] for name in (*KNOWN_NAMES, *KNOWN_FAMILIES))

# A mail without a code never falls back to `Generic`, which exists to show one.
TYPES_WITHOUT_CODE: Final = frozenset(set(UsageType) - CODE_TYPES)

BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "div",
        "dl",
        "dd",
        "dt",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
UNSEEN: Final = frozenset({"head", "script", "style", "title", "template"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorTemplate:
    """One template of the operator; without a language it counts as the fallback language's."""

    usage_type: str
    subject: str
    content: str
    language: str | None = None

    @property
    def is_html(self) -> bool:
        """Tell whether the content holds tags; otherwise it is plain text."""
        return has_tags(self.content)


def has_tags(content: str) -> bool:
    """Tell whether `content` is HTML rather than plain text."""
    return TAG.search(content) is not None


def choose_template(
    templates: Sequence[OperatorTemplate],
    usage_type: UsageType,
    locale: str,
    fallback_language: str = "en",
) -> OperatorTemplate | None:
    """Return the operator's template for a mail, or None where the built-in one serves.

    Order: exact type in the mail's language, exact type in the fallback language, then
    `Generic` likewise. A base language (`zh`) serves its regions (`zh-CN`).
    """
    types = [str(usage_type)]
    if usage_type not in TYPES_WITHOUT_CODE:
        types.append(UsageType.GENERIC)
    for wanted_type in types:
        of_type = [template for template in templates if template.usage_type == wanted_type]
        for language in languages_to_try(locale, fallback_language):
            for template in of_type:
                if (template.language or fallback_language).lower() == language:
                    return template
    return None


def languages_to_try(locale: str, fallback_language: str) -> Iterator[str]:
    """Yield language tags in lower case: the mail's, its base, the fallback, its base."""
    for tag in (locale, fallback_language):
        yield tag.lower()
        yield tag.lower().partition("-")[0]


def is_known(name: str) -> bool:
    """Tell whether a template may name this placeholder."""
    return name in KNOWN_NAMES or name.startswith(KNOWN_FAMILIES)


def placeholders(text: str) -> list[str]:
    """Return the names of all placeholders of `text`, in order."""
    return PLACEHOLDER.findall(text)


def fill_line(text: str, values: Mapping[str, str]) -> str:
    """Fill a subject or another single line; values lose control characters and line breaks."""
    return one_line(fill(text, {name: one_line(value) for name, value in values.items()}))


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Fill a plain-text body; values lose control characters and line breaks."""
    return fill(text, {name: one_line(value) for name, value in values.items()})


def fill_html(text: str, values: Mapping[str, str]) -> str:
    """Fill an HTML body; values are escaped, so that none of them can become markup."""
    return fill(text, {name: html.escape(one_line(value)) for name, value in values.items()})


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace placeholders in a single pass; what a value holds is never looked at again.

    A known name without a value becomes empty; a name of an unknown family stays as it is.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name.partition(".")[0] not in KNOWN_ROOTS:
            return match.group(0)
        return values.get(name, "")

    return PLACEHOLDER.sub(value_of, text)


def one_line(text: str) -> str:
    """Return `text` on one line, without control, format-override and unassigned characters."""
    visible = (" " if is_break(symbol) else symbol for symbol in text)
    kept = "".join(symbol for symbol in visible if not is_unsafe(symbol))
    return " ".join(kept.split(" ")).strip()


def is_break(symbol: str) -> bool:
    """Tell whether a character ends a line or advances to a column."""
    return symbol in "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"


def is_unsafe(symbol: str) -> bool:
    """Tell whether a character must not reach a header: controls, bidi overrides, surrogates."""
    return unicodedata.category(symbol) in {"Cc", "Cs"} or symbol in "\u202a\u202b\u202d\u202e"


def text_of_html(content: str) -> str:
    """Return the text that a reader of the HTML `content` sees, one block per line."""
    reader = TextReader()
    reader.feed(content)
    reader.close()
    return reader.text()


class TextReader(HTMLParser):
    """Collects visible text and the targets of links."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.unseen_depth = 0
        self.link_target: str | None = None
        self.link_start = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where a block begins; remember where a link points."""
        if tag in UNSEEN:
            self.unseen_depth += 1
        elif tag == "br":
            self.pieces.append("\n")
        elif tag in BLOCKS:
            self.pieces.append("\n\n" if tag == "p" else "\n")
        elif tag == "td":
            self.pieces.append(" ")
        elif tag == "a":
            self.link_target, self.link_start = dict(attrs).get("href"), len(self.pieces)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Treat `<br/>` as `<br>`; other self-closing tags hold no text."""
        if tag not in UNSEEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """End a line where a block ends; write out the target of a link after its text."""
        if tag in UNSEEN:
            self.unseen_depth = max(0, self.unseen_depth - 1)
        elif tag in BLOCKS:
            self.pieces.append("\n\n" if tag == "p" else "\n")
        elif tag == "a" and self.link_target:
            shown = "".join(self.pieces[self.link_start :]).strip()
            if shown != self.link_target:
                self.pieces.append(f" ({self.link_target})")
            self.link_target = None

    def handle_data(self, data: str) -> None:
        """Keep visible text with its white space folded."""
        if not self.unseen_depth:
            self.pieces.append(re.sub(r"[ \t\r\n\f]+", " ", data))

    def text(self) -> str:
        """Return the collected text: trimmed lines, at most one blank line in a row."""
        lines = (" ".join(line.split()) for line in "".join(self.pieces).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
