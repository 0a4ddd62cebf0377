"""Colours of a brand, and whether what is written in them or on them can be read."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LEAST_CONTRAST: Final = 4.5
HEXADECIMAL: Final = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
CHANNEL_END: Final = 255
LINEAR_BELOW: Final = 0.04045
STEPS: Final = 256


@dataclass(frozen=True, slots=True)
class Colour:
    """An sRGB colour; channels from 0 to 255."""

    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """Return the relative luminance (WCAG 2.2), from 0 for black to 1 for white."""
        red, green, blue = map(linear, (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def mixed(self, other: "Colour", share: float) -> "Colour":
        """Return the colour with a share of another, from 0 to 1."""
        pairs = zip(self.channels, other.channels, strict=True)
        return Colour(*(round(own + (its - own) * share) for own, its in pairs))

    @property
    def channels(self) -> tuple[int, int, int]:
        """Return red, green and blue."""
        return self.red, self.green, self.blue


WHITE: Final = Colour(255, 255, 255)
BLACK: Final = Colour(0, 0, 0)


class Theme(StrEnum):
    """How a browser asks for pages (`prefers-color-scheme`)."""

    LIGHT = "light"
    DARK = "dark"


# Of the grounds of a theme the one on which its colours are hardest to read; see app.css.
GROUNDS: Final = {
    Theme.LIGHT: Colour(0xF5, 0xF6, 0xF8),
    Theme.DARK: Colour(0x21, 0x25, 0x2D),
}


def linear(channel: int) -> float:
    """Return how much light a channel stands for."""
    share = channel / CHANNEL_END
    if share <= LINEAR_BELOW:
        return share / 12.92
    bright: float = ((share + 0.055) / 1.055) ** 2.4
    return bright


def read_colour(text: str) -> Colour | None:
    """Return the colour of `#rrggbb` or `#rgb`, None for anything else."""
    match = HEXADECIMAL.fullmatch(text.strip())
    if match is None:
        return None
    digits = match[1]
    if len(digits) == len("rgb"):
        digits = "".join(digit * 2 for digit in digits)
    return Colour(*bytes.fromhex(digits))


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2), from 1 to 21."""
    darker, brighter = sorted((one.luminance, other.luminance))
    return (brighter + 0.05) / (darker + 0.05)


def is_readable(colour: Colour, theme: Theme) -> bool:
    """Tell whether links in this colour can be read on every ground of the theme."""
    return contrast(colour, GROUNDS[theme]) >= LEAST_CONTRAST


def nearest_readable(colour: Colour, theme: Theme) -> Colour:
    """Return the colour or, of the same hue, the next darker or brighter one to be read."""
    away = BLACK if theme is Theme.LIGHT else WHITE
    mixes = (colour.mixed(away, step / STEPS) for step in range(STEPS + 1))
    return next(mix for mix in mixes if is_readable(mix, theme))


def text_on(colour: Colour) -> Colour:
    """Return what to write in on a button of this colour."""
    return max((WHITE, BLACK), key=lambda text: contrast(text, colour))


def pressed(colour: Colour) -> Colour:
    """Return the colour of a button under the pointer: its text can be read even better."""
    return colour.mixed(BLACK if text_on(colour) == WHITE else WHITE, 0.14)
