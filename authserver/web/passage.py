"""What every request passes: its id, the flood guard, safe headers, one line in the log."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from authserver.domain.request_context import request_context
from authserver.oidc.errors import TemporarilyUnavailable
from authserver.web.client_address import ClientAddresses
from authserver.web.cross_origin import CrossOrigin
from authserver.web.error_responses import FLOOD_SECONDS, client_error, is_called_by_client
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
# The way of an authorization request, from its first answer to the redirect to the client.
WALKED_IN_WINDOWS: Final = (
    "/oidc/auth",
    "/sign-in/",
    "/register/",
    "/forgot-password/",
    "/consent/",
    "/language",
)
STATIC_CACHE: Final = "public, max-age=3600"
FIRST_ERROR: Final = 400
NO_ROUTE: Final = "none"

Observe = Callable[[str, str, int, float], None]


@dataclass(slots=True, kw_only=True)
class Passage:
    """A pure ASGI middleware around the whole application.

    Clients have a guard of their own: a server behind one address calls for many people.
    """

    application: ASGIApp
    addresses: ClientAddresses
    flood_guard: FloodGuard
    guard_of_clients: FloodGuard
    cross_origin: CrossOrigin
    observe: Observe
    renew: Callable[[], Awaitable[None]]
    flooded: Callable[[Request], Response]
    is_secure: bool
    has_warned: bool = False

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
        self.warn_of_stranger(request)
        path = scope["path"]
        for_client = is_called_by_client(path)
        guard = self.guard_of_clients if for_client else self.flood_guard
        guarded = path not in PROBES and not path.startswith("/static/")
        if guarded and not guard.admits(self.addresses.source_of(request)):
            response = client_refusal(path) if for_client else self.flooded(request)
            await response(scope, receive, self.cross_origin.refusing(scope, answer))
            return
        if guarded and not for_client:
            await self.renew()
        await self.application(scope, receive, await self.cross_origin.answering(scope, answer))

    def warn_of_stranger(self, request: Request) -> None:
        """Say once that a forwarding header does not count: most likely a proxy is not named."""
        if not self.has_warned and self.addresses.is_forwarded_by_stranger(request):
            self.has_warned = True
            logger.warning(
                "proxy.not_trusted",
                extra={"advice": "name the proxy's network in AUTHSERVER_TRUSTED_PROXIES"},
            )

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
        if path.startswith(WALKED_IN_WINDOWS):
            # An application may have opened a window for it: one answer without the opener, and
            # the window could never report back.
            headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
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


def client_refusal(path: str) -> Response:
    """Return the answer to the source of a client that has had its share."""
    told = TemporarilyUnavailable("too many requests; wait a minute")
    response = client_error(path, told, 429)
    response.headers["Retry-After"] = str(FLOOD_SECONDS)
    return response


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
