import threading
from datetime import timedelta

import anyio
import pytest

from authserver.background.housekeeping import Housekeeping, Job
from authserver.domain.unavailable import ServiceUnavailable
from authserver.lane import Lane

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("fault", [ServiceUnavailable("busy"), ValueError("a mistake")])
async def test_a_job_is_called_again_and_again_also_after_a_fault(fault: Exception) -> None:
    calls = {"work": 0, "other": 0}
    enough = threading.Event()

    def call(name: str) -> None:
        calls[name] += 1
        if min(calls.values()) >= 3:
            enough.set()
        if calls["work"] == 1:
            raise fault

    every = timedelta(milliseconds=5)
    jobs = [
        Job(name="work", every=every, call=lambda: call("work")),
        Job(name="other", every=every, call=lambda: call("other")),
    ]

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Housekeeping(Lane(threads=2), jobs).run)
        assert await Lane(threads=1).run(enough.wait, 5)
        tasks.cancel_scope.cancel()


async def test_a_job_waits_its_interval_before_it_is_called_first() -> None:
    calls: list[int] = []
    job = Job(name="work", every=timedelta(hours=1), call=lambda: calls.append(1))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Housekeeping(Lane(threads=1), [job]).run)
        await anyio.sleep(0.05)
        tasks.cancel_scope.cancel()

    assert calls == []
