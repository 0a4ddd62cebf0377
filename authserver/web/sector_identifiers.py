"""Documents at `sector_identifier_uri`, which only the edge may fetch."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, Final, ParamSpec, TypeVar

from authserver.lane import Lane
from authserver.oidc.sector_identifiers import SectorDocument, SectorUnread
from authserver.outbound.address_guard import TargetForbidden
from authserver.outbound.guarded_caller import GuardedCaller
from authserver.outbound.http_caller import NoAnswer, NotReached

logger = logging.getLogger(__name__)

ACCEPTED: Final = "application/json"
OK: Final = 200

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorDocuments:
    """Runs use cases in the lane; a sector that one lacks is fetched, and it is run again."""

    caller: Callable[[], GuardedCaller]
    lane: Lane

    async def run(
        self,
        call: Callable[Concatenate[SectorDocument | None, Arguments], Result],
        /,
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Return what `call` returns; raises what it raises."""
        try:
            return await self.lane.run(call, None, *arguments, **named)
        except SectorUnread as unread:
            sector = await self._fetch(unread)
        return await self.lane.run(call, sector, *arguments, **named)

    async def _fetch(self, unread: SectorUnread) -> SectorDocument:
        """Return the document; raises SectorUnread where it cannot be had.

        The client is not told why, or it could look around in networks it has no way into.
        """
        outcome, body = await self._ask(unread.uri)
        logger.info("sector_identifier.fetched", extra={"outcome": outcome})
        if body is None:
            raise unread
        return SectorDocument(unread.uri, body)

    async def _ask(self, uri: str) -> tuple[str, bytes | None]:
        try:
            # Reading the trusted authorities for the first call takes a while.
            caller = await self.lane.run(self.caller)
            answer = await caller.get(uri, accept=ACCEPTED)
        except (TargetForbidden, NotReached, NoAnswer) as fault:
            return str(fault), None
        if answer.status != OK:
            return f"status {answer.status}", None
        return "read", answer.body
