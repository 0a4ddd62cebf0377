"""A coarse cap on requests per source, in memory, before anything is read or written."""

import threading
from datetime import timedelta
from typing import Final

from authserver.domain.clock import Clock

WINDOW: Final = timedelta(minutes=1)
MOST_SOURCES: Final = 50_000


class FloodGuard:
    """Counts requests of each source within the present minute, per process."""

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._minute = 0.0
        self._counts: dict[str, int] = {}

    def admits(self, source: str) -> bool:
        """Count one request of `source`; False once it had its share of this minute."""
        minute = self._clock.monotonic() // WINDOW.total_seconds()
        with self._lock:
            if minute != self._minute or len(self._counts) >= MOST_SOURCES:
                self._minute = minute
                self._counts.clear()
            count = self._counts.get(source, 0) + 1
            self._counts[source] = count
        return count <= self._most
