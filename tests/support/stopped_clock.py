"""A clock that moves only when a test moves it."""

from datetime import UTC, datetime, timedelta

DEFAULT_START = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)


class StoppedClock:
    """Implements `Clock`; instants and intervals move together."""

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        self._start = start
        self._now = start

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def advance(self, step: timedelta) -> None:
        self._now += step
