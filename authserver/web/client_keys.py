"""Use cases that need a client's keys from its own site, which only the edge may call."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, ParamSpec, TypeVar

import anyio

from authserver.lane import Lane
from authserver.oidc.client_assertions import ClientKeysStale
from authserver.oidc.remote_key_sets import RemoteKeySets
from authserver.outbound.guarded_caller import GuardedCaller

logger = logging.getLogger(__name__)

ACCEPTED: Final = "application/jwk-set+json, application/json"

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKeys:
    """Runs use cases in the lane; keys that one lacks are fetched, and it is run again."""

    remote: RemoteKeySets
    caller: Callable[[], GuardedCaller]
    lane: Lane
    under_way: dict[str, anyio.Event] = field(default_factory=dict)

    async def run(
        self,
        call: Callable[Arguments, Result],
        /,
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Return what `call` returns; raises what it raises."""
        try:
            return await self.lane.run(call, *arguments, **named)
        except ClientKeysStale as stale:
            await self.fetch(stale.jwks_uri)
        return await self.lane.run(call, *arguments, **named)

    async def fetch(self, uri: str) -> None:
        """Ask for the keys at `uri` if it is time to; whoever comes meanwhile waits along."""
        under_way = self.under_way.get(uri)
        if under_way is not None:
            await under_way.wait()
        elif self.remote.claim(uri):
            done = self.under_way[uri] = anyio.Event()
            try:
                outcome = await self._ask(uri)
            finally:
                del self.under_way[uri]
                done.set()
            logger.info("client_keys.fetched", extra={"outcome": outcome})

    async def _ask(self, uri: str) -> str:
        """Fetch and keep the keys; return how it went, in a word or two."""
        # Reading the trusted authorities for the first call takes a while.
        caller = await self.lane.run(self.caller)
        found = await caller.get(uri, accept=ACCEPTED)
        if found.body is None:
            return found.outcome
        return await self.lane.run(self.remote.receive, uri, found.body)
