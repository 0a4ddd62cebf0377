"""Which web pages may call the provider from a browser, and read what it answers (Fetch, CORS)."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

from authserver.domain.unavailable import ServiceUnavailable
from authserver.lane import Lane

CALLED_FROM_PAGES: Final = ("/oidc/token", "/oidc/me", "/oidc/token/revocation")
READABLE: Final = {"Access-Control-Expose-Headers": "Retry-After, WWW-Authenticate"}
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}


@dataclass(slots=True, kw_only=True)
class CrossOrigin:
    """Lets pages of the clients' origins read every answer, whoever makes it.

    The origins are looked up before the request is handled: once a code is spent nothing may
    come between it and its answer. Where they cannot be had, those known last count.
    """

    origins: Callable[[], frozenset[str]]
    lane: Lane
    known: frozenset[str] = frozenset()

    async def answering(self, scope: Scope, send: Send) -> Send:
        """Return what sends the answer to a request that is about to be handled."""
        if origin_of(scope) is not None:
            # Whatever handles the request meets the same trouble, and says so.
            with suppress(ServiceUnavailable):
                self.known = await self.lane.run(self.origins)
        return self.refusing(scope, send)

    def refusing(self, scope: Scope, send: Send) -> Send:
        """Return what sends an answer for which nothing shall be looked up."""
        origin = origin_of(scope)
        if origin is None:
            return send
        allowed = headers_for(scope, origin) if origin in self.known else {}

        async def passed_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                headers.update(allowed)
            await send(message)

        return passed_on


def origin_of(scope: Scope) -> str | None:
    """Return the origin of the page that calls, where pages may call at all."""
    return Headers(scope=scope).get("origin") if scope["path"] in CALLED_FROM_PAGES else None


def headers_for(scope: Scope, origin: str) -> Mapping[str, str]:
    """Return what tells the browser of `origin` that its page may read the answer."""
    named = PREFLIGHT if scope["method"] == "OPTIONS" else READABLE
    return {"Access-Control-Allow-Origin": origin, **named}
