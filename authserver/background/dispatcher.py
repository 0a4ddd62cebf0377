"""The mail dispatcher: claim, send and record, until told to drain."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import anyio

from authserver.delivery.outgoing_mail import MailDelivery, MailToSend
from authserver.domain.outgoing_mail import Attempt
from authserver.domain.unavailable import ServiceUnavailable
from authserver.lane import Lane

logger = logging.getLogger(__name__)

MAILS_AT_ONCE: Final = 16
LOOKS_EVERY: Final = timedelta(seconds=1)
REST_AFTER_FAULT: Final = timedelta(seconds=2)


class Bell:
    """Wakes the dispatcher from any thread; a lost ring costs a second, never a mail."""

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


class MailDispatcher:
    """Hands over the mails that are owed; no answer to a person waits for it."""

    def __init__(
        self,
        delivery: MailDelivery,
        lane: Lane,
        send: Callable[[MailToSend], Awaitable[list[Attempt]]],
        bell: Bell,
    ) -> None:
        self._delivery = delivery
        self._lane = lane
        self._send = send
        self._bell = bell
        self._in_hand: dict[str, MailToSend] = {}
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
                    for mail in claimed:
                        self._in_hand[mail.mail.id] = mail
                        tasks.start_soon(self._hand_over, mail)
                    if not claimed:
                        await self._bell.wait(LOOKS_EVERY)
        finally:
            await self._give_back()

    async def _claim(self) -> list[MailToSend]:
        room = MAILS_AT_ONCE - len(self._in_hand)
        if room <= 0:
            await self._bell.wait(LOOKS_EVERY)
            return []
        try:
            return await self._lane.run(self._delivery.claim, room)
        except ServiceUnavailable:
            logger.warning("mail.claim_failed")
        except Exception:
            # The loop outlives every fault of a single round: mails are still owed.
            logger.exception("mail.claim_failed")
        await anyio.sleep(REST_AFTER_FAULT.total_seconds())
        return []

    async def _hand_over(self, mail: MailToSend) -> None:
        try:
            attempts = await self._send(mail)
            state = await self._lane.run(self._delivery.record, mail.mail, attempts)
        except Exception:
            # The lease runs out and the mail is claimed again.
            logger.exception("mail.hand_over_failed")
        else:
            logger.info("mail.settled", extra={"mail": mail.mail.id, "state": state})
        self._in_hand.pop(mail.mail.id, None)
        self._bell.ring()

    async def _give_back(self) -> None:
        left = [mail.mail for mail in self._in_hand.values()]
        if left:
            with anyio.CancelScope(shield=True):
                await self._lane.run(self._delivery.give_back, left)
