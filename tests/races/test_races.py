"""What holds when requests arrive at the same instant: two rounds of each race, through HTTP.

`dev.py campaign races` runs the same rounds by the thousand.
"""

import pytest

from tests.races.arena import Arena
from tests.races.rounds import ROUNDS, ROUNDS_UNDER_CEILING
from tests.races.violations import Round, run_together


@pytest.mark.parametrize("race", ROUNDS.values(), ids=ROUNDS)
def test_a_crowd_gains_nothing_by_coming_at_once(arena: Arena, race: Round) -> None:
    assert run_together(arena, race, 2) == [[], []]


@pytest.mark.parametrize("race", ROUNDS_UNDER_CEILING.values(), ids=ROUNDS_UNDER_CEILING)
def test_a_crowd_does_not_lift_the_ceiling_of_mails(low_arena: Arena, race: Round) -> None:
    assert run_together(low_arena, race, 2) == [[], []]
