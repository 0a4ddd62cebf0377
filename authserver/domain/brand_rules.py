"""What is asked of a brand before people see it."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from authserver.domain.branding import COLOURS, LINKS, Brand
from authserver.domain.clients import URI_SYMBOLS
from authserver.domain.colours import (
    GROUNDS,
    LEAST_CONTRAST,
    Theme,
    contrast,
    is_readable,
    nearest_readable,
    read_colour,
)
from authserver.domain.email_address import parse_email_address

LONGEST_NAME: Final = 40
LONGEST_LINK: Final = 2000
LARGEST_RADIUS: Final = 24
LONGEST_CSS: Final = 8000
COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
# Whatever makes a browser fetch or run something; with an escape its name could be hidden.
FORBIDDEN_IN_CSS: Final = (
    (
        "a URL",
        re.compile(
            r"\b(?:url|src|image|image-set|-webkit-image-set|cross-fade)\s*\(", re.IGNORECASE
        ),
    ),
    ("a URL", re.compile(r"\b(?:https?|data|javascript|vbscript|blob|file):|//", re.IGNORECASE)),
    (
        "an import",
        re.compile(r"@\s*(?:import|namespace|font-face|charset|document)", re.IGNORECASE),
    ),
    (
        "an expression",
        re.compile(r"\bexpression\s*\(|(?<![\w-])(?:behavior|-moz-binding)\s*:", re.IGNORECASE),
    ),
    ("a tag", re.compile(r"<")),
    ("an escape", re.compile(r"\\")),
    ("a control character", re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")),
)
THEMES: Final = {"color": Theme.LIGHT, "color_dark": Theme.DARK}


def brand_faults(brand: Brand) -> list[str]:
    """Return every fault of `brand` as a sentence; none where people can be shown it."""
    return [
        *name_faults(brand.name),
        *(fault for member in COLOURS for fault in colour_faults(member, getattr(brand, member))),
        *(fault for member in LINKS for fault in link_faults(member, getattr(brand, member))),
        *radius_faults(brand.radius),
        *css_faults(brand.custom_css),
    ]


def name_faults(name: str | None) -> Iterator[str]:
    """Yield a sentence where people could not be shown the name."""
    if name is None:
        return
    is_shown = name.isprintable() and name == name.strip()
    if not is_shown or not 1 <= len(name) <= LONGEST_NAME:
        yield f"The name must have 1 to {LONGEST_NAME} printable characters."


def colour_faults(member: str, text: str | None) -> Iterator[str]:
    """Yield a sentence for a colour that is none, or that cannot be read; the nearest is named."""
    if text is None:
        return
    colour, theme = read_colour(text), THEMES[member]
    if colour is None:
        yield f"{text!r} is no colour: write it like #2f5bd7."
    elif not is_readable(colour, theme):
        ratio = contrast(colour, GROUNDS[theme])
        yield (
            f"{colour} is hard to read on {theme} pages: its contrast is {ratio:.1f}:1, and "
            f"{LEAST_CONTRAST}:1 is the least. The nearest that passes is "
            f"{nearest_readable(colour, theme)}."
        )


def link_faults(member: str, link: str | None) -> Iterator[str]:
    """Yield a sentence for a link that is neither https nor mailto."""
    if link is not None and not is_link(link):
        yield (
            f"{member.replace('_', '-')} {link!r} cannot be linked to: "
            "write https://host/path or mailto:name@example.com."
        )


def is_link(link: str) -> bool:
    """Tell whether people can be led to `link`."""
    if len(link) > LONGEST_LINK or not URI_SYMBOLS.fullmatch(link):
        return False
    try:
        parts = urlsplit(link)
        has_port = parts.port != 0
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return parse_email_address(parts.path) is not None
    return parts.scheme == "https" and bool(parts.hostname) and has_port and "@" not in parts.netloc


def radius_faults(radius: int | None) -> Iterator[str]:
    """Yield a sentence where corners cannot be as round."""
    if radius is not None and not 0 <= radius <= LARGEST_RADIUS:
        yield f"The radius of corners is a number of pixels from 0 to {LARGEST_RADIUS}."


def css_faults(css: str | None) -> Iterator[str]:
    """Yield a sentence for each thing that a style sheet of an operator must not hold."""
    if css is None:
        return
    if len(css) > LONGEST_CSS:
        yield f"The custom CSS has {len(css)} characters; {LONGEST_CSS} are the most."
        return
    bare = COMMENT.sub(" ", css)
    for what, pattern in FORBIDDEN_IN_CSS:
        match = pattern.search(bare) or pattern.search(css)
        if match is not None:
            line = css.count("\n", 0, css.find(match[0])) + 1
            yield f"The custom CSS holds {what} in line {line}: {match[0]!r} cannot be used."
    if not is_closed(bare):
        yield "The custom CSS has a brace, a quotation mark or a comment that is not closed."


def is_closed(css: str) -> bool:
    """Tell whether what was opened is closed, so that nothing after it is swallowed."""
    without_texts = re.sub(r'"[^"\n]*"|\'[^\'\n]*\'', "", css)
    depth = 0
    for symbol in without_texts:
        depth += {"{": 1, "}": -1}.get(symbol, 0)
        if depth < 0:
            return False
    return depth == 0 and not re.search(r"[\"']|/\*|\*/", without_texts)
