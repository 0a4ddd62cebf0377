"""A round of a race, and what should not have happened in it, a sentence each."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import httpx

from tests.races.arena import Arena, Pause
from tests.support.person import forms_of


class Violations(list[str]):
    """What was found wrong in one round."""

    def unless(self, holds: object, sentence: str) -> None:
        """Add the sentence where it describes what happened."""
        if not holds:
            self.append(sentence)

    def unless_all(self, answers: Sequence[httpx.Response], *statuses: int) -> None:
        """Add the statuses that nobody should have been answered."""
        seen = Counter(answer.status_code for answer in answers)
        others = {status: number for status, number in seen.items() if status not in statuses}
        self.unless(not others, f"answers {others} beside {statuses}")


# A round that has to wait for something is a generator and yields what it waits for.
Round = Callable[[Arena, Violations], Iterator[Pause] | None]


def run_together(arena: Arena, race: Round, number: int) -> list[Violations]:
    """Run rounds of one race, one after the other but for their pauses, which they share."""
    found = [Violations() for _ in range(number)]
    walks = [walk for each in found if (walk := race(arena, each)) is not None]
    while walks:
        waiting = [(walk, pause) for walk in walks if (pause := next(walk, None)) is not None]
        walks = [walk for walk, _ in waiting]
        for pause in {pause for _, pause in waiting}:
            arena.let_pass(pause)
    return found


def form_outcome(page: httpx.Response) -> str | None:
    """Return the outcome that the page tells of, if it tells of one."""
    return next((form.outcome for form in forms_of(page) if form.outcome), None)
