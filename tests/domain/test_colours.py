import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.domain.colours import (
    BLACK,
    GROUNDS,
    LEAST_CONTRAST,
    WHITE,
    Colour,
    Theme,
    contrast,
    is_readable,
    nearest_readable,
    pressed,
    read_colour,
    text_on,
)

colours = st.builds(Colour, *(st.integers(0, 255),) * 3)
themes = st.sampled_from(Theme)


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#2f5bd7", Colour(0x2F, 0x5B, 0xD7)),
        (" 2F5BD7 ", Colour(0x2F, 0x5B, 0xD7)),
        ("#fa0", Colour(0xFF, 0xAA, 0x00)),
        ("blue", None),
        ("#2f5bd7ff", None),
        ("#2f5bd", None),
        ("", None),
    ],
)
def test_a_colour_is_written_in_hexadecimal(text: str, colour: Colour | None) -> None:
    assert read_colour(text) == colour


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast(WHITE, WHITE) == 1
    # The grey that is the classic border case on white.
    assert contrast(Colour(0x76, 0x76, 0x76), WHITE) == pytest.approx(4.54, abs=0.01)
    assert contrast(Colour(0x77, 0x77, 0x77), WHITE) < LEAST_CONTRAST


@given(colours, themes)
def test_the_nearest_readable_colour_is_readable_and_the_step_before_it_is_not(
    colour: Colour, theme: Theme
) -> None:
    nearest = nearest_readable(colour, theme)

    assert is_readable(nearest, theme)
    assert (nearest == colour) == is_readable(colour, theme)
    if nearest != colour:
        # Not further away than it has to be: half a step of a channel is what rounding costs.
        assert contrast(nearest, GROUNDS[theme]) < LEAST_CONTRAST + 0.2


@given(colours)
def test_text_on_a_button_can_be_read_also_under_the_pointer(colour: Colour) -> None:
    text = text_on(colour)

    assert contrast(text, colour) >= LEAST_CONTRAST
    assert text_on(pressed(colour)) == text
    assert contrast(text, pressed(colour)) >= contrast(text, colour)
