"""A real server process on a port of its own, with its command line."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx
from sqlalchemy import NullPool, create_engine, inspect

from tests.support.person import DevInbox

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 30.0


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def has_schema(url: str) -> bool:
    """Tell whether a database was migrated: the command for it takes as long as a start."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        return inspect(engine).has_table("alembic_version")
    finally:
        engine.dispose()


def tls_settings(certificate: Path) -> dict[str, str]:
    """Return the settings of a server with the certificate of a folder."""
    return {
        "AUTHSERVER_TLS__CERT_FILE": str(certificate / "trusted.pem"),
        "AUTHSERVER_TLS__KEY_FILE": str(certificate / "private.pem"),
    }


class ServerProcess:
    """`authserver serve` on SQLite, or on the database given, with the outbox sender.

    With a folder of `loopback_certificate` it speaks TLS, otherwise plain HTTP.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        workers: int = 1,
        settings: Mapping[str, str] | None = None,
        certificate: Path | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data_dir = folder / "data"
        self.log = folder / "server.log"
        self.port = free_port()
        self.endpoint = f"{'http' if certificate is None else 'https'}://localhost:{self.port}"
        # Loading the world's certificates takes longer than all else here.
        self.trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if certificate is not None:
            self.trust.load_verify_locations(certificate / "trusted.pem")
        self.inbox = DevInbox(self.endpoint, self.trust)
        self._folder = folder
        self._workers = workers
        # SQLite is brought in order by the start itself.
        self._is_on_postgres = database_url is not None and database_url.startswith("postgres")
        self.settings = {
            "AUTHSERVER_ENDPOINT": self.endpoint,
            "AUTHSERVER_DATA_DIR": str(self.data_dir),
            **({} if database_url is None else {"AUTHSERVER_DATABASE_URL": database_url}),
            **({} if certificate is None else tls_settings(certificate)),
            **(settings or {}),
        }
        bind = self.settings.get("AUTHSERVER_MANAGEMENT_BIND")
        self.health = self.endpoint if bind is None else f"http://{bind}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Return the process id; the server must be running."""
        if self._process is None:
            raise RuntimeError("The server is not running.")
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it says that it is ready."""
        if self._is_on_postgres and not has_schema(self.settings["AUTHSERVER_DATABASE_URL"]):
            self.authserver("migrate")
        command = ["serve", "--port", str(self.port)]
        if self._workers > 1:
            command += ["--workers", str(self._workers)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the command is spelled out above
                [sys.executable, "-m", "authserver", *command],
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> int:
        """Ask the server to end (SIGTERM), kill it if it does not, and return its exit status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.terminate()
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise AssertionError(f"no end after SIGTERM\n{self.log_tail()}") from None

    def kill(self) -> None:
        """End the server and its workers at once, as a power cut does."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    # An object or a list, as the command has it: the caller knows which one it asked.
    def authserver(self, *arguments: str) -> Any:
        """Run a command against this server's data and return its JSON document."""
        done = self.run(*arguments, "--json")
        if done.returncode != 0:
            raise AssertionError(f"authserver {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command against this server's data, to its end, however it ends."""
        return subprocess.run(  # noqa: S603 - arguments come from the test itself
            [sys.executable, "-m", "authserver", *arguments],
            cwd=self._folder,
            env=self._environment() | settings,
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
        )

    def log_tail(self) -> str:
        """Return the end of what the server wrote."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up_at:
            if process.poll() is not None:
                raise AssertionError(f"ended with {process.returncode}\n{self.log_tail()}")
            if self._is_ready():
                return
            time.sleep(0.05)
        raise AssertionError(f"not ready after {START_SECONDS} s\n{self.log_tail()}")

    def _is_ready(self) -> bool:
        try:
            answer = httpx.get(
                f"{self.health}/readyz", trust_env=False, timeout=5.0, verify=self.trust
            )
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()  # noqa: TID251 - handed on to the child
            if not name.startswith("AUTHSERVER_")
        }
        return {**inherited, "PYTHONPATH": str(PROJECT), **self.settings}
