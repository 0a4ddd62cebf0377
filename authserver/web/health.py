"""Whether the server lives, whether it may be sent requests, and what it counts."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from authserver.domain.unavailable import ServiceUnavailable
from authserver.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRoutes:
    """`/healthz`, `/readyz`, `/metrics`: on the main listener, or on one of their own."""

    readiness: Callable[[], list[str]]
    metrics: Callable[[], tuple[bytes, str]]
    lane: Lane

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/healthz", self.health, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/metrics", self.measure, methods=["GET"]),
        ]

    async def health(self, request: Request) -> Response:
        """Say that the process answers; nothing else is asked."""
        return PlainTextResponse("ok\n")

    async def ready(self, request: Request) -> Response:
        """Say whether requests are welcome, with the reasons where they are not."""
        try:
            reasons = await self.lane.run(self.readiness)
        except ServiceUnavailable:
            reasons = ["database"]
        body = {"ready": not reasons, "reasons": reasons}
        return JSONResponse(
            body, status_code=503 if reasons else 200, headers={"Cache-Control": "no-store"}
        )

    async def measure(self, request: Request) -> Response:
        """Return the metrics in the format of Prometheus."""
        body, media_type = await self.lane.run(self.metrics)
        return Response(body, media_type=media_type)
