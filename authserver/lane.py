"""The only road from async code into a use case: a bounded number of worker threads."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Final, ParamSpec, TypeVar

import anyio
from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from authserver.domain.unavailable import ServiceUnavailable

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

PATIENCE: Final = timedelta(seconds=2)


class LaneBusy(ServiceUnavailable):
    """Every worker thread was taken for longer than anybody should wait."""


class Lane:
    """Runs synchronous calls in threads, a few more than there are database connections.

    A call that has begun is finished, also when the browser that asked has gone away: no use
    case is ever torn apart. Calls that may hash slowly take one of `hashing_seats` first, by
    default one per core and fewer than threads, so that hashing never fills the lane.
    """

    def __init__(
        self, *, threads: int, hashing_seats: int | None = None, patience: timedelta = PATIENCE
    ) -> None:
        self._threads = CapacityLimiter(threads)
        self._seats = CapacityLimiter(
            max(1, min(os.cpu_count() or 1, threads - 1))
            if hashing_seats is None
            else hashing_seats
        )
        self._patience = patience

    async def run(
        self,
        call: Callable[Arguments, Result],
        /,
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Return what `call` returns; raises LaneBusy if no thread becomes free in time."""
        async with self._taking(self._threads):
            # The place is taken already: the limiter of the thread is this call's own.
            return await run_sync(partial(call, *arguments, **named), limiter=CapacityLimiter(1))

    async def run_hashing(
        self,
        call: Callable[Arguments, Result],
        /,
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Do the same for a call that may hash slowly; it waits for its seat outside the lane."""
        async with self._taking(self._seats):
            return await self.run(call, *arguments, **named)

    @asynccontextmanager
    async def _taking(self, places: CapacityLimiter) -> AsyncIterator[None]:
        # One task may hold several places, so the borrower is not the task.
        borrower = object()
        try:
            with anyio.fail_after(self._patience.total_seconds()):
                await places.acquire_on_behalf_of(borrower)
        except TimeoutError as fault:
            raise LaneBusy("no worker thread became free in time") from fault
        try:
            yield
        finally:
            places.release_on_behalf_of(borrower)
