"""Calls to addresses that clients registered: bounded in size and time, never led elsewhere."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import anyio
import httpx

from authserver.outbound.address_guard import AddressGuard, TargetForbidden
from authserver.outbound.http_caller import Answer, NoAnswer, NotReached

MAX_ANSWER_OCTETS: Final = 65_536
CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 3.0
WHOLE_CALL_SECONDS: Final = 5.0
OK: Final = 200
FAULTS_OF_SERVER: Final = 500


class AnswerTooLarge(NoAnswer):
    """The answer is longer than anything of its kind needs to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What came of asking for a document: its octets, or none; `outcome` says how it went.

    `may_come` tells that nothing speaks against asking again later.
    """

    outcome: str
    body: bytes | None = None
    may_come: bool = False


class GuardedCaller:
    """The one door to clients' addresses (`jwks_uri`, back-channel logout, logos).

    Redirects are not followed; connections are not kept, because one that was made for a name
    must not serve another name at the same address.
    """

    def __init__(self, guard: AddressGuard, trust: ssl.SSLContext) -> None:
        self._guard = guard
        self._client = httpx.AsyncClient(
            trust_env=False,
            verify=trust,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=0),
            timeout=httpx.Timeout(
                connect=CONNECT_SECONDS, pool=1.0, write=CONNECT_SECONDS, read=READ_SECONDS
            ),
        )

    async def get(self, url: str, *, accept: str, most_octets: int = MAX_ANSWER_OCTETS) -> Document:
        """GET a document of so many octets at most; only a plain 200 brings one."""
        try:
            answer = await self._call("GET", url, {"Accept": accept}, most_octets=most_octets)
        except (TargetForbidden, AnswerTooLarge) as fault:
            return Document(outcome=str(fault))
        except (NotReached, NoAnswer) as fault:
            return Document(outcome=str(fault), may_come=True)
        if answer.status == OK:
            return Document(outcome="read", body=answer.body)
        return Document(
            outcome=f"status {answer.status}", may_come=answer.status >= FAULTS_OF_SERVER
        )

    async def post(self, url: str, *, content_type: str, body: bytes) -> Answer:
        """POST exactly these bytes.

        Raises:
            TargetForbidden: the address must not be called.
            NotReached: certainly nothing arrived.
            NoAnswer: it may have arrived, or the answer is too large.
        """
        return await self._call("POST", url, {"Content-Type": content_type}, body=body)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        body: bytes = b"",
        most_octets: int = MAX_ANSWER_OCTETS,
    ) -> Answer:
        try:
            with anyio.fail_after(WHOLE_CALL_SECONDS):
                request = await self._pinned(method, url, headers, body)
                return await self._answer(request, most_octets)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as fault:
            raise NotReached(type(fault).__name__) from fault
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as fault:
            raise NoAnswer(type(fault).__name__) from fault

    async def _pinned(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> httpx.Request:
        target = await self._guard.pin(url)
        return self._client.build_request(
            method,
            target.url,
            headers={
                **headers,
                "Host": target.host,
                "User-Agent": "authserver",
                # A short answer must not unfold into a long one.
                "Accept-Encoding": "identity",
            },
            content=body or None,
            extensions={"sni_hostname": target.server_name},
        )

    async def _answer(self, request: httpx.Request, most_octets: int) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            received = bytearray()
            async for piece in response.aiter_bytes():
                received += piece
                if len(received) > most_octets:
                    raise AnswerTooLarge("the answer is too large")
        finally:
            await response.aclose()
        return Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=bytes(received),
        )
