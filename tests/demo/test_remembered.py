"""Values that are kept for a while, with a clock moved by hand."""

import asyncio

import pytest

from authserver.demo.remembered import Remembered


class Source:
    def __init__(self) -> None:
        self.fetches = 0
        self.time = 0.0
        self.is_broken = False

    async def fetch(self) -> int:
        if self.is_broken:
            raise ConnectionRefusedError
        await asyncio.sleep(0)
        self.fetches += 1
        return self.fetches

    def remembered(self) -> Remembered[int]:
        return Remembered(
            self.fetch, keep_seconds=300, rest_seconds=10, monotonic=lambda: self.time
        )


def test_a_value_is_fetched_once_and_again_when_it_has_aged() -> None:
    source = Source()
    held = source.remembered()

    async def use() -> list[int]:
        first, second = await held.get(), await held.get()
        source.time = 300
        return [first, second, await held.get()]

    assert asyncio.run(use()) == [1, 1, 2]


def test_a_renewal_happens_at_most_once_in_the_rest_period() -> None:
    source = Source()
    held = source.remembered()

    async def use() -> list[int]:
        values = [await held.get(), await held.renewed()]
        source.time = 10
        values += [await held.renewed(), await held.renewed()]
        source.time = 19.5
        return [*values, await held.renewed()]

    assert asyncio.run(use()) == [1, 1, 2, 2, 2]


def test_callers_that_arrive_together_share_one_fetch() -> None:
    source = Source()
    held = source.remembered()

    async def use() -> list[int]:
        return await asyncio.gather(*(held.get() for _ in range(5)))

    assert asyncio.run(use()) == [1, 1, 1, 1, 1]


def test_a_failed_fetch_is_not_remembered() -> None:
    source = Source()
    held = source.remembered()
    source.is_broken = True
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(held.get())
    source.is_broken = False

    assert asyncio.run(held.get()) == 1
