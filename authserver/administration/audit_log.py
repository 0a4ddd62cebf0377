"""The audit log: what happened, chained by hashes, and whether the chain holds."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from authserver.administration.accounts import wanted
from authserver.administration.mistakes import AccountUnknown, ChainBroken
from authserver.crypto.deriver import Deriver
from authserver.domain.audit_chain import (
    Break,
    Broken,
    ChainEnd,
    RecordedEvent,
    digest_of,
    first_break,
)
from authserver.domain.clock import Clock
from authserver.storage.unit_of_work import Storage, UnitOfWork

logger = logging.getLogger(__name__)

BATCH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a walk along the chain found; `waiting` events have no place in it yet."""

    events: int
    waiting: int
    broken: Broken | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLog:
    """Shows events, gives them their places in the chain, and verifies it."""

    storage: Storage
    deriver: Deriver
    clock: Clock

    def recent(
        self,
        *,
        account: str | None = None,
        client_id: str | None = None,
        since: datetime | timedelta | None = None,
        at_most: int,
    ) -> Sequence[RecordedEvent]:
        """Return the newest events first; `since` is an instant, or how long ago it was.

        `account` is a subject or an address; the subject of a deleted account will do.
        """
        if isinstance(since, timedelta):
            since = self.clock.now() - since
        with self.storage.reading() as work:
            subject = None if account is None else subject_of(work, account)
            return work.audit_events.recent(
                subject=subject, client_id=client_id, since=since, at_most=at_most
            )

    def chain(self) -> int:
        """Give waiting events their places; return how many got one.

        The end of the chain comes under the newest key, so that an older one can go. Nothing is
        put behind an end that is not of our making: that would hide what was done.
        """
        total = 0
        while True:
            with self.storage.reading() as work:
                if self._is_settled(work):
                    return total
            with self.storage.writing() as work:
                end = work.audit_events.hold_end()
                if self._fault_of(end) is not None:
                    logger.error("audit.chain_broken", extra={"events": end.position})
                    return total
                chained = self._put_in_place(work, end)
                work.commit()
            total += chained
            if chained < BATCH:
                return total

    def glance(self) -> Verdict:
        """Look at the end of the chain alone."""
        with self.storage.reading() as work:
            end = work.audit_events.end()
            waiting = work.audit_events.count_waiting()
        return Verdict(events=end.position, waiting=waiting, broken=self._fault_of(end))

    def verify(self) -> Verdict:
        """Walk along the whole chain and name the first place where it does not hold."""
        with self.storage.reading() as work:
            end = work.audit_events.end()
            broken = first_break(chained(work, end), end) or self._fault_of(end)
            surplus = work.audit_events.count_surplus()
            waiting = work.audit_events.count_waiting()
        if broken is None and surplus:
            broken = Broken(what=Break.SURPLUS, position=end.position + 1)
        return Verdict(events=end.position, waiting=waiting, broken=broken)

    def seal_anew(self) -> Verdict:
        """Put the end of a chain that holds under the newest key, where its own key is lost.

        Raises ChainBroken where anything else is wrong with it.
        """
        verdict = self.verify()
        if verdict.broken is None:
            return verdict
        if verdict.broken.what is not Break.KEY_GONE:
            raise ChainBroken("Only a chain whose secret key is lost can be put under another one.")
        with self.storage.writing() as work:
            end = work.audit_events.hold_end()
            work.audit_events.move_end(self._sealed(end))
            work.commit()
        return self.verify()

    def _is_settled(self, work: UnitOfWork) -> bool:
        is_newest = work.audit_events.end().key_id in {"", self.deriver.keys.newest_id}
        return is_newest and not work.audit_events.waiting(1)

    def _put_in_place(self, work: UnitOfWork, end: ChainEnd) -> int:
        position, digest = end.position, end.digest
        placed = []
        for recorded in work.audit_events.waiting(BATCH):
            position += 1
            digest = digest_of(recorded, position, digest)
            placed.append(replace(recorded, position=position, digest=digest))
        if placed:
            work.audit_events.put_in_place(placed)
        work.audit_events.move_end(self._sealed(ChainEnd(position=position, digest=digest)))
        return len(placed)

    def _sealed(self, end: ChainEnd) -> ChainEnd:
        key_id = self.deriver.keys.newest_id
        mac = self.deriver.chain_end(end.position, end.digest, key_id) or b""
        return replace(end, key_id=key_id, mac=mac)

    def _fault_of(self, end: ChainEnd) -> Broken | None:
        """Return what is wrong with the end itself; nobody has sealed that of an empty chain."""
        if end == ChainEnd():
            return None
        if not end.key_id:
            return Broken(what=Break.OTHER_END, position=end.position)
        expected = self.deriver.chain_end(end.position, end.digest, end.key_id)
        if expected is None:
            return Broken(what=Break.KEY_GONE, position=end.position, key_id=end.key_id)
        if not compare_digest(expected, end.mac):
            return Broken(what=Break.OTHER_END, position=end.position)
        return None


def chained(work: UnitOfWork, end: ChainEnd) -> Iterator[RecordedEvent]:
    """Yield the events of the chain by their places."""
    after = 0
    while batch := work.audit_events.chained(after, end.position, BATCH):
        yield from batch
        after = batch[-1].position or end.position


def subject_of(work: UnitOfWork, reference: str) -> str:
    """Return the subject of an account that is there, or was."""
    try:
        return wanted(work, reference).subject
    except AccountUnknown:
        if "@" in reference:
            raise
        return reference
