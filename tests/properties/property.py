"""A rule that holds for every case, the cases, and how many of them were tried."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random  # noqa: TID251 - what hypothesis draws from, too
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Chance = Random
ODD_SYMBOLS = "aA0 ./:@?#%\\*;,-_\t\n\r\x00\u0660\u0430\u3002\uff20\U0001f511"


@dataclass(frozen=True, slots=True)
class Property:
    """`make` draws a case, `judge` asks the server's code about it and says what came of it.

    It raises AssertionError where that differs from what the case itself says: the oracle never
    asks the code that is judged.
    """

    make: Callable[[Chance], Any]
    judge: Callable[[Any], str]

    def check(self, number: int) -> Counter[str]:
        """Return what came of as many cases; hypothesis draws them and makes failures small."""
        told: Counter[str] = Counter()

        @settings(
            max_examples=number,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(st.randoms(use_true_random=False))
        def each(chance: Chance) -> None:
            told[self.judge(self.make(chance))] += 1

        each()
        return told

    def run(self, number: int, seed: int) -> Counter[str]:
        """Return what came of as many cases, drawn as fast as can be."""
        chance = Chance(seed)
        return Counter(self.judge(self.make(chance)) for _ in range(number))


def some(chance: Chance, options: Sequence[Any], most: int, *, least: int = 0) -> list[Any]:
    """Return a few of the options, some of them perhaps repeatedly."""
    return [chance.choice(options) for _ in range(chance.randint(least, most))]


def any_text(chance: Chance, most: int) -> str:
    """Return a text of symbols that parsers quarrel about."""
    return "".join(some(chance, ODD_SYMBOLS, most))
