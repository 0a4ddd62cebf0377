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
    MAILS_WITHOUT_ACCOUNT = "mails_without_account"
    NOTICES_OF_LONGER_CODES = "notices_of_longer_codes"
    REGISTRATIONS_OF_SOURCE = "registrations_of_source"
    REGISTRATIONS_OF_INSTANCE = "registrations_of_instance"
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

    @property
    def span(self) -> int:
        """Return how many parts before the running one are inside."""
        return -(-self.length // self.part)

    def part_of(self, now: datetime) -> int:
        """Return the number of the part that is running, counted since 1970."""
        return int(now.timestamp() // self.part.total_seconds())

    def oldest_part(self, now: datetime) -> int:
        """Return the number of the first part that is still inside."""
        return self.part_of(now) - self.span

    def inside(self, parts: Mapping[int, int], now: datetime) -> dict[int, int]:
        """Return the parts that the window has not left behind."""
        oldest = self.oldest_part(now)
        return {part: count for part, count in parts.items() if part >= oldest}

    def room(self, parts: Mapping[int, int], now: datetime, limit: int) -> int:
        """Return how many more events `limit` admits."""
        return max(0, limit - sum(self.inside(parts, now).values()))

    def charge(
        self, parts: Mapping[int, int], now: datetime, limit: int, events: int = 1
    ) -> dict[int, int] | None:
        """Return the parts with `events` more, or None where there is no room for them.

        The keys of `parts` are the numbers of parts since 1970, the values counts.
        """
        if self.room(parts, now, limit) < events:
            return None
        charged = self.inside(parts, now)
        current = self.part_of(now)
        charged[current] = charged.get(current, 0) + events
        return charged

    def wait(self, parts: Mapping[int, int], now: datetime, limit: int) -> timedelta:
        """Return how long it takes until fewer than `limit` events are inside."""
        seconds = self.part.total_seconds()
        inside = sorted(self.inside(parts, now).items())
        left = sum(count for _, count in inside)
        if left < limit:
            return timedelta(0)
        for part, count in inside:
            left -= count
            if left < limit:
                return timedelta(seconds=(part + self.span + 1) * seconds - now.timestamp())
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
