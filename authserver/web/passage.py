"""What every request passes: its id, the flood guard, safe headers, one line in the log."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from authserver.domain.request_context import request_context
from authserver.web.client_address import ClientAddresses
from authserver.web.flood_guard import FloodGuard

logger = logging.getLogger(__name__)

DOUBLED_SLASH: Final = re.compile(r"^//+oidc/")
PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
HSTS: Final = "max-age=31536000"
SAFE_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With no-referrer Chromium would send `Origin: null` on our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
STATIC_CACHE: Final = "public, max-age=3600"
FIRST_ERROR: Final = 400
NO_ROUTE: Final = "none"

Observe = Callable[[str, str, int, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A pure ASGI middleware around the whole application."""

    application: ASGIApp
    addresses: ClientAddresses
    flood_guard: FloodGuard
    observe: Observe
    is_secure: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what goes wrong is logged here and nowhere else."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        self.normalise(scope)
        started = time.perf_counter()
        answer = Answer(send=send, headers=self.headers_for(scope["path"]))
        with request_context():
            try:
                await self.pass_on(scope, receive, answer)
            except Exception:
                # Starlette has answered with a page; the trace belongs to the log alone.
                logger.exception("request.failed", extra={"route": route_of(scope)})
            self.note(scope, answer, time.perf_counter() - started)

    async def pass_on(self, scope: Scope, receive: Receive, answer: "Answer") -> None:
        """Let a request in unless its source has had its share of this minute."""
        request = Request(scope)
        path = scope["path"]
        guarded = path not in PROBES and not path.startswith("/static/")
        if guarded and not self.flood_guard.admits(self.addresses.source_of(request)):
            refusal = PlainTextResponse(
                "Too many requests. Please wait a minute.\n",
                status_code=429,
                headers={"Retry-After": "60"},
            )
            await refusal(scope, receive, answer)
            return
        await self.application(scope, receive, answer)

    def normalise(self, scope: Scope) -> None:
        """Read `//oidc/` as `/oidc/`: SDKs join an endpoint that ends with a slash so.

        No identifier in a path holds NUL, and PostgreSQL takes none.
        """
        path = DOUBLED_SLASH.sub("/oidc/", scope["path"].replace("\x00", "\ufffd"))
        if path != scope["path"]:
            scope["path"] = path
            scope["raw_path"] = path.encode()

    def headers_for(self, path: str) -> dict[str, str]:
        """Return the headers of answers that do not set them themselves."""
        headers = dict(SAFE_HEADERS)
        if path.startswith("/static/"):
            headers["Cache-Control"] = STATIC_CACHE
        if self.is_secure:
            headers["Strict-Transport-Security"] = HSTS
        return headers

    def note(self, scope: Scope, answer: "Answer", seconds: float) -> None:
        """Count the request and write its line: the route, never path, query or body."""
        route, method = route_of(scope), scope["method"]
        self.observe(route, method, answer.status, seconds)
        logger.info(
            "request.handled",
            extra={
                "method": method,
                "route": route,
                "status": answer.status,
                "milliseconds": round(seconds * 1000, 1),
                "source": self.addresses.source_of(Request(scope)),
            },
        )


@dataclass(slots=True)
class Answer:
    """Sends messages on, with the safe headers added, and remembers the status."""

    send: Send
    headers: Mapping[str, str]
    status: int = 500

    async def __call__(self, message: Message) -> None:
        """Send one message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self.headers.items():
                headers.setdefault(name, value)
            if self.status >= FIRST_ERROR:
                headers["Cache-Control"] = "no-store"
        await self.send(message)


def route_of(scope: Scope) -> str:
    """Return the template of the matched route, under which requests are counted."""
    route = scope.get("route")
    return str(getattr(route, "path", NO_ROUTE))
