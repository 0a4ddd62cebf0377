"""Limits over rolling windows: how many of something may happen in how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class LimitKind(StrEnum):
    """What a counter counts; its key names whom it counts for."""

    STARTS_OF_SOURCE = "starts_of_source"
    MAILS_TO_ADDRESS = "mails_to_address"
    MAILS_OF_SOURCE_TO_ADDRESS = "mails_of_source_to_address"
    MAILS_OF_INSTANCE = "mails_of_instance"
    TEST_MAILS = "test_mails"
    QUOTA_ENQUIRIES = "quota_enquiries"
    QUOTA_ALARMS = "quota_alarms"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingWindow:
    """A window that moves with time, kept in parts so that it forgets gradually.

    It is never shorter than `length`, and at most one part longer.
    """

    length: timedelta
    part: timedelta

    def charge(self, parts: Mapping[int, int], now: datetime, limit: int) -> dict[int, int] | None:
        """Return the parts with one event more, or None where `limit` events are inside already.

        The keys of `parts` are the numbers of parts since 1970, the values counts.
        """
        current = int(now.timestamp() // self.part.total_seconds())
        oldest = current - int(self.length / self.part)
        inside = {part: count for part, count in parts.items() if part >= oldest}
        if sum(inside.values()) >= limit:
            return None
        inside[current] = inside.get(current, 0) + 1
        return inside

    def wait(self, parts: Mapping[int, int], now: datetime, limit: int) -> timedelta:
        """Return how long it takes until fewer than `limit` events are inside."""
        seconds = self.part.total_seconds()
        current = int(now.timestamp() // seconds)
        span = int(self.length / self.part)
        inside = sorted((part, count) for part, count in parts.items() if part >= current - span)
        left = sum(count for _, count in inside)
        for part, count in inside:
            left -= count
            if left < limit:
                return timedelta(seconds=(part + span + 1) * seconds - now.timestamp())
        return timedelta(0)


DAY: Final = RollingWindow(length=timedelta(hours=24), part=timedelta(hours=1))
HOUR: Final = RollingWindow(length=timedelta(hours=1), part=timedelta(minutes=5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit as a sentence: at most `most` events of `kind` for `key` within `window`."""

    kind: LimitKind
    key: str
    most: int
    window: RollingWindow
