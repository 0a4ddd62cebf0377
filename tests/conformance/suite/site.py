"""The relying party's own site: what it serves there, and what arrives."""

import json
import ssl
import time
from contextlib import AbstractContextManager
from typing import Self
from urllib.parse import parse_qsl

from tests.support.tls_site import Reply, TlsSite

PATIENCE_SECONDS = 10.0


class PartySite(AbstractContextManager["PartySite"]):
    """Serves documents over TLS 1.3 alone, and takes every post with 200."""

    def __init__(self, context: ssl.SSLContext) -> None:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._documents: dict[str, tuple[str, bytes]] = {}
        self._site = TlsSite(context, self._reply)
        self.origin = self._site.origin

    def __enter__(self) -> Self:
        self._site.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._site.__exit__(None, None, None)

    def serve(self, path: str, content: bytes, media_type: str) -> str:
        """Serve a document, in place of what was there, and return its address."""
        self._documents[path] = (media_type, content)
        return self.origin + path

    def serve_json(self, path: str, document: object) -> str:
        """Serve a document as JSON."""
        return self.serve(path, json.dumps(document).encode(), "application/json")

    def was_asked_for(self, path: str) -> bool:
        """Tell whether somebody got the document."""
        return any(asked == ("GET", path) for asked in self._asked())

    def posted(self, path: str) -> dict[str, str]:
        """Wait for the one form that is posted there."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up_at:
            found = [
                body
                for asked, body in zip(self._asked(), self._site.bodies, strict=False)
                if asked == ("POST", path)
            ]
            if found:
                [body] = found
                return dict(parse_qsl(body.decode(), strict_parsing=True))
            time.sleep(0.02)
        raise AssertionError(f"nothing was posted to {path}")

    def _asked(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _ in list(self._site.asked)]

    def _reply(self, method: str, path: str) -> Reply:
        if method == "POST":
            return 200, {}, b""
        if path not in self._documents:
            return 404, {}, b""
        media_type, content = self._documents[path]
        return 200, {"content-type": media_type}, content
