"""Dispatchers: claim what is owed, send it and record the outcome, until told to drain."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import Final, Generic, Protocol, TypeVar

import anyio

from authserver.domain.unavailable import ServiceUnavailable
from authserver.lane import Lane

logger = logging.getLogger(__name__)

AT_ONCE: Final = 16
LOOKS_EVERY: Final = timedelta(seconds=1)
REST_AFTER_FAULT: Final = timedelta(seconds=2)


class Claimed(Protocol):
    """Something that is owed and was claimed."""

    @property
    def log_fields(self) -> Mapping[str, str]:
        """Return what the log says of it."""


Owed = TypeVar("Owed", bound=Claimed)
Sent = TypeVar("Sent")
Sent_contra = TypeVar("Sent_contra", contravariant=True)


class Bell:
    """Wakes a dispatcher from any thread; a lost ring costs a second, never what is owed."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def hang(self) -> None:
        """Remember the running event loop; before that, ringing does nothing."""
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Wake whoever waits, from the event loop or from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event_set)

    def _event_set(self) -> None:
        self._event.set()

    async def wait(self, longest: timedelta) -> None:
        """Return at the next ring, or after `longest`."""
        with anyio.move_on_after(longest.total_seconds()):
            await self._event.wait()
        self._event = anyio.Event()


class Delivery(Protocol[Owed, Sent_contra]):
    """The use cases around what is sent: of mails, of logout notices."""

    def claim(self, at_most: int) -> list[Owed]:
        """Take what is due under a lease."""

    def record(self, owed: Owed, sent: Sent_contra) -> str:
        """Keep what became of it and return its state."""

    def give_back(self, owed: Sequence[Owed]) -> None:
        """Let others claim it at once."""


class Dispatcher(Generic[Owed, Sent]):
    """Hands over what is owed; no answer to a person waits for it. `name` stands in the log."""

    def __init__(
        self,
        name: str,
        delivery: Delivery[Owed, Sent],
        lane: Lane,
        send: Callable[[Owed], Awaitable[Sent]],
        bell: Bell,
    ) -> None:
        self._name = name
        self._delivery = delivery
        self._lane = lane
        self._send = send
        self._bell = bell
        self._in_hand: dict[int, Owed] = {}
        self._numbers = count()
        self._is_draining = False

    def drain(self) -> None:
        """Claim nothing more; what is in hand is finished."""
        self._is_draining = True
        self._bell.ring()

    async def run(self) -> None:
        """Work until drained; leases of what could not be finished are given back."""
        try:
            async with anyio.create_task_group() as tasks:
                while not self._is_draining:
                    claimed = await self._claim()
                    for owed in claimed:
                        number = next(self._numbers)
                        self._in_hand[number] = owed
                        tasks.start_soon(self._hand_over, number, owed)
                    if not claimed:
                        await self._bell.wait(LOOKS_EVERY)
        finally:
            await self._give_back()

    async def _claim(self) -> list[Owed]:
        room = AT_ONCE - len(self._in_hand)
        if room <= 0:
            await self._bell.wait(LOOKS_EVERY)
            return []
        try:
            return await self._lane.run(self._delivery.claim, room)
        except ServiceUnavailable:
            logger.warning("%s.claim_failed", self._name)
        except Exception:
            # The loop outlives every fault of a single round: something is still owed.
            logger.exception("%s.claim_failed", self._name)
        await anyio.sleep(REST_AFTER_FAULT.total_seconds())
        return []

    async def _hand_over(self, number: int, owed: Owed) -> None:
        try:
            sent = await self._send(owed)
            state = await self._lane.run(self._delivery.record, owed, sent)
        except Exception:
            # The lease runs out and it is claimed again.
            logger.exception("%s.hand_over_failed", self._name)
        else:
            logger.info("%s.settled", self._name, extra={**owed.log_fields, "state": state})
        self._in_hand.pop(number, None)
        self._bell.ring()

    async def _give_back(self) -> None:
        left = list(self._in_hand.values())
        if left:
            with anyio.CancelScope(shield=True):
                await self._lane.run(self._delivery.give_back, left)
