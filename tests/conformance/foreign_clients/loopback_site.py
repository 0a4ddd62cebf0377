"""An application in the browser: its site on this machine, and somebody who visits it."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.conformance.foreign_clients.node_scripts import NODE_FOLDER
from tests.support.person import Inbox

CONTENT_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript"}
MODULES = "/modules/"


class LoopbackSite:
    """Serves one page at every path, its settings, and the packages below `/modules/`."""

    def __init__(self, page: str) -> None:
        self.settings: Mapping[str, object] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                kind, body = site.found(path)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        self._page = NODE_FOLDER / "pages" / page
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self.server.server_address[1]}"

    def found(self, path: str) -> tuple[str, bytes]:
        """Return the type and the bytes of what is at the path."""
        if path == "/settings.js":
            settings = f"const settings = {json.dumps(self.settings)};"
            return CONTENT_TYPES[".js"], settings.encode()
        if path.startswith(MODULES):
            file = NODE_FOLDER / "node_modules" / path.removeprefix(MODULES)
            return CONTENT_TYPES[".js"], file.read_bytes()
        return CONTENT_TYPES[".html"], self._page.read_bytes()


@contextmanager
def open_site(page: str) -> Iterator[LoopbackSite]:
    """Serve a page of the folder `pages` on a port of its own."""
    site = LoopbackSite(page)
    thread = threading.Thread(target=site.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        thread.join()
        site.server.server_close()


class Visitor:
    """Somebody at a real browser, in front of the site and of the provider's pages."""

    def __init__(self, page: Page, site: LoopbackSite, inbox: Inbox) -> None:
        self.page = page
        self._site = site
        self._inbox = inbox

    def open_site(self) -> None:
        """Open the application's page."""
        self.page.goto(f"{self._site.origin}/")

    # What a library returns is JSON: each test knows what it asked for.
    def run(self, script: str, argument: object = None) -> Any:
        """Run a script in the application's page and return what it comes to."""
        return self.page.evaluate(script, argument)

    def sign_in(self, email: str) -> str:
        """Sign in at the provider's pages and return where the application is told of it."""
        self._fill("email", email)
        self._fill("code", self._inbox(email))
        self._until(lambda path: path.endswith(("/create-account", "/callback")))
        if self.page.url.endswith("/create-account"):
            self._press("/create-account")
        self._until(lambda path: path == "/callback")
        return self.page.url

    def sign_out(self) -> str:
        """Confirm the sign-out if asked, and return where the application is told of it."""
        self._until(lambda path: path in {"/oidc/session/end", "/signed-out"})
        if self.page.url.startswith(self._site.origin):
            return self.page.url
        self._press("/sign-out")
        self._until(lambda path: path == "/signed-out")
        return self.page.url

    def _fill(self, field: str, text: str) -> None:
        self.page.locator(f"input[name={field}]").fill(text)
        self.page.locator(f"form:has(input[name={field}]) button").first.click()

    def _press(self, action: str) -> None:
        self.page.locator(f"form[action$='{action}'] button").first.click()

    def _until(self, arrived: Callable[[str], bool]) -> None:
        self.page.wait_for_url(lambda url: arrived(urlsplit(url).path))
