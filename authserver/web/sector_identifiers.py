"""Documents at `sector_identifier_uri`, which only the edge may fetch."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, Final, ParamSpec, TypeVar

from authserver.lane import Lane
from authserver.oidc.sector_identifiers import SectorDocument, SectorUnread
from authserver.outbound.guarded_caller import GuardedCaller

logger = logging.getLogger(__name__)

ACCEPTED: Final = "application/json"

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
        # Reading the trusted authorities for the first call takes a while.
        caller = await self.lane.run(self.caller)
        found = await caller.get(unread.uri, accept=ACCEPTED)
        logger.info("sector_identifier.fetched", extra={"outcome": found.outcome})
        if found.body is None:
            raise unread
        return SectorDocument(unread.uri, found.body)
