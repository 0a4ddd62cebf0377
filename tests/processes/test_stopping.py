"""A server that is told to end: probes hear of it, and nothing in hand is lost."""

import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.processes.smtp import arena_of, code_of, eventually, letters, sending_over
from tests.support.server_process import ServerProcess, free_port
from tests.support.smtp_server import Script, SmtpServer

HALF_A_REQUEST = (
    b"POST /oidc/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\ngrant_"
)


def readiness(server: ServerProcess) -> httpx.Response:
    return httpx.get(f"{server.health}/readyz", trust_env=False)


def test_probes_are_told_while_the_last_requests_are_finished(tmp_path: Path) -> None:
    settings = {"AUTHSERVER_MANAGEMENT_BIND": f"127.0.0.1:{free_port()}"}
    server = ServerProcess(tmp_path, settings=settings)
    with server, socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(HALF_A_REQUEST)
        before = readiness(server)
        os.kill(server.pid, signal.SIGTERM)

        assert eventually(lambda: readiness(server).status_code == httpx.codes.SERVICE_UNAVAILABLE)
        assert before.json() == {"ready": True, "reasons": []}
        assert readiness(server).json() == {"ready": False, "reasons": ["draining"]}
        connection.sendall(b"type=x")
        assert connection.recv(12) == b"HTTP/1.1 401"
        os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
        assert server.stop() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_without_work_ends_at_once_with_status_0(tmp_path: Path, workers: int) -> None:
    server = ServerProcess(tmp_path, workers=workers)
    server.start()

    assert server.stop() == 0


def test_a_mail_in_the_hands_of_a_sender_that_hangs_is_sent_by_the_next_process(
    tmp_path: Path,
) -> None:
    with SmtpServer(Script(hangs=frozenset({"CONTENT"}))) as smtp:
        server = sending_over(smtp, tmp_path)
        server.start()
        arena = arena_of(server)
        with arena.before_address() as somebody:
            somebody.person.submit(somebody.form, email=somebody.address)
        assert eventually(lambda: len(smtp.received) == 1)

        assert server.stop() == 0
        unfinished = arena.ledger.mail_states(somebody.address)
        smtp.script.hangs = frozenset()
        tried = len(smtp.received)
        with server:
            assert eventually(lambda: len(smtp.received) > tried)
            assert eventually(lambda: arena.ledger.mail_states(somebody.address) == ["accepted"])
        arena.close()

    assert unfinished == ["queued"]
    assert len({code_of(letter) for letter in letters(smtp)}) == 1
    assert len({letter["Message-ID"] for letter in letters(smtp)}) == 1
