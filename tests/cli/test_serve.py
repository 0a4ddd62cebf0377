"""Server processes: how they start, share a port, and end."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run
from tests.support.certificates import loopback_certificate
from tests.support.server_process import ServerProcess, free_port

PATIENCE_SECONDS = 20.0
HALF_A_REQUEST = (
    b"POST /oidc/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\ngrant_"
)


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """Return a folder with a prepared data folder in it."""
    (tmp_path / "server").mkdir()
    subprocess.run(  # noqa: S603 - both paths are the test's own
        ["/bin/cp", "-a", str(prepared), str(tmp_path / "server" / "data")], check=True
    )
    return tmp_path / "server"


def eventually(is_so: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def refuses_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def status_at_the_end(server: ServerProcess) -> int:
    """Wait until the server has ended by itself, without another signal."""
    ended = os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    server.stop()
    return ended.si_status


def workers_of(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(child) for child in children.read_text().split()]


def test_a_server_told_to_end_finishes_the_request_in_hand(folder: Path) -> None:
    server = ServerProcess(folder)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(HALF_A_REQUEST)
        time.sleep(0.3)
        os.kill(server.pid, signal.SIGTERM)
        assert eventually(lambda: refuses_connections(server.port))
        connection.sendall(b"type=x")

        assert connection.recv(12) == b"HTTP/1.1 401"

    assert status_at_the_end(server) == 0


def test_a_second_signal_ends_the_server_at_once(folder: Path) -> None:
    server = ServerProcess(folder)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(HALF_A_REQUEST)
        time.sleep(0.3)
        os.kill(server.pid, signal.SIGTERM)
        assert eventually(lambda: refuses_connections(server.port))

        assert server.stop() == 128 + signal.SIGTERM


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed in /proc")
def test_a_worker_that_dies_is_started_again(folder: Path) -> None:
    with ServerProcess(folder, workers=2) as server:
        assert eventually(lambda: len(workers_of(server.pid)) == 2)
        first, second = workers_of(server.pid)

        os.kill(first, signal.SIGKILL)

        assert eventually(lambda: first not in workers_of(server.pid))
        assert eventually(lambda: len(workers_of(server.pid)) == 2)
        assert second in workers_of(server.pid)
        assert httpx.get(f"{server.endpoint}/healthz", trust_env=False).is_success
        assert server.stop() == 0


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed in /proc")
def test_workers_do_not_outlive_their_parent(folder: Path) -> None:
    server = ServerProcess(folder, workers=2)
    server.start()
    workers = workers_of(server.pid)

    os.kill(server.pid, signal.SIGKILL)

    assert len(workers) == 2
    assert eventually(lambda: refuses_connections(server.port))
    server.kill()


def test_what_a_terminal_sends_to_all_processes_ends_them_in_order(folder: Path) -> None:
    server = ServerProcess(folder, workers=2)
    server.start()

    os.killpg(server.pid, signal.SIGINT)

    assert status_at_the_end(server) == 0


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[int]:
    """Run a server that answers at the port yielded, and see that it ends in order."""
    port = free_port()
    inherited = os.environ  # noqa: TID251 - handed on to the child
    process = subprocess.Popen(  # noqa: S603 - the command is spelled out here
        [sys.executable, "-m", "authserver", "serve", "--port", str(port)],
        env={**inherited, "AUTHSERVER_DATA_DIR": str(folder / "data"), **settings},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout as announced:
        assert b"Serving" in announced.readline()
    try:
        yield port
    finally:
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0


def test_health_and_metrics_may_have_a_listener_of_their_own(folder: Path) -> None:
    port = free_port()

    with serving(folder, AUTHSERVER_MANAGEMENT_BIND=f"127.0.0.1:{port}"):
        answers = [
            httpx.get(f"http://127.0.0.1:{port}/{name}", trust_env=False, timeout=20.0)
            for name in ("healthz", "readyz", "metrics")
        ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_the_server_speaks_tls_of_version_1_2_and_later_by_itself(folder: Path) -> None:
    trusted, _ = loopback_certificate(folder)
    tls = {
        "AUTHSERVER_ENDPOINT": "https://localhost",
        "AUTHSERVER_TLS__CERT_FILE": str(trusted),
        "AUTHSERVER_TLS__KEY_FILE": str(folder / "private.pem"),
    }
    trusting = ssl.create_default_context(cafile=trusted)

    with serving(folder, **tls) as port:
        answer = httpx.get(
            f"https://localhost:{port}/healthz", verify=trusting, trust_env=False, timeout=20.0
        )

    assert answer.is_success
    assert "server" not in answer.headers


def test_a_certificate_that_is_none_is_told_in_a_sentence(run: Run, folder: Path) -> None:
    letter = folder / "letter.txt"
    letter.write_text("Dear reader, this is no certificate.")
    tls = {"AUTHSERVER_TLS__CERT_FILE": str(letter), "AUTHSERVER_TLS__KEY_FILE": str(letter)}

    result = run("serve", "--port", "0", **tls)

    assert result.exit_code == 1
    assert "The certificate cannot be used" in result.stderr


def test_a_port_in_use_is_told_in_a_sentence(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", "--port", str(taken.getsockname()[1]))

    assert result.exit_code == 1
    assert "Address already in use" in result.stderr


def test_the_outbox_is_refused_where_others_can_reach_the_server(run: Run) -> None:
    result = run("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - must be refused

    assert result.exit_code == 1
    assert "AUTHSERVER_ALLOW_OUTBOX" in result.stderr
