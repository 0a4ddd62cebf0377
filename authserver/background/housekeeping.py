"""Jobs that keep the house in order, each at its own interval."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import anyio

from authserver.domain.unavailable import ServiceUnavailable
from authserver.lane import Lane

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One use case to call again and again; safe beside its twins in other processes."""

    name: str
    every: timedelta
    call: Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Like a job, but it waits for others over the network."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Runs its jobs until cancelled."""

    lane: Lane
    jobs: Sequence[Job | Errand]

    async def run(self) -> None:
        """Run every job in a loop of its own."""
        async with anyio.create_task_group() as tasks:
            for job in self.jobs:
                tasks.start_soon(self._repeat, job)

    async def _repeat(self, job: Job | Errand) -> None:
        while True:
            await anyio.sleep(job.every.total_seconds())
            try:
                done = await (job.run() if isinstance(job, Errand) else self.lane.run(job.call))
            except ServiceUnavailable:
                logger.warning("job.postponed", extra={"job": job.name})
            except Exception:
                # One failed round must not end the job for good.
                logger.exception("job.failed", extra={"job": job.name})
            else:
                logger.info("job.done", extra={"job": job.name, "result": str(done)})
