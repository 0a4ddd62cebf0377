"""The style sheet of a brand: the one of every page, and after it what was chosen."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from authserver.domain.branding import Brand
from authserver.domain.colours import (
    Colour,
    Theme,
    nearest_readable,
    pressed,
    read_colour,
    text_on,
)

HASH_LENGTH: Final = 32
# Beside any colour of a brand, notes are neutral: see GROUNDS for what is hardest to read on.
NOTE_GROUNDS: Final = {Theme.LIGHT: "#f5f6f8", Theme.DARK: "#21252d"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A style sheet under the hash of what it holds."""

    content: str
    hash: str


def sheet_of(brand: Brand, common: str) -> Sheet:
    """Return the style sheet; `common` is what every page needs."""
    content = common + chosen_style(brand)
    return Sheet(content, sha256(content.encode()).hexdigest()[:HASH_LENGTH])


def chosen_style(brand: Brand) -> str:
    """Return what differs from the sheet of every page; a policy forbids styles in pages."""
    light = read_colour(brand.color or "")
    dark = read_colour(brand.color_dark or "")
    if dark is None and light is not None:
        dark = nearest_readable(light, Theme.DARK)
    parts = []
    if brand.radius is not None:
        parts.append(f":root{{--radius:{brand.radius}px}}")
    if light is not None:
        parts.append(f":root{{{properties(light, Theme.LIGHT)}}}")
    if dark is not None:
        properties_of_dark = properties(dark, Theme.DARK)
        parts.append(f"@media(prefers-color-scheme:dark){{:root{{{properties_of_dark}}}}}")
    return "\n".join(["", *parts, brand.custom_css or ""]) if parts or brand.custom_css else ""


def properties(colour: Colour, theme: Theme) -> str:
    """Return the custom properties that a main colour decides."""
    chosen = {
        "accent": colour,
        "accent-strong": pressed(colour),
        "on-accent": text_on(colour),
        "link": colour,
        "note-line": colour,
        "note-ground": NOTE_GROUNDS[theme],
    }
    return ";".join(f"--{name}:{value}" for name, value in chosen.items())
