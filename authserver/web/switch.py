"""Routes that exist only while an operator has switched something on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authserver.lane import Lane
from authserver.web.error_responses import ErrorPages

Routes = list[Route]
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Answers 404 while it is off."""

    is_on: Callable[[], bool]
    lane: Lane
    errors: ErrorPages

    def routes(self, *routes: Route) -> Routes:
        """Return the same routes behind the switch."""
        return [
            Route(route.path, self.guarded(route.endpoint), methods=sorted(route.methods or ()))
            for route in routes
        ]

    def guarded(self, handler: Handler) -> Handler:
        """Return the handler, asked only while the switch is on."""

        async def answer(request: Request) -> Response:
            if not await self.lane.run(self.is_on):
                return self.errors.page(request, 404)
            return await handler(request)

        return answer
