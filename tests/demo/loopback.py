"""Real HTTP on the loopback interface, for applications that live in the test's own process."""

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

START_SECONDS = 10.0


class Host:
    """One server on one port; the application behind it changes from test to test.

    Starting and stopping a server takes much longer than most tests do.
    """

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"
        config = uvicorn.Config(self, log_level="error", ws="none", lifespan="off")
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._application: Starlette | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._application is None:
            raise RuntimeError("No application is hosted just now.")
        await self._application(scope, receive, send)

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    @contextmanager
    def hosting(self, application: Starlette) -> Iterator[None]:
        """Serve the application, from its start-up to its shutdown."""
        lifespan = application.router.lifespan_context(application)
        self._wait_for(lifespan.__aenter__())
        self._application = application
        try:
            yield
        finally:
            self._application = None
            self._wait_for(lifespan.__aexit__(None, None, None))

    def _run(self) -> None:
        self._loop.run_until_complete(self._server.serve(sockets=[self._listener]))
        self._loop.close()

    def _wait_for(self, step: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(step, self._loop).result(START_SECONDS)
