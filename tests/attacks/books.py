"""What guesses came to, and how they compare with the promised bounds."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

DAY = timedelta(days=1)
WINDOW = timedelta(days=30)
BITS_OF_BASE32 = 65
CHANCES = {"digits6": 1e-6, "digits8": 1e-8, "base32": 2.0**-BITS_OF_BASE32}
GUESSES_A_DAY = 35
SHORT_GUESSES_A_WINDOW = {"digits6": 20, "digits8": 20}


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """The guesses at one code that were compared."""

    at: datetime
    code_class: str
    evaluated: int


@dataclass(slots=True)
class Books:
    """What an attacker did and what an owner noticed."""

    submitted: int = 0
    hits: int = 0
    mails: int = 0
    bursts: list[Burst] = field(default_factory=list)
    at_home: Counter[bool] = field(default_factory=Counter)
    elsewhere: Counter[bool] = field(default_factory=Counter)

    @property
    def evaluated(self) -> Counter[str]:
        """Return how many guesses of each class were compared."""
        counted: Counter[str] = Counter()
        for burst in self.bursts:
            counted[burst.code_class] += burst.evaluated
        return counted

    @property
    def chance(self) -> float:
        """Return the probability that at least one of all these guesses is right."""
        missed = 1.0
        for code_class, number in self.evaluated.items():
            missed *= (1 - CHANCES[code_class]) ** number
        return 1 - missed if missed < 1 else 0.0

    def most_within(self, length: timedelta, *classes: str) -> int:
        """Return the largest number of compared guesses in any period of this length."""
        chosen = [burst for burst in self.bursts if burst.code_class in classes]
        return max(
            (
                sum(each.evaluated for each in chosen if first.at <= each.at < first.at + length)
                for first in chosen
            ),
            default=0,
        )

    def broken(self, *, start_class: str, days: int, thefts: int = 0) -> Iterator[str]:
        """Yield what exceeds the bounds of a policy; a theft is worth one browser's budget."""
        extra = 20 * thefts
        busiest = self.most_within(DAY, *CHANCES)
        if busiest > GUESSES_A_DAY + extra:
            yield f"{busiest} guesses within a day"
        budgets: Counter[str] = Counter()
        for code_class, most in SHORT_GUESSES_A_WINDOW.items():
            budgets[max(code_class, start_class)] += most
        budgets[start_class] += extra
        for code_class in SHORT_GUESSES_A_WINDOW:
            found = self.most_within(WINDOW, code_class)
            if found > budgets[code_class]:
                yield f"{found} guesses of {code_class} within 30 days"
        if self.chance > self.bound(start_class=start_class, days=days, thefts=thefts):
            yield f"a chance of {self.chance:.2e}"
        if self.at_home[False]:
            yield f"the owner was refused {self.at_home[False]} times at home"
        if self.hits:
            yield f"{self.hits} guesses were right"

    @staticmethod
    def bound(*, start_class: str, days: int, thefts: int = 0) -> float:
        """Return the promised upper bound of the chance over so many days."""
        windows = -(-days // WINDOW.days)
        short = sum(
            most * CHANCES[max(code_class, start_class)]
            for code_class, most in SHORT_GUESSES_A_WINDOW.items()
        )
        return windows * short + 20 * thefts * CHANCES[start_class]
