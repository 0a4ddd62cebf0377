"""Copies of configuration in memory, dropped when the version of their kind has moved."""

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

from authserver.domain.audit_events import AuditEvent
from authserver.domain.clock import Clock
from authserver.domain.configuration import ConfigurationKind
from authserver.storage.unit_of_work import Storage, Told, UnitOfWork

Value = TypeVar("Value")

SECONDS_BETWEEN_LOOKS: Final = 1.0
MOST_COPIES_OF_A_KIND: Final = 1000


class ConfigurationCache:
    """What a process remembers of configuration; changes elsewhere are seen within a second.

    Never call it inside a unit of work: it opens one of its own.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._lock = threading.Lock()
        self._copies: dict[ConfigurationKind, dict[str, Any]] = {}
        self._versions: dict[str, int] = {}
        self._looked_at: float | None = None
        storage.on_commit(self._hear)

    def get(self, kind: ConfigurationKind, name: str, load: Callable[[UnitOfWork], Value]) -> Value:
        """Return the copy of `name`, or what `load` reads where there is none; None is not kept."""
        self._look_at_versions()
        with self._lock:
            copies = self._copies.setdefault(kind, {})
            if name in copies:
                known: Value = copies[name]
                return known
        with self._storage.reading() as work:
            loaded = load(work)
        with self._lock:
            # A change that came while loading has replaced `copies`: then this is not kept.
            if loaded is not None and self._copies.get(kind) is copies:
                if len(copies) >= MOST_COPIES_OF_A_KIND:
                    copies.clear()
                copies[name] = loaded
        return loaded

    def at_hand(self, kind: ConfigurationKind, name: str) -> Any | None:
        """Return the copy of `name` where that needs no look at the database, else None."""
        now = self._clock.monotonic()
        with self._lock:
            return self._copies.get(kind, {}).get(name) if self._is_recent(now) else None

    def _is_recent(self, now: float) -> bool:
        return self._looked_at is not None and now - self._looked_at < SECONDS_BETWEEN_LOOKS

    def _look_at_versions(self) -> None:
        now = self._clock.monotonic()
        with self._lock:
            if self._is_recent(now):
                return
            self._looked_at = now
        with self._storage.reading() as work:
            versions = work.configuration.versions()
        with self._lock:
            for kind in ConfigurationKind:
                if versions.get(kind) != self._versions.get(kind):
                    self._copies.pop(kind, None)
            self._versions = versions

    def _hear(self, notices: frozenset[Told], events: tuple[AuditEvent, ...]) -> None:
        changed = [kind for kind in notices if isinstance(kind, ConfigurationKind)]
        if changed:
            with self._lock:
                self._looked_at = None
                # The others stay: opening the signing keys, for one, takes some 100 ms.
                for kind in changed:
                    self._copies.pop(kind, None)
