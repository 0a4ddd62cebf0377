"""Keys of clients that are kept at `jwks_uri`: what this process remembers of them."""

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from authserver.crypto.client_keys import ClientKey, KeySetInvalid, read_key_set
from authserver.domain.clock import Clock

MOST_KEY_SETS: Final = 500
FRESH_SECONDS: Final = timedelta(minutes=10).total_seconds()
# A site that is away for a while must not lock its client out; a key taken back must end.
LONGEST_SECONDS: Final = timedelta(hours=1).total_seconds()
PAUSE_SECONDS: Final = timedelta(minutes=1).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteKeySet:
    """What came from one address, when it came, and when it was last asked for anew."""

    keys: tuple[ClientKey, ...] | None = None
    loaded_at: float = 0.0
    asked_again_at: float | None = None


class RemoteKeySets:
    """Key sets by their address, the least lately used of too many forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, RemoteKeySet] = OrderedDict()

    def find(self, uri: str) -> tuple[ClientKey, ...] | None:
        """Return the keys from `uri`; None where they have to be fetched first."""
        now = self._clock.monotonic()
        with self._lock:
            known = self._known.get(uri)
            if known is None or known.keys is None:
                return None
            self._known.move_to_end(uri)
        age = now - known.loaded_at
        is_usable = age < FRESH_SECONDS or (age < LONGEST_SECONDS and is_pausing(known, now))
        return known.keys if is_usable else None

    def claim(self, uri: str) -> bool:
        """Tell whether `uri` may be asked now: the first time, then again once a minute."""
        now = self._clock.monotonic()
        with self._lock:
            known = self._known.get(uri)
            if known is None:
                self._known[uri] = RemoteKeySet()
                if len(self._known) > MOST_KEY_SETS:
                    self._known.popitem(last=False)
                return True
            if is_pausing(known, now):
                return False
            self._known[uri] = replace(known, asked_again_at=now)
            return True

    def receive(self, uri: str, body: bytes) -> str:
        """Remember the keys that came from `uri`; return a word on them, or what is wrong."""
        try:
            keys = read_key_set(json.loads(body))
        except KeySetInvalid as fault:
            return str(fault)
        # Deeply nested JSON exhausts the stack.
        except (ValueError, RecursionError):
            return "it is not JSON"
        now = self._clock.monotonic()
        with self._lock:
            known = self._known.get(uri)
            if known is None:
                return "its place is taken"
            self._known[uri] = replace(known, keys=keys, loaded_at=now)
        return "kept"


def is_pausing(known: RemoteKeySet, now: float) -> bool:
    """Tell whether the address was asked again less than a minute ago."""
    return known.asked_again_at is not None and now - known.asked_again_at < PAUSE_SECONDS
