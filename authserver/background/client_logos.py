"""Fetches the logos that clients name, never while a page waits."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import anyio

from authserver.delivery.client_logos import ClientLogoDelivery
from authserver.domain.client_logos import ACCEPTED_LOGOS, MOST_LOGO_OCTETS, LogoToFetch
from authserver.domain.clients import ClientId
from authserver.domain.unavailable import ServiceUnavailable
from authserver.lane import Lane
from authserver.outbound.guarded_caller import GuardedCaller

logger = logging.getLogger(__name__)

# Strangers choose these sites: slow ones must leave room for calls that people wait for.
AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoFetcher:
    """Looks at logos that are due: right after a registration, else as an errand."""

    delivery: ClientLogoDelivery
    caller: Callable[[], GuardedCaller]
    lane: Lane
    room: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(AT_ONCE))

    async def fetch_now(self, client_id: ClientId) -> None:
        """Fetch the logo of a client that has just registered; without room, the errand will.

        Whatever goes wrong here is no fault of the registration.
        """
        try:
            self.room.acquire_nowait()
        except anyio.WouldBlock:
            return
        try:
            await self._fetch(client_id)
        except ServiceUnavailable:
            logger.warning("client_logo.postponed", extra={"client": client_id})
        finally:
            self.room.release()

    async def run(self) -> str:
        """Fetch what is due, a few at once."""
        due = await self.lane.run(self.delivery.due)
        async with anyio.create_task_group() as tasks:
            for client_id in due:
                tasks.start_soon(self._fetch_in_turn, client_id)
        return f"{len(due)} looked at"

    async def _fetch_in_turn(self, client_id: ClientId) -> None:
        async with self.room:
            await self._fetch(client_id)

    async def _fetch(self, client_id: ClientId) -> None:
        owed = await self.lane.run(self.delivery.claim, client_id)
        if owed is not None:
            outcome = await self._ask(owed)
            logger.info("client_logo.fetched", extra={"client": client_id, "outcome": outcome})

    async def _ask(self, owed: LogoToFetch) -> str:
        """Fetch and keep one logo; return how it went, in a few words."""
        caller = await self.lane.run(self.caller)
        found = await caller.get(owed.uri, accept=ACCEPTED_LOGOS, most_octets=MOST_LOGO_OCTETS)
        if found.body is not None:
            return await self.lane.run(self.delivery.keep, owed, found.body)
        await self.lane.run(self.delivery.wait if found.may_come else self.delivery.miss, owed)
        return found.outcome
