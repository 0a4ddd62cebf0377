"""What a walk is, and what holds for every page that it comes to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.flows.with_passwords import CHEAP, choose, experience
from tests.support.tour import Visit

# Pages that end what the person does here: these say in words what to do elsewhere.
LEADING_ELSEWHERE = frozenset({"elsewhere-confirmed", "elsewhere-over"})
SEEN = """toPress => [document.querySelectorAll("h1").length,
  document.querySelectorAll(toPress).length, document.documentElement.outerHTML]"""
TO_PRESS = "main :is(a[href], button, input:not([type=hidden]))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One way through the pages: it yields the name of each state while the page shows it.

    Walks with the same settings share a server, so each has addresses of its own.
    """

    name: str
    steps: Callable[[Visit], Iterator[str]]
    settings: Mapping[str, str] = field(default_factory=dict)
    document: Mapping[str, object] = field(default_factory=lambda: experience(password=False))

    @property
    def server(self) -> Mapping[str, str]:
        """Return the settings of the server that the walk needs."""
        return {**CHEAP, **self.settings}

    def states(self, visit: Visit) -> Iterator[str]:
        """Walk; every page that is shown must offer a way on."""
        choose(visit.provider, self.document)
        for state in self.steps(visit):
            name = f"{self.name}-{state}"
            problems = list(dead_ends(visit, state))
            assert not problems, f"{name}: {problems}\n{visit.page.url}"
            yield name


def dead_ends(visit: Visit, state: str) -> Iterator[str]:
    """Yield what leaves a person standing on the page."""
    headings, ways_on, text = visit.page.evaluate(SEEN, TO_PRESS)
    if headings != 1:
        yield "not one heading"
    if state not in LEADING_ELSEWHERE and not ways_on:
        yield "nothing to press"
    if "Traceback" in text:
        yield "a stack trace"


def by_server(walks: tuple[Walk, ...]) -> list[tuple[Mapping[str, str], list[Walk]]]:
    """Return the walks in groups that one server serves."""
    groups: dict[tuple[tuple[str, str], ...], list[Walk]] = {}
    for walk in walks:
        groups.setdefault(tuple(sorted(walk.server.items())), []).append(walk)
    return [(dict(settings), group) for settings, group in groups.items()]
