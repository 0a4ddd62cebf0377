"""Calls from the shop's server to the provider: bounded in time and size, JSON only."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx

from authserver.demo.failures import ProviderDownError

CALL_SECONDS = 10.0
MAX_ANSWER_BYTES = 256 * 1024
SERVER_FAULT = 500

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAnswer:
    """A status and the JSON object of the body; the object is empty when there was none."""

    status: int
    body: JsonObject

    @property
    def is_success(self) -> bool:
        """Say whether the provider did what it was asked for."""
        return self.status == HTTPStatus.OK

    @property
    def error(self) -> str:
        """Return the error code of RFC 6749 §5.2, or the status when the body names none."""
        code = self.body.get("error")
        return code if isinstance(code, str) else f"http_{self.status}"


class ProviderCaller:
    """The shop's one HTTP client; usable while it is entered as a context manager."""

    def __init__(self) -> None:
        self._http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        self._http = httpx.AsyncClient(
            timeout=CALL_SECONDS, trust_env=False, headers={"Accept": "application/json"}
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._http is not None:
            await self._http.aclose()
        self._http = None

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> ProviderAnswer:
        """Fetch a document; raise `ProviderDownError` when no usable answer comes."""
        return await self._call(self._open_client().build_request("GET", url, headers=headers))

    async def post_form(
        self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]
    ) -> ProviderAnswer:
        """Send a form; raise `ProviderDownError` when no usable answer comes."""
        request = self._open_client().build_request("POST", url, data=fields, headers=headers)
        return await self._call(request)

    async def _call(self, request: httpx.Request) -> ProviderAnswer:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                status, content = await self._bounded_answer(request)
        except (TimeoutError, httpx.HTTPError) as error:
            raise ProviderDownError(f"{type(error).__name__} at {request.url.path}") from error
        if status >= SERVER_FAULT or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise ProviderDownError(f"status {status} at {request.url.path}")
        return ProviderAnswer(status=status, body=_json_object(content))

    async def _bounded_answer(self, request: httpx.Request) -> tuple[int, bytes]:
        answer = await self._open_client().send(request, stream=True, follow_redirects=False)
        try:
            content = bytearray()
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > MAX_ANSWER_BYTES:
                    raise ProviderDownError(f"answer too long at {request.url.path}")
        finally:
            await answer.aclose()
        return answer.status_code, bytes(content)

    def _open_client(self) -> httpx.AsyncClient:
        if self._http is None:
            raise RuntimeError("The shop calls the provider only while it is running.")
        return self._http


def _json_object(content: bytes) -> JsonObject:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
