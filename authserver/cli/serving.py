"""HTTP servers in this process: how they start, and how they end in order."""

import asyncio
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

FINISH_WITHIN_SECONDS: Final = 20
LONGEST_HEAD: Final = 32 * 1024
KEEP_ALIVE_SECONDS: Final = 15
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
STANDARD_INPUT: Final = 0
ENDED_BY_SIGNAL: Final = 128

Application = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate with its chain, and its private key, both PEM."""

    cert_file: Path
    key_file: Path


class BoundedProtocol(HttpToolsProtocol):
    """Ends a connection whose request line and headers are longer than anybody needs.

    The parser itself has no limit: a stranger could fill the memory before any guard is asked.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_left = LONGEST_HEAD
        self._in_head = True

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._head_left, self._in_head = LONGEST_HEAD, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: what follows is a body, which its reader bounds."""
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take what has arrived."""
        super().data_received(data)
        if self._in_head:
            self._head_left -= len(data)
            if self._head_left < 0 and not self.transport.is_closing():
                self.send_400_response("The head of the request is too long.")


class HttpServer(uvicorn.Server):
    """A server that leaves signals to its command."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing: several servers of one process end together, in order."""
        yield


@dataclass(frozen=True, slots=True)
class Listening:
    """A server and the socket it serves."""

    server: HttpServer
    listener: socket.socket

    async def run(self) -> None:
        """Serve until told to end, and finish what has begun."""
        await self.server.serve(sockets=[self.listener])

    def end(self) -> None:
        """Stop accepting and finish within 20 seconds."""
        self.server.should_exit = True


def listening(
    application: Application,
    listener: socket.socket,
    certificate: Certificate | None = None,
    *,
    has_lifespan: bool,
) -> Listening:
    """Return a server over a socket; it logs no requests and believes no forwarding header."""
    config = uvicorn.Config(
        application,
        http=BoundedProtocol,
        ws="none",
        lifespan="on" if has_lifespan else "off",
        interface="asgi3",
        log_config=None,
        # Its lines would hold query strings, hence codes.
        access_log=False,
        # Whose forwarding headers count is decided by the server itself.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=FINISH_WITHIN_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ssl_certfile=None if certificate is None else certificate.cert_file,
        ssl_keyfile=None if certificate is None else certificate.key_file,
    )
    try:
        config.load()
    except ssl.SSLError as fault:
        raise click.ClickException(f"The certificate cannot be used: {fault.reason}.") from fault
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return Listening(HttpServer(config), listener)


async def serve_until(
    ending: asyncio.Event, mains: Sequence[Listening], aside: Sequence[Listening] = ()
) -> None:
    """Serve until `ending`; those `aside` answer until all the others have finished."""
    async with asyncio.TaskGroup() as group:
        aside_tasks = [group.create_task(each.run()) for each in aside]
        main_tasks = [group.create_task(each.run()) for each in mains]
        waiting = group.create_task(ending.wait())
        # A server that cannot start ends before it is told to: then all of them end.
        await asyncio.wait([waiting, *main_tasks], return_when=asyncio.FIRST_COMPLETED)
        for each in mains:
            each.end()
        await asyncio.wait(main_tasks)
        for each in aside:
            each.end()
        await asyncio.gather(*aside_tasks)
        waiting.cancel()


class Ending:
    """The first signal ends the process in order, a second one at once."""

    def __init__(self, on_first: Callable[[], None]) -> None:
        self.event = asyncio.Event()
        self._on_first = on_first

    def begin(self) -> None:
        """Begin to end; further calls change nothing."""
        if not self.event.is_set():
            self._on_first()
            self.event.set()

    def obey_signals(self) -> None:
        """End on SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._hear, number)

    def obey_parent(self) -> None:
        """End on SIGTERM, or once the parent has gone; what a terminal sends is its business.

        Some supervisors signal every process of a service: so a worker that hears SIGTERM
        twice has not been told to hurry.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.begin)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        loop.add_reader(STANDARD_INPUT, self._lose_parent)

    def _hear(self, number: int) -> None:
        if self.event.is_set():
            # Nothing is left to be put in order: whatever is open is meant to break.
            os._exit(ENDED_BY_SIGNAL + number)
        self.begin()

    def _lose_parent(self) -> None:
        if not os.read(STANDARD_INPUT, 1):
            asyncio.get_running_loop().remove_reader(STANDARD_INPUT)
            self.begin()


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` in the fastest event loop there is."""
    factory = uvicorn.Config(None, log_config=None).get_loop_factory()  # type: ignore[arg-type]  # no application is loaded to choose a loop
    try:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(main)
    except SystemExit as failure:
        # The HTTP server has logged why it could not start.
        sys.exit(1 if failure.code else 0)
