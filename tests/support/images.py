"""Small images, made without a library."""

import struct
import zlib
from base64 import b64decode

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# One transparent pixel, lossless.
WEBP = b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")


def png(width: int = 120, height: int = 40, colour: tuple[int, int, int] = (17, 94, 64)) -> bytes:
    """Return a plain picture."""
    line = b"\0" + bytes((*colour, 255)) * width
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"".join(
        (
            PNG_SIGNATURE,
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(line * height)),
            chunk(b"IEND"),
        )
    )


def chunk(name: bytes, content: bytes = b"") -> bytes:
    """Return one chunk of a PNG file."""
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum
