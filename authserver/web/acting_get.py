"""Routes of GETs that change something, as OpenID Connect has them."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def acting_get(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    """Return a route for GET alone: HEAD, which promises to change nothing, is refused."""
    route = Route(path, endpoint, methods=["GET"])
    route.methods = {"GET"}
    return route
