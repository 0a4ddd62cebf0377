"""A fetched value that is kept for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """Fetches a value at first need, keeps it, and fetches it again once it has aged.

    Callers that arrive together share one fetch. A failed fetch is not remembered.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Value]],
        *,
        keep_seconds: float,
        rest_seconds: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._keep_seconds = keep_seconds
        self._rest_seconds = rest_seconds
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._held: tuple[float, Value] | None = None

    async def get(self) -> Value:
        """Return the value, fetched unless it is held and fresh enough."""
        return await self._younger_than(self._keep_seconds)

    async def renewed(self) -> Value:
        """Return the value fetched anew, unless that happened within the rest period."""
        return await self._younger_than(self._rest_seconds)

    async def _younger_than(self, seconds: float) -> Value:
        async with self._lock:
            if self._held is not None and self._monotonic() - self._held[0] < seconds:
                return self._held[1]
            value = await self._fetch()
            self._held = (self._monotonic(), value)
            return value
