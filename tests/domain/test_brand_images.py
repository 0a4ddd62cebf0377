import pytest

from authserver.domain.brand_images import MOST_OCTETS, ImageUnfit, read_image
from tests.support.images import PNG_SIGNATURE, WEBP, chunk, png


def test_png_and_webp_are_told_by_what_they_hold() -> None:
    assert read_image(png()).kind == "png"
    assert read_image(WEBP).kind == "webp"


def test_an_image_is_named_after_its_content() -> None:
    names = {read_image(content).name for content in (png(), png(), png(121), WEBP)}

    assert len(names) == 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither PNG nor WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither PNG nor WebP"),
        (b"GIF89a" + b"\0" * 20, "neither PNG nor WebP"),
        (PNG_SIGNATURE, "no whole PNG"),
        (png()[:-1], "no whole PNG"),
        (png() + b"<script>alert(1)</script>", "something follows it"),
        (png()[:-12] + chunk(b"IEND") * 2, "something follows it"),
        (PNG_SIGNATURE + chunk(b"IHDR", bytes(13)) + chunk(b"IEND"), "no whole PNG"),
        (png(5000, 1), "between 1 and 4096"),
        (WEBP + b"more", "something follows it"),
        (WEBP[:-2], "no whole WebP"),
        (WEBP.replace(b"VP8L", b"VP8Z"), "no WebP file"),
        (WEBP.replace(b"VP8L\x0d\0\0\0\x2f", b"VP8X\x0d\0\0\0\x02"), "it moves"),
        (png(1, 1) + bytes(MOST_OCTETS), "200000 are the most"),
    ],
)
def test_what_browsers_should_not_be_shown_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ImageUnfit, match=reason):
        read_image(content)


def test_a_moving_png_is_refused() -> None:
    still = png()
    moving = still.replace(
        still[still.index(b"IDAT") - 4 :],
        chunk(b"acTL", bytes(8)) + still[still.index(b"IDAT") - 4 :],
    )

    with pytest.raises(ImageUnfit, match="it moves"):
        read_image(moving)
