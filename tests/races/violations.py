"""What a round of a race returns: what should not have happened, a sentence each."""

from collections import Counter
from collections.abc import Callable, Sequence

import httpx

from tests.races.arena import Arena
from tests.support.person import forms_of

Round = Callable[[Arena], list[str]]


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


def form_outcome(page: httpx.Response) -> str | None:
    """Return the outcome that the page tells of, if it tells of one."""
    return next((form.outcome for form in forms_of(page) if form.outcome), None)
