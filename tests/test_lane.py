"""The lane: bounded, patient for a while, and never in the middle of a call."""

import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import timedelta

import anyio
import pytest
from anyio import from_thread

from authserver.domain.unavailable import ServiceUnavailable
from authserver.lane import Lane, LaneBusy

pytestmark = pytest.mark.anyio

SHORT = timedelta(milliseconds=50)
SAFETY_SECONDS = 10.0
marker: ContextVar[str] = ContextVar("marker", default="nothing")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Gate:
    """A call that stays in its thread until it is let go."""

    def __init__(self) -> None:
        self.entered = anyio.Semaphore(0)
        self.finished = 0
        self._open = threading.Event()

    def call(self) -> str:
        from_thread.run_sync(self.entered.release)
        assert self._open.wait(SAFETY_SECONDS)
        self.finished += 1
        return "done"

    def open(self) -> None:
        self._open.set()

    async def until_entered(self) -> None:
        with anyio.fail_after(SAFETY_SECONDS):
            await self.entered.acquire()


async def test_a_call_gets_its_arguments_and_gives_back_its_result() -> None:
    lane = Lane(threads=1)

    def divide(number: int, *, by: int) -> float:
        return number / by

    assert await lane.run(divide, 7, by=2) == 3.5
    with pytest.raises(ZeroDivisionError):
        await lane.run(divide, 7, by=0)
    assert await lane.run(divide, 1, by=1) == 1


async def test_a_call_runs_outside_of_the_loop_and_sees_its_context() -> None:
    lane = Lane(threads=1)
    marker.set("this request")

    def look() -> tuple[int, str]:
        return threading.get_ident(), marker.get()

    thread, seen = await lane.run(look)

    assert thread != threading.get_ident()
    assert seen == "this request"


async def test_no_more_calls_run_at_once_than_there_are_threads() -> None:
    lane = Lane(threads=3)
    running: list[int] = []
    most: list[int] = []

    def call() -> None:
        running.append(1)
        most.append(len(running))
        time.sleep(0.01)
        running.pop()

    async with anyio.create_task_group() as tasks:
        for _ in range(12):
            tasks.start_soon(lane.run, call)

    assert len(most) == 12
    assert max(most) <= 3


async def test_who_waits_too_long_for_a_thread_is_told_to_come_back() -> None:
    lane, gate = Lane(threads=1, patience=SHORT), Gate()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lane.run, gate.call)
        await gate.until_entered()
        with pytest.raises(LaneBusy) as refused:
            await lane.run(gate.call)
        gate.open()

    assert isinstance(refused.value, ServiceUnavailable)
    assert refused.value.retry_after == timedelta(seconds=2)
    assert gate.finished == 1
    assert await lane.run(lambda: "free again") == "free again"


async def test_a_call_that_has_begun_is_finished_although_nobody_waits_any_more() -> None:
    lane, gate = Lane(threads=1), Gate()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lane.run, gate.call)
        await gate.until_entered()
        tasks.cancel_scope.cancel()
        threading.Timer(0.05, gate.open).start()

    assert gate.finished == 1


async def test_a_place_comes_back_however_a_call_ends() -> None:
    lane = Lane(threads=1, patience=SHORT)

    for _ in range(3):
        with anyio.CancelScope() as scope:
            scope.cancel()
            await lane.run(lambda: "never seen")
        with pytest.raises(KeyError):
            await lane.run(dict[str, str]().__getitem__, "missing")

    assert await lane.run(lambda: "free") == "free"


async def test_who_gives_up_waiting_takes_no_place() -> None:
    lane, gate = Lane(threads=1), Gate()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lane.run, gate.call)
        await gate.until_entered()
        with anyio.move_on_after(0.02):
            await lane.run(gate.call)
        gate.open()

    assert gate.finished == 1
    assert await lane.run(lambda: "free") == "free"


async def test_hashing_never_fills_the_lane() -> None:
    lane, gate = Lane(threads=3, hashing_seats=2), Gate()

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(lane.run_hashing, gate.call)
        await gate.until_entered()
        await gate.until_entered()
        answered = await lane.run(lambda: "answered")
        third_began = gate.entered.value > 0
        gate.open()

    assert answered == "answered"
    assert not third_began
    assert gate.finished == 5


async def test_who_waits_too_long_for_a_seat_is_told_to_come_back() -> None:
    lane, gate = Lane(threads=3, hashing_seats=1, patience=SHORT), Gate()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lane.run_hashing, gate.call)
        await gate.until_entered()
        with pytest.raises(LaneBusy):
            await lane.run_hashing(gate.call)
        gate.open()

    assert gate.finished == 1


@pytest.mark.parametrize("threads", [1, 2, 8])
async def test_there_is_a_seat_and_fewer_than_threads_by_default(threads: int) -> None:
    lane, gate = Lane(threads=threads, patience=SHORT), Gate()

    async def hash_slowly(call: Callable[[], str]) -> None:
        try:
            await lane.run_hashing(call)
        except LaneBusy:
            return

    async with anyio.create_task_group() as tasks:
        for _ in range(threads):
            tasks.start_soon(hash_slowly, gate.call)
        await gate.until_entered()
        if threads > 1:
            assert await lane.run(lambda: "answered") == "answered"
        gate.open()

    assert gate.finished >= 1
