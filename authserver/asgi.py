"""One ASGI application whose lifespan runs the loops: what every server process serves."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from authserver.composition.server import AuthServer, assemble
from authserver.domain.clock import SystemClock
from authserver.domain.randomness import SystemRandomness
from authserver.settings.sources import load

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


def create_app() -> Application:
    """Return the application for the settings of the environment, for foreign ASGI servers."""
    server = assemble(load(), SystemClock(), SystemRandomness())
    server.prepare()
    return with_loops(server)


def with_loops(server: AuthServer) -> Application:
    """Return the server's application with a lifespan in which its loops run."""
    # Made now, not by the first request.
    inner = server.application

    async def application(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live(server, receive, send)
        else:
            await inner(scope, receive, send)

    return application


async def live(server: AuthServer, receive: Receive, send: Send) -> None:
    """Run the loops from start-up to shutdown (ASGI lifespan protocol)."""
    await receive()
    async with server.loops():
        await send({"type": "lifespan.startup.complete"})
        await receive()
        server.drain()
    server.close()
    await send({"type": "lifespan.shutdown.complete"})
