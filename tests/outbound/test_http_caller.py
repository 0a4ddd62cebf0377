import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from socket import socket

import pytest

from authserver.outbound.http_caller import HttpCaller, NoAnswer, NotReached, TargetRefused
from authserver.outbound.trust import trusting_context
from tests.support.certificates import loopback_certificate
from tests.support.direct_mail import DirectMailServer, Fault

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def trust() -> ssl.SSLContext:
    return trusting_context()


@pytest.fixture
async def caller(trust: ssl.SSLContext) -> AsyncIterator[HttpCaller]:
    caller = HttpCaller(trust)
    yield caller
    await caller.close()


async def test_the_bytes_of_a_call_arrive_as_they_were_given(caller: HttpCaller) -> None:
    with DirectMailServer() as server:
        body = b"a=1&b=%20*~"

        answer = await caller.to_operator(server.url, headers={"x-own": "kept"}, body=body)

        assert answer.status == 400
        assert server.service.calls[0].body == body
        assert server.service.calls[0].headers["x-own"] == "kept"


@pytest.mark.parametrize(
    "url", ["http://dm.aliyuncs.com/", "http://10.0.0.1/", "ftp://localhost/", "localhost:80"]
)
async def test_an_unprotected_address_is_refused_unless_it_is_this_machine(
    caller: HttpCaller, url: str
) -> None:
    with pytest.raises(TargetRefused):
        await caller.to_operator(url, headers={}, body=b"")


async def test_a_port_without_a_server_is_not_reached(caller: HttpCaller) -> None:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    with pytest.raises(NotReached):
        await caller.to_operator(f"http://127.0.0.1:{port}/", headers={}, body=b"")


async def test_a_connection_cut_after_the_request_gives_no_answer(caller: HttpCaller) -> None:
    with DirectMailServer() as server:
        server.service.misbehave(Fault.CUT_BEFORE)

        with pytest.raises(NoAnswer):
            await caller.to_operator(server.url, headers={}, body=b"x")


async def test_a_redirect_is_an_answer_and_is_not_followed(caller: HttpCaller) -> None:
    with DirectMailServer() as server:
        server.service.misbehave(Fault.REDIRECT)

        answer = await caller.to_operator(server.url, headers={}, body=b"x")

        assert answer.status == 307
        assert len(server.service.calls) == 1


async def test_a_proxy_named_in_the_environment_is_not_used(
    trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    caller = HttpCaller(trust)
    with DirectMailServer() as server:
        answer = await caller.to_operator(server.url, headers={}, body=b"x")

    assert answer.status == 400
    await caller.close()


async def test_a_certificate_of_an_unknown_authority_is_not_reached_until_its_file_is_named(
    caller: HttpCaller, tmp_path: Path
) -> None:
    trusted, context = loopback_certificate(tmp_path)
    with DirectMailServer() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = f"https://localhost:{server.server_port}/"

        with pytest.raises(NotReached):
            await caller.to_operator(url, headers={}, body=b"x")
        believing = HttpCaller(trusting_context(trusted))
        answer = await believing.to_operator(url, headers={}, body=b"x")

        assert answer.status == 400
        await believing.close()
