"""The hash chain of the audit log: what it says of each event, and how it can be broken."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hmac import compare_digest

from authserver.domain.audit_events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """An event as it is kept; `position` is its place in the chain, None while it waits."""

    id: int
    happened_at: datetime
    event: AuditEvent
    position: int | None = None
    digest: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEnd:
    """Where the chain ends: place and digest of its last event, under a MAC of a secret key.

    Whoever writes into the database alone can compute every digest anew, but not this MAC.
    """

    position: int = 0
    digest: bytes = b""
    key_id: str = ""
    mac: bytes = b""


class Break(StrEnum):
    """What is wrong with a chain."""

    ALTERED = "altered"
    MISSING = "missing"
    SURPLUS = "surplus"
    OTHER_END = "other_end"
    KEY_GONE = "key_gone"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the chain and the digest there, as somebody noted them elsewhere."""

    position: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first place where the chain does not hold."""

    what: Break
    position: int
    event_id: int | None = None
    key_id: str | None = None


def digest_of(recorded: RecordedEvent, position: int, previous: bytes) -> bytes:
    """Return the SHA-256 of an event at its place, and of all events before it."""
    event = recorded.event
    facts = [
        position,
        recorded.id,
        recorded.happened_at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.kind,
        event.subject,
        event.client_id,
        event.source,
        event.detail,
        previous.hex(),
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).digest()


def first_break(events: Iterable[RecordedEvent | None], end: ChainEnd) -> Broken | None:
    """Return the first place where events, in the order of their places, leave the chain.

    None stands for an event that cannot be read any more.
    """
    position, previous = 0, b""
    for recorded in events:
        position += 1
        if recorded is None:
            return Broken(what=Break.ALTERED, position=position)
        if recorded.position != position:
            return Broken(what=Break.MISSING, position=position)
        digest = digest_of(recorded, position, previous)
        if not compare_digest(recorded.digest or b"", digest):
            return Broken(what=Break.ALTERED, position=position, event_id=recorded.id)
        previous = digest
    if position < end.position:
        return Broken(what=Break.MISSING, position=position + 1)
    if not compare_digest(previous, end.digest):
        return Broken(what=Break.OTHER_END, position=position)
    return None
