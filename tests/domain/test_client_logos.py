"""Which of the files that strangers send are pictures to show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.domain.brand_images import ImageUnfit
from authserver.domain.client_logos import MOST_LOGO_OCTETS, gif_sides, jpeg_sides, read_logo
from tests.support.images import GIF, JPEG, MOVING_GIF, PNG_SIGNATURE, WEBP, png

WIDTH_OF_GIF = slice(6, 8)
PICTURES = (GIF, JPEG, WEBP, png(3, 2), MOVING_GIF)


def wide(content: bytes, place: slice, side: int) -> bytes:
    changed = bytearray(content)
    changed[place] = side.to_bytes(2, "little")
    return bytes(changed)


def test_four_kinds_are_told_by_what_they_hold() -> None:
    kinds = [read_logo(content).kind for content in (png(), WEBP, JPEG, GIF)]

    assert kinds == ["png", "webp", "jpeg", "gif"]
    assert jpeg_sides(JPEG) == gif_sides(GIF) == (3, 2)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither PNG nor WebP, JPEG or GIF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither PNG"),
        (b"<?xml version='1.0'?><svg/>", "neither PNG"),
        (b"<!doctype html><script>alert(1)</script>", "neither PNG"),
        (b"RIFF\x04\0\0\0WAVE", "neither PNG nor WebP"),
        (GIF[:13], "no whole GIF"),
        (GIF[:-1], "no whole GIF"),
        (GIF + b"<script>alert(1)</script>", "something follows it|no GIF file"),
        (GIF[:13] + b"\x3b", "no whole GIF"),
        (b"GIF89a" + bytes(7) + b"\x3b", "without a picture"),
        (b"GIF89a/*" + b"\xff" * 30, "GIF"),
        (MOVING_GIF, "it moves"),
        (wide(GIF, WIDTH_OF_GIF, 4097), "between 1 and 4096"),
        (wide(GIF, WIDTH_OF_GIF, 0), "between 1 and 4096"),
        (JPEG[:-1], "no whole JPEG"),
        (JPEG + b"<script>alert(1)</script>", "something follows it"),
        (b"\xff\xd8\xff\xd9", "no whole JPEG"),
        (b"\xff\xd8\xff\xe0\0\0\xff\xe0\0\0\xff\xd9", "no whole JPEG"),
        # The frame is of a kind that browsers do not show.
        (JPEG.replace(b"\xff\xc0\0\x11", b"\xff\xc3\0\x11"), "no JPEG file that browsers show"),
        (JPEG.replace(b"\x08\0\x02\0\x03", b"\x08\x20\0\x20\0"), "between 1 and 4096"),
        (png(5000, 1), "between 1 and 4096"),
        (PNG_SIGNATURE, "no whole PNG"),
        (png() + bytes(MOST_LOGO_OCTETS), "more than 100000 octets"),
    ],
)
def test_what_is_no_still_picture_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ImageUnfit, match=reason):
        read_logo(content)


@given(st.sampled_from(PICTURES), st.binary(max_size=40), st.integers(0, 60), st.integers(0, 60))
def test_hostile_octets_are_refused_or_bounded(
    picture: bytes, octets: bytes, place: int, skipped: int
) -> None:
    content = picture[:place] + octets + picture[place + skipped :]

    try:
        image = read_logo(content)
    except ImageUnfit:
        return

    assert image.content == content
    assert image.name.endswith((".png", ".webp", ".jpeg", ".gif"))
