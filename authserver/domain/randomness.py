"""Chance, taken from outside so that tests can know it."""

import secrets
from base64 import urlsafe_b64encode
from typing import Protocol

IDENTIFIER_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Randomness(Protocol):
    """Draws unpredictable values."""

    def draw(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""


class SystemRandomness:
    """The generator of the operating system."""

    def draw(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""
        return secrets.token_bytes(size)


def new_token(randomness: Randomness, size: int = 32) -> str:
    """Return `size` random bytes (256 bits by default) as unpadded base64url."""
    return urlsafe_b64encode(randomness.draw(size)).rstrip(b"=").decode("ascii")


def new_identifier(randomness: Randomness, length: int = 25) -> str:
    """Return `length` lower-case letters and digits; 25 of them hold 128 bits.

    Identifiers travel in URLs and HTTP Basic credentials, where raw and encoded
    form must agree (RFC 6749 §2.3.1), hence no other symbols.
    """
    number = int.from_bytes(randomness.draw((length * 6 + 7) // 8 + 8))
    symbols = []
    for _ in range(length):
        number, remainder = divmod(number, len(IDENTIFIER_ALPHABET))
        symbols.append(IDENTIFIER_ALPHABET[remainder])
    return "".join(symbols)
