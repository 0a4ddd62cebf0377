"""Logos that clients name in their registration: a stranger's pictures, judged like brand images.

No SVG: it may hold scripts. What is kept shows one still picture of a bounded size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from authserver.domain.brand_images import (
    LONGEST_SIDE,
    PNG_SIGNATURE,
    BrandImage,
    ImageUnfit,
    read_image,
)
from authserver.domain.clients import ClientId

MOST_LOGO_OCTETS: Final = 100_000
ACCEPTED_LOGOS: Final = "image/png, image/webp, image/jpeg, image/gif"
LOOKED_AT_EVERY: Final = timedelta(days=1)

JPEG_START: Final = b"\xff\xd8"
JPEG_END: Final = b"\xff\xd9"
# Baseline, extended and progressive: what browsers show (ITU-T T.81 table B.1).
JPEG_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
JPEG_SCAN: Final = 0xDA
JPEG_FRAME_LENGTH: Final = 8

GIF_SIGNATURES: Final = (b"GIF87a", b"GIF89a")
GIF_HEADER: Final = 13
GIF_TABLE_FLAG: Final = 0x80
GIF_TABLE_SIZE: Final = 0x07
GIF_EXTENSION: Final = 0x21
GIF_IMAGE: Final = 0x2C
GIF_IMAGE_HEADER: Final = 10
GIF_TRAILER: Final = 0x3B


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoToFetch:
    """A logo that is due, and where the client says that it is."""

    client_id: ClientId
    uri: str


def read_logo(content: bytes) -> BrandImage:
    """Return the PNG, WebP, JPEG or GIF image that `content` is; raises ImageUnfit else."""
    if len(content) > MOST_LOGO_OCTETS:
        raise ImageUnfit(f"it has more than {MOST_LOGO_OCTETS} octets")
    if content.startswith(JPEG_START):
        kind, sides = "jpeg", jpeg_sides(content)
    elif content.startswith(GIF_SIGNATURES):
        kind, sides = "gif", gif_sides(content)
    elif content.startswith((PNG_SIGNATURE, b"RIFF")):
        return read_image(content)
    else:
        raise ImageUnfit("it is neither PNG nor WebP, JPEG or GIF")
    if not all(1 <= side <= LONGEST_SIDE for side in sides):
        raise ImageUnfit(f"its sides are not between 1 and {LONGEST_SIDE} pixels")
    return BrandImage(kind=kind, content=content)


def jpeg_sides(content: bytes) -> tuple[int, int]:
    """Return width and height of a whole JPEG file (ITU-T T.81 annex B)."""
    if not content.endswith(JPEG_END):
        raise ImageUnfit("it is no whole JPEG file, or something follows it")
    frames = [body for marker, body in jpeg_segments(content) if marker in JPEG_FRAMES]
    if len(frames) != 1 or len(frames[0]) < JPEG_FRAME_LENGTH - 2:
        raise ImageUnfit("it is no JPEG file that browsers show")
    return int.from_bytes(frames[0][3:5]), int.from_bytes(frames[0][1:3])


def jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield markers and contents of the segments before the picture itself."""
    place = len(JPEG_START)
    while place + 4 <= len(content) and content[place] == JPEG_START[0]:
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4])
        if marker == JPEG_SCAN:
            return
        yield marker, content[place + 4 : place + 2 + length]
        place += 2 + max(length, 2)
    raise ImageUnfit("it is no whole JPEG file")


def gif_sides(content: bytes) -> tuple[int, int]:
    """Return width and height of a whole GIF file of one picture (GIF89a §18, §20)."""
    pictures = sum(1 for kind in gif_blocks(content) if kind == GIF_IMAGE)
    if pictures > 1:
        raise ImageUnfit("it moves; a logo stands still")
    if pictures == 0:
        raise ImageUnfit("it is a GIF file without a picture")
    return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")


def gif_blocks(content: bytes) -> Iterator[int]:
    """Yield the kinds of blocks; the trailer has to end the file."""
    place = GIF_HEADER + table_length(content, GIF_HEADER - 3)
    while place + 1 < len(content):
        kind = content[place]
        yield kind
        if kind == GIF_EXTENSION:
            place = after_parts(content, place + 2)
        elif kind == GIF_IMAGE:
            flags = place + GIF_IMAGE_HEADER - 1
            # One octet between table and data: the size of the first codes.
            place = after_parts(content, flags + 1 + table_length(content, flags) + 1)
        else:
            raise ImageUnfit("it is no GIF file that browsers show")
    if place + 1 != len(content) or content[place] != GIF_TRAILER:
        raise ImageUnfit("it is no whole GIF file, or something follows it")


def table_length(content: bytes, place: int) -> int:
    """Return how long the table of colours is that the flags at `place` announce."""
    flags = content[place] if place < len(content) else 0
    return 3 << (flags & GIF_TABLE_SIZE) + 1 if flags & GIF_TABLE_FLAG else 0


def after_parts(content: bytes, place: int) -> int:
    """Return where a chain of data parts ends."""
    while place < len(content) and content[place]:
        place += 1 + content[place]
    return place + 1
