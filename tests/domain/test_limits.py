from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.domain.limits import DAY, HOUR, RollingWindow

START = datetime(2026, 11, 22, tzinfo=UTC)


def charged(window: RollingWindow, most: int, minutes: list[int]) -> list[int]:
    """Return the minutes at which an event was permitted, out of those that were tried."""
    parts: dict[int, int] = {}
    permitted = []
    for minute in minutes:
        after = window.charge(parts, START + timedelta(minutes=minute), most)
        if after is not None:
            permitted.append(minute)
            parts = after
    return permitted


def test_events_up_to_the_limit_are_permitted() -> None:
    assert charged(DAY, 3, [0, 0, 0, 0]) == [0, 0, 0]


@pytest.mark.parametrize(("window", "minutes", "part"), [(DAY, 1440, 60), (HOUR, 60, 5)])
def test_an_event_counts_for_the_whole_window_wherever_in_its_part_it_was(
    window: RollingWindow, minutes: int, part: int
) -> None:
    for offset in range(part):
        assert charged(window, 1, [offset, offset + minutes - 1]) == [offset]
        late = offset + minutes + part
        assert charged(window, 1, [offset, late]) == [offset, late]


def test_a_refused_event_changes_nothing() -> None:
    full = DAY.charge({}, START, 1)

    assert full is not None
    assert DAY.charge(full, START, 1) is None
    assert DAY.charge(full, START, 2) == {next(iter(full)): 2}


def test_parts_outside_the_window_are_forgotten() -> None:
    first = DAY.charge({}, START, 5)
    assert first is not None

    later = DAY.charge(first, START + timedelta(days=3), 5)

    assert later is not None
    assert len(later) == 1


def test_a_limit_of_nothing_permits_nothing() -> None:
    assert DAY.charge({}, START, 0) is None


@given(
    st.sampled_from([DAY, HOUR]),
    st.integers(min_value=1, max_value=5),
    st.lists(st.integers(min_value=0, max_value=4000), max_size=80).map(sorted),
)
def test_no_window_ever_holds_more_than_the_limit(
    window: RollingWindow, most: int, minutes: list[int]
) -> None:
    permitted = charged(window, most, minutes)

    length = int(window.length / timedelta(minutes=1))
    for begin in permitted:
        assert sum(begin <= minute < begin + length for minute in permitted) <= most
