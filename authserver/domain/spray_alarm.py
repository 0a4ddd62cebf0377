"""The alarm for guessing at many addresses, a little each: what raises it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from authserver.domain.limits import RollingWindow

PARTS_OF_WINDOW: Final = 5
SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Codes of strangers that were compared, and how many of them were wrong."""

    wrong: int
    evaluated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SprayRule:
    """So many wrong codes in a window, and such a share of all that were compared."""

    window: RollingWindow
    wrong: int
    ratio: float

    def is_reached(self, tally: Tally) -> bool:
        """Tell whether both numbers are reached."""
        return tally.wrong >= self.wrong and tally.wrong >= self.ratio * tally.evaluated


def fast_window(length: timedelta) -> RollingWindow:
    """Return the window of the fast alarm, kept in fifths of whole seconds."""
    return RollingWindow(length=length, part=-(-length // (PARTS_OF_WINDOW * SECOND)) * SECOND)
