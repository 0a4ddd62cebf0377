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


# Plain pictures of 3 by 2 pixels; the last one moves.
GIF = b64decode("R0lGODlhAwACAPAAAHofXAAAACH5BAAAAAAALAAAAAADAAIAAAIChF8AOw==")
JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqM"
    "yP/L2u71////m8H////6/+b9//j/2wBDASstLTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4"
    "+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj/wAARCAACAAMDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAUEAEA"
    "AAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAAAgT/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIR"
    "AxEAPwCIA1D/2Q=="
)
MOVING_GIF = b64decode(
    "R0lGODlhAwACAPAAAP8AAAAAACH5BAAAAAAAIf8LTkVUU0NBUEUyLjADAQAAACwAAAAAAwACAAACAoRfACH5BAAAAAAALAAA"
    "AAADAAIAgAAA/wAAAAIChF8AOw=="
)
