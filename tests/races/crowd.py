"""Requests that reach a server at the same instant, each over a connection of its own."""

import asyncio
from collections.abc import Sequence

import httpx

PATIENCE_SECONDS = 90.0
REST_SECONDS = 0.5
BUSY = 503


class Crowd:
    """Sends many requests at once; a server that is busy is asked again, as browsers do."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.sent = 0
        self.busy = 0

    def send(self, requests: Sequence[httpx.Request]) -> list[httpx.Response]:
        """Send all requests together and return their answers, in order."""
        return asyncio.run(self._insist(requests))

    async def _insist(self, requests: Sequence[httpx.Request]) -> list[httpx.Response]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            answers = await self._send_together(requests)
            while busy := [at for at, answer in enumerate(answers) if answer.status_code == BUSY]:
                self.busy += len(busy)
                await asyncio.sleep(REST_SECONDS)
                again = await self._send_together([requests[at] for at in busy])
                for at, answer in zip(busy, again, strict=True):
                    answers[at] = answer
        return answers

    async def _send_together(self, requests: Sequence[httpx.Request]) -> list[httpx.Response]:
        """Open every connection first, so that the requests then leave within milliseconds."""
        self.sent += len(requests)
        connections = await asyncio.gather(
            *(asyncio.open_connection("127.0.0.1", self._port) for _ in requests)
        )
        for request, (_, writer) in zip(requests, connections, strict=True):
            writer.write(on_the_wire(request))
        contents = await asyncio.gather(*(reader.read() for reader, _ in connections))
        for _, writer in connections:
            writer.close()
        return [
            read_answer(request, content)
            for request, content in zip(requests, contents, strict=True)
        ]


def on_the_wire(request: httpx.Request) -> bytes:
    """Return the request as HTTP/1.1 has it; the connection ends with its answer."""
    skipped = {b"connection", b"accept-encoding"}
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [
        b"%s: %s" % (name, value)
        for name, value in request.headers.raw
        if name.lower() not in skipped
    ]
    return b"\r\n".join([*lines, b"Connection: close", b"", request.read()])


def read_answer(request: httpx.Request, content: bytes) -> httpx.Response:
    """Return the answer; none at all, or half of one, is a fault of the server."""
    head, _, body = content.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    if not status.startswith(b"HTTP/1.1 "):
        raise AssertionError(f"no answer to {request.method} {request.url}: {content[:200]!r}")
    headers = [tuple(line.split(b": ", 1)) for line in lines]
    answer = httpx.Response(
        int(status.split(b" ")[1]),
        headers=[(name, value) for name, value in headers],
        content=body,
        request=request,
    )
    if len(body) != int(answer.headers.get("Content-Length", len(body))):
        raise AssertionError(f"half an answer to {request.method} {request.url}")
    return answer
