"""What the present request or loop is called in the log: the one context variable there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from authserver.domain.randomness import SystemRandomness, new_identifier

REFERENCE_LENGTH: Final = 10

_current: ContextVar[str] = ContextVar("authserver_request", default="-")


def current_request_id() -> str:
    """Return the reference number of the present request, or "-" outside of one."""
    return _current.get()


@contextmanager
def request_context(name: str | None = None) -> Iterator[str]:
    """Bind `name`, or a new reference number, to what happens inside."""
    chosen = name or new_identifier(SystemRandomness(), REFERENCE_LENGTH)
    token = _current.set(chosen)
    try:
        yield chosen
    finally:
        _current.reset(token)
