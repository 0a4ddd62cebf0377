"""The one place from which the server calls others over HTTP."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import anyio
import httpx

MAX_CONNECTIONS: Final = 20
MAX_ANSWER_OCTETS: Final = 65_536
CONNECT_SECONDS: Final = 2.0
POOL_SECONDS: Final = 1.0
WRITE_SECONDS: Final = 2.0
READ_SECONDS: Final = 5.0
# The parts above are limits of single operations; a server that trickles would outlast them all.
WHOLE_CALL_SECONDS: Final = 10.0


class TargetRefused(ValueError):
    """The address is none that may be called: neither HTTPS nor this machine."""


class NotReached(Exception):
    """No byte of the request left: no connection, no TLS, or no free place in the pool."""


class NoAnswer(Exception):
    """The request may have arrived, but no whole answer came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered; header names are lower case, the body is cut at its cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpCaller:
    """Calls the services that the operator's configuration names."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._client = httpx.AsyncClient(
            trust_env=False,
            verify=trust,
            follow_redirects=False,
            limits=httpx.Limits(
                max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS
            ),
            timeout=httpx.Timeout(
                connect=CONNECT_SECONDS, pool=POOL_SECONDS, write=WRITE_SECONDS, read=READ_SECONDS
            ),
        )

    async def to_operator(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST exactly these bytes to an address that the operator configured.

        Redirects are not followed: they come back as the answer they are.

        Raises:
            TargetRefused: neither HTTPS nor loopback.
            NotReached: certainly nothing arrived.
            NoAnswer: it may have arrived.
        """
        require_protected(url)
        try:
            with anyio.fail_after(WHOLE_CALL_SECONDS):
                return await self._post(url, headers, body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as fault:
            raise NotReached(type(fault).__name__) from fault
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as fault:
            raise NoAnswer(type(fault).__name__) from fault

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        async with self._client.stream("POST", url, headers=headers, content=body) as response:
            received = bytearray()
            async for piece in response.aiter_bytes():
                received += piece
                if len(received) > MAX_ANSWER_OCTETS:
                    break
            return Answer(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=bytes(received[:MAX_ANSWER_OCTETS]),
            )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def require_protected(url: str) -> None:
    """Refuse an address that would be called unprotected, unless it is this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return
    raise TargetRefused("only https addresses may be called, or http on this machine")


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine, by number or by its reserved name (RFC 6761 §6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
