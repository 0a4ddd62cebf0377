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
    Place,
    RecordedEvent,
    digest_of,
    first_break,
)
from authserver.domain.clock import Clock
from authserver.storage.unit_of_work import Storage, UnitOfWork

logger = logging.getLogger(__name__)

BATCH: Final = 500
# A call that has begun is finished also where the server is about to stop.
MOST_BATCHES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a look at the chain found; `waiting` events have no place in it yet."""

    end: ChainEnd
    waiting: int
    waiting_since: datetime | None = None
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

        `account` is a subject or an address; the subject of a deleted account will do. Raises
        ChainBroken where a row cannot be read.
        """
        if isinstance(since, timedelta):
            since = self.clock.now() - since
        try:
            with self.storage.reading() as work:
                subject = None if account is None else subject_of(work, account)
                return work.audit_events.recent(
                    subject=subject, client_id=client_id, since=since, at_most=at_most
                )
        except (ValueError, TypeError) as fault:
            raise ChainBroken("An event cannot be read: run `authserver audit verify`.") from fault

    def chain(self) -> int:
        """Give waiting events their places, some thousands at most; return how many got one.

        The end of the chain comes under the newest key, so that an older one can go. Nothing is
        put behind an end that is not of our making: that would hide what was done.
        """
        total = 0
        for _ in range(MOST_BATCHES):
            with self.storage.reading() as work:
                if self._is_settled(work):
                    break
            with self.storage.writing() as work:
                end = work.audit_events.hold_end()
                broken = outside(work, end) or self._fault_of(end)
                if broken is not None:
                    tell(broken)
                    break
                chained = self._put_in_place(work, end)
                work.commit()
            if end == ChainEnd():
                # To whom reads the log elsewhere: an old chain does not begin anew by itself.
                logger.info("audit.chain_begun", extra={"events": chained})
            total += chained
            if chained < BATCH:
                break
        return total

    def glance(self) -> Verdict:
        """Look at the end of the chain alone."""
        with self.storage.reading() as work:
            end = work.audit_events.end()
            broken = outside(work, end) or self._fault_of(end)
            return self._verdict(work, end, broken)

    def verify(self, expected: Place | None = None) -> Verdict:
        """Walk along the whole chain and name the first place where it does not hold.

        With `expected` the digest at that place must be the one that somebody noted.
        """
        with self.storage.reading() as work:
            end = work.audit_events.end()
            return self._verdict(work, end, self._broken(work, end, expected))

    def seal_anew(self) -> Verdict:
        """Put the end of a chain that holds under the newest key, where its own key is lost.

        Raises ChainBroken where anything else is wrong with it.
        """
        with self.storage.writing() as work:
            end = work.audit_events.hold_end()
            broken = self._broken(work, end, None)
            if broken is not None and broken.what is not Break.KEY_GONE:
                raise ChainBroken(
                    "Only a chain whose secret key is lost can be put under another one; "
                    "`authserver audit verify` says what is wrong with this one."
                )
            if broken is not None:
                work.audit_events.move_end(self._sealed(end))
                work.commit()
        return self.verify()

    def _broken(self, work: UnitOfWork, end: ChainEnd, expected: Place | None) -> Broken | None:
        return (
            first_break(chained(work, end), end)
            or surplus(work, end)
            or unexpected(work, end, expected)
            or self._fault_of(end)
        )

    def _verdict(self, work: UnitOfWork, end: ChainEnd, broken: Broken | None) -> Verdict:
        return Verdict(
            end=end,
            waiting=work.audit_events.count_waiting(),
            waiting_since=work.audit_events.oldest_waiting(),
            broken=broken,
        )

    def _is_settled(self, work: UnitOfWork) -> bool:
        is_newest = work.audit_events.end().key_id in {"", self.deriver.keys.newest_id}
        return is_newest and not work.audit_events.is_any_waiting()

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


def surplus(work: UnitOfWork, end: ChainEnd) -> Broken | None:
    """Tell whether more events have a place than the chain has, counting all of them."""
    is_more = work.audit_events.count_surplus() > 0
    return Broken(what=Break.SURPLUS, position=end.position) if is_more else None


def outside(work: UnitOfWork, end: ChainEnd) -> Broken | None:
    """Tell whether an event stands outside of the chain, without counting."""
    is_any = work.audit_events.is_any_outside()
    return Broken(what=Break.SURPLUS, position=end.position) if is_any else None


def tell(broken: Broken) -> None:
    """Say in the log why no event gets its place."""
    if broken.what is Break.KEY_GONE:
        # Another server may have the newer key in front already.
        logger.warning("audit.key_missing", extra={"key": broken.key_id})
    else:
        logger.error("audit.chain_broken", extra={"what": broken.what, "place": broken.position})


def unexpected(work: UnitOfWork, end: ChainEnd, expected: Place | None) -> Broken | None:
    """Tell whether another digest stands at a place than the one that was noted."""
    if expected is None:
        return None
    found = work.audit_events.chained(expected.position - 1, expected.position, 1)
    digest = (found[0].digest if found else None) or b""
    if expected.position <= end.position and compare_digest(digest, expected.digest):
        return None
    return Broken(what=Break.UNEXPECTED, position=expected.position)


def chained(work: UnitOfWork, end: ChainEnd) -> Iterator[RecordedEvent | None]:
    """Yield the events of the chain by their places; None, and no more, for an unreadable one."""
    after = 0
    while after < end.position:
        try:
            batch = work.audit_events.chained(after, end.position, BATCH)
        except (ValueError, TypeError):
            yield from one_by_one(work, after, end)
            return
        yield from batch
        if not batch:
            return
        after = batch[-1].position or end.position


def one_by_one(work: UnitOfWork, after: int, end: ChainEnd) -> Iterator[RecordedEvent | None]:
    """Yield the events behind a place, each asked for by itself."""
    for position in range(after + 1, end.position + 1):
        try:
            yield from work.audit_events.chained(position - 1, position, 1)
        except (ValueError, TypeError):
            yield None
            return


def subject_of(work: UnitOfWork, reference: str) -> str:
    """Return the subject of an account that is there, or was."""
    try:
        return wanted(work, reference).subject
    except AccountUnknown:
        if "@" in reference:
            raise
        return reference
