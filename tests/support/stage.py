"""Provider and Bookstore on ports of their own, both inside the test's process."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from authserver.cli.listeners import listen, port_of
from authserver.demo.application import create_bookstore
from authserver.domain.clients import ClientKind
from authserver.domain.clock import SystemClock
from tests.demo.loopback import Host
from tests.support.person import BROWSER_HEADERS, Person
from tests.support.provider import Provider, running_provider
from tests.support.stopped_clock import StoppedClock

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# A browser that is used by one test after the other is one source for the provider.
ROOM = {
    "AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "100000",
    "AUTHSERVER_LIMITS__REQUESTS_PER_SOURCE_MINUTE": "1000000",
}


class Stage:
    """A provider that listens, a shop in front of it, and the people who come."""

    def __init__(self, provider: Provider, shop: str, listening: ExitStack) -> None:
        self.provider = provider
        self.shop = shop
        self._listening = listening
        self._open = ExitStack()

    def visitor(self) -> Person:
        """Return somebody with a browser of their own."""
        http = self._open.enter_context(
            httpx.Client(headers=BROWSER_HEADERS, trust_env=False, timeout=20.0)
        )
        return Person(http, self.provider.code_for, endpoint=self.provider.endpoint)

    def take_provider_down(self) -> None:
        """Let the provider answer nobody any more."""
        self._listening.close()

    def close(self) -> None:
        """Close every browser."""
        self._open.close()


@contextmanager
def open_stage(
    folder: Path, database_url: str, *, settings: Mapping[str, str] | None = None
) -> Iterator[Stage]:
    """Yield provider and shop; their time stands still at the moment of the opening.

    The shop has the clock of a stranger: it would not believe tokens of another time.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(listen("127.0.0.1", 0))
        endpoint = f"http://localhost:{port_of(listener)}"
        provider = stack.enter_context(
            running_provider(
                folder,
                database_url,
                settings={"AUTHSERVER_ENDPOINT": endpoint, **ROOM, **(settings or {})},
                clock=StoppedClock(SystemClock().now()),
            )
        )
        listening = stack.enter_context(ExitStack())
        listening.enter_context(provider.listening(listener))
        host = stack.enter_context(Host())
        made = provider.server.clients.create(
            name="Bookstore",
            kind=ClientKind.WEB,
            redirect_uris=[f"{host.url}/callback"],
            post_logout_redirect_uris=[host.url],
        )
        shop = create_bookstore(
            provider=endpoint,
            client_id=made.client.id,
            client_secret="" if made.secret is None else made.secret.reveal(),
            base_url=host.url,
            templates=TEMPLATES,
            inbox_url=f"{endpoint}/dev/mail",
        )
        stack.enter_context(host.hosting(shop))
        stage = Stage(provider, host.url, listening)
        stack.callback(stage.close)
        yield stage
