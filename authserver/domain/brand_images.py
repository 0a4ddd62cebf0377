"""Logos and icons: judged by what they hold, never by what they are called."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

MOST_OCTETS: Final = 200_000
LONGEST_SIDE: Final = 4096
NAME_LENGTH: Final = 40

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
PNG_CHUNK_FRAME: Final = 12
PNG_HEADER: Final = b"IHDR"
PNG_HEADER_LENGTH: Final = 13
PNG_END: Final = b"IEND"
PNG_ANIMATION: Final = b"acTL"

RIFF_HEADER: Final = 12
RIFF_CHUNK_HEADER: Final = 8
WEBP_LOSSY_SYNC: Final = b"\x9d\x01\x2a"
WEBP_LOSSLESS_MARK: Final = 0x2F
WEBP_ANIMATION_FLAG: Final = 0x02
WEBP_SIDE_MASK: Final = 0x3FFF

MEDIA_TYPES: Final = {
    "png": "image/png",
    "webp": "image/webp",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
}


class ImageUnfit(Exception):
    """The file cannot be shown; the message says why, to follow "because"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandImage:
    """An image that was checked; its name is made of what it holds."""

    kind: str
    content: bytes

    @property
    def name(self) -> str:
        """Return the file name under which it is stored and served."""
        return f"{sha256(self.content).hexdigest()[:NAME_LENGTH]}.{self.kind}"


def read_image(content: bytes) -> BrandImage:
    """Return the PNG or WebP image that `content` is; raises ImageUnfit for anything else."""
    if len(content) > MOST_OCTETS:
        raise ImageUnfit(f"it has {len(content)} octets; {MOST_OCTETS} are the most")
    if content.startswith(PNG_SIGNATURE):
        kind, sides = "png", png_sides(content)
    elif content[:4] == b"RIFF" and content[8:RIFF_HEADER] == b"WEBP":
        kind, sides = "webp", webp_sides(content)
    else:
        raise ImageUnfit("it is neither PNG nor WebP")
    if not all(1 <= side <= LONGEST_SIDE for side in sides):
        raise ImageUnfit(f"its sides are not between 1 and {LONGEST_SIDE} pixels")
    return BrandImage(kind=kind, content=content)


def png_sides(content: bytes) -> tuple[int, int]:
    """Return width and height of a whole PNG file (W3C PNG §5)."""
    chunks = list(png_chunks(content))
    names = [name for name, _ in chunks]
    header = chunks[0][1] if chunks else b""
    if names[:1] != [PNG_HEADER] or len(header) != PNG_HEADER_LENGTH or b"IDAT" not in names:
        raise ImageUnfit("it is no whole PNG file")
    if PNG_ANIMATION in names:
        raise ImageUnfit("it moves; a logo stands still")
    return int.from_bytes(header[:4]), int.from_bytes(header[4:8])


def png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield names and contents of chunks; the last one has to end the file."""
    place = len(PNG_SIGNATURE)
    while place + PNG_CHUNK_FRAME <= len(content):
        length = int.from_bytes(content[place : place + 4])
        name = content[place + 4 : place + 8]
        yield name, content[place + 8 : place + 8 + length]
        place += length + PNG_CHUNK_FRAME
        if name == PNG_END and place == len(content):
            return
        if name == PNG_END:
            break
    raise ImageUnfit("it is no whole PNG file, or something follows it")


def webp_sides(content: bytes) -> tuple[int, int]:
    """Return width and height of a whole WebP file (RFC 9649 §2)."""
    length = int.from_bytes(content[4:8], "little") + RIFF_CHUNK_HEADER
    if length != len(content) or length < RIFF_HEADER + RIFF_CHUNK_HEADER + 10:
        raise ImageUnfit("it is no whole WebP file, or something follows it")
    name = content[RIFF_HEADER : RIFF_HEADER + 4]
    body = content[RIFF_HEADER + RIFF_CHUNK_HEADER :]
    if name == b"VP8X" and body[0] & WEBP_ANIMATION_FLAG:
        raise ImageUnfit("it moves; a logo stands still")
    if name == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if name == b"VP8L" and body[0] == WEBP_LOSSLESS_MARK:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & WEBP_SIDE_MASK), 1 + (bits >> 14 & WEBP_SIDE_MASK)
    if name == b"VP8 " and body[3:6] == WEBP_LOSSY_SYNC:
        sides = (int.from_bytes(body[place : place + 2], "little") for place in (6, 8))
        width, height = (side & WEBP_SIDE_MASK for side in sides)
        return width, height
    raise ImageUnfit("it is no WebP file that browsers show")
