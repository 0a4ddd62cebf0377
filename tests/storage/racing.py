"""Calls that start at the same instant."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Outcome = TypeVar("Outcome")


def race(calls: int, call: Callable[[], Outcome]) -> list[Outcome]:
    """Make `calls` calls in as many threads at once; return what they returned."""
    return race_of([call] * calls)


def race_of(calls: list[Callable[[], Outcome]]) -> list[Outcome]:
    """Make the calls in a thread each, at once; return what they returned, in their order."""
    start = Barrier(len(calls))

    def take_part(call: Callable[[], Outcome]) -> Outcome:
        start.wait(timeout=10)
        return call()

    with ThreadPoolExecutor(max_workers=len(calls)) as threads:
        return [future.result() for future in [threads.submit(take_part, call) for call in calls]]
