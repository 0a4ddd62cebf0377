"""The only road from async code into a use case: a bounded number of worker threads."""

from collections.abc import Callable
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


class Lane:
    """Runs synchronous calls in threads, a few more than there are database connections.

    A call that has begun is finished, also when the browser that asked has gone away: no use
    case is ever torn apart.
    """

    def __init__(self, *, threads: int, patience: timedelta = PATIENCE) -> None:
        self._limiter = CapacityLimiter(threads)
        self._patience = patience

    async def run(
        self,
        call: Callable[Arguments, Result],
        /,
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Return what `call` returns; raises ServiceUnavailable if no thread becomes free."""
        borrower = object()
        try:
            with anyio.fail_after(self._patience.total_seconds()):
                await self._limiter.acquire_on_behalf_of(borrower)
        except TimeoutError as fault:
            raise ServiceUnavailable("no worker thread became free in time") from fault
        try:
            # The seat is taken already: the limiter of the thread is this call's own.
            return await run_sync(partial(call, *arguments, **named), limiter=CapacityLimiter(1))
        finally:
            self._limiter.release_on_behalf_of(borrower)
