"""A whole server inside the test's process: real storage, real loops, a clock that is moved."""

import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from sqlalchemy import text

from authserver.administration.clients import NewClient
from authserver.cli.serving import listening
from authserver.composition.server import AuthServer, assemble
from authserver.domain.clients import ClientKind
from authserver.mail.outbox_folder import KeptMail, read_outbox
from authserver.settings.sources import load
from tests.support.known_randomness import KnownRandomness
from tests.support.person import Person
from tests.support.stopped_clock import StoppedClock

ENDPOINT: Final = "http://localhost:3001"
SECRET_KEY: Final = "the one secret key of all tests and long enough to be taken"
CALLBACK: Final = "http://localhost:3000/callback"
HOME: Final = "http://localhost:3000"
IN_HAND = text(
    "SELECT id FROM outgoing_mails WHERE state = 'sending' AND lower(address) = :address"
)
PATIENCE_SECONDS: Final = 10.0


class Provider:
    """One assembled server with its loops running, and the browsers in front of it."""

    def __init__(
        self, server: AuthServer, clock: StoppedClock, portal: BlockingPortal, outbox: Path
    ) -> None:
        self.server = server
        self.clock = clock
        self.endpoint = server.loaded.settings.endpoint
        self.issuer = self.endpoint + "/oidc"
        self._portal = portal
        self._outbox = outbox
        self._read: dict[str, int] = {}
        self._open = ExitStack()

    def http(self, *, source: str = "127.0.0.1") -> httpx.Client:
        """Return a browser without redirects of its own: cookies are kept, pages are not run."""
        return self._open.enter_context(self.browser(source=source))

    def browser(self, *, source: str) -> httpx.Client:
        """Return such a browser for the caller to close: who needs thousands, keeps few open."""
        transport = PortalTransport(self.server, self._portal, source)
        return httpx.Client(transport=transport, base_url=self.endpoint)

    def person(self, *, source: str = "127.0.0.1") -> Person:
        """Return somebody with a browser of their own, who reads their mail."""
        return Person(self.http(source=source), self.code_for, endpoint=self.endpoint)

    def mails(self, address: str) -> list[KeptMail]:
        """Return the mails sent to `address` so far, newest first."""
        return read_outbox(self._outbox, address)

    def code_for(self, address: str) -> str:
        """Wait for the next unread mail to `address` that has a code, and return the code."""
        code = self._next(address, lambda mail: mail["code"] is not None)["code"]
        assert code is not None
        return code

    def next_mail(self, address: str) -> KeptMail:
        """Wait for a mail to `address` that has not been read and return it."""
        return self._next(address, lambda _: True)

    def _next(self, address: str, is_wanted: Callable[[KeptMail], bool]) -> KeptMail:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            mails = self.mails(address)
            unread = mails[: len(mails) - self._read.get(address, 0)]
            wanted = next(filter(is_wanted, unread), None)
            if wanted is not None and self._is_settled(address):
                self._read[address] = len(mails)
                return wanted
            time.sleep(0.01)
        raise AssertionError(f"no such mail came for {address}")

    def _is_settled(self, address: str) -> bool:
        """Tell whether no mail to `address` is in hand: past its lease it would be sent anew."""
        with self.server.storage.reading() as work:
            in_hand = work.connection.execute(IN_HAND, {"address": address.lower()})
            return in_hand.first() is None

    def run(self, call: Callable[[], Awaitable[object]]) -> object:
        """Run what waits for others, in the event loop of everything else."""
        return self._portal.call(call)

    def new_client(
        self, *, kind: ClientKind = ClientKind.WEB, requires_pkce: bool = True
    ) -> NewClient:
        """Register a client with the usual addresses."""
        return self.server.clients.create(
            name="Bookstore",
            kind=kind,
            redirect_uris=[CALLBACK],
            post_logout_redirect_uris=[HOME],
            requires_pkce=requires_pkce,
        )

    @contextmanager
    def listening(self, listener: socket.socket) -> Iterator[None]:
        """Answer over a socket, too, in the event loop of everything else."""
        http = listening(self.server.application, listener, has_lifespan=False)
        served = self._portal.start_task_soon(http.run)
        try:
            yield
        finally:
            http.end()
            served.result(PATIENCE_SECONDS)

    def close(self) -> None:
        """Close every browser."""
        self._open.close()


class PortalTransport(httpx.BaseTransport):
    """Calls the application in its own event loop, as if from another machine."""

    def __init__(self, server: AuthServer, portal: BlockingPortal, source: str) -> None:
        self._portal = portal
        self._inner = httpx.ASGITransport(server.application, client=(source, 40000))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._portal.call(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        asked = httpx.Request(request.method, request.url, headers=request.headers, content=content)
        response = await self._inner.handle_async_request(asked)
        return httpx.Response(
            response.status_code, headers=response.headers, content=await response.aread()
        )


@contextmanager
def running_provider(
    folder: Path,
    database_url: str,
    *,
    settings: Mapping[str, str] | None = None,
    randomness_seed: int = 0,
    clock: StoppedClock | None = None,
) -> Iterator[Provider]:
    """Yield a prepared server whose loops run until the end."""
    stopped = clock or StoppedClock()
    loaded = load(
        environment={
            "AUTHSERVER_ENDPOINT": ENDPOINT,
            "AUTHSERVER_DATA_DIR": str(folder),
            "AUTHSERVER_DATABASE_URL": database_url,
            "AUTHSERVER_SECRET_KEYS": SECRET_KEY,
            **(settings or {}),
        }
    )
    server = assemble(loaded, stopped, KnownRandomness(randomness_seed))
    try:
        server.prepare()
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(server.loops()):
            provider = Provider(server, stopped, portal, folder / "outbox")
            yield provider
            provider.close()
    finally:
        server.close()
