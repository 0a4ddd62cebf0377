"""Values that must never be seen: in a log, an exception or a repr."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret text; only `reveal` shows it."""

    _value: str

    def reveal(self) -> str:
        """Return the secret itself, for the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


def fingerprint(secret: str) -> bytes:
    """Return the SHA-256 digest under which a token of full entropy is stored and found."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
