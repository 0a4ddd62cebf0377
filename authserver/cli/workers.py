"""Several server processes over the same sockets, and the parent that keeps them running."""

import asyncio
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from authserver.cli.serving import ENDED_BY_SIGNAL, SIGNALS

logger = logging.getLogger(__name__)

SHORTEST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 30.0
LIVED_LONG_SECONDS: Final = 60.0
# prometheus_client takes the folder from the environment and from nowhere else.
METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCommand:
    """How a worker is started: arguments of `authserver`, and the sockets it inherits."""

    arguments: Sequence[str]
    listeners: Sequence[socket.socket]


class Worker:
    """One whole server process, started again whenever it ends unasked."""

    def __init__(self, number: int, command: WorkerCommand, metrics_folder: str) -> None:
        self._number = number
        self._command = command
        self._metrics_folder = metrics_folder
        self._process: asyncio.subprocess.Process | None = None
        self._is_ending = asyncio.Event()

    async def keep_running(self) -> None:
        """Run the process until told to end; pause ever longer where it does not live long."""
        pause = SHORTEST_PAUSE_SECONDS
        while not self._is_ending.is_set():
            lived = await self._run_once()
            if self._is_ending.is_set():
                return
            if lived >= LIVED_LONG_SECONDS:
                pause = SHORTEST_PAUSE_SECONDS
            await self._rest(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def end(self) -> None:
        """Let the process finish what it does."""
        self._is_ending.set()
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once."""
        self._send(signal.SIGKILL)

    async def _run_once(self) -> float:
        clock = asyncio.get_running_loop()
        started = clock.time()
        # The pipe is never written to: it closes when this process is gone, and the worker ends.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "authserver",
            *self._command.arguments,
            stdin=asyncio.subprocess.PIPE,
            pass_fds=[listener.fileno() for listener in self._command.listeners],
            env={
                **os.environ,  # noqa: TID251 - handed on to the worker, which reads its settings
                METRICS_FOLDER: self._metrics_folder,
            },
        )
        if self._is_ending.is_set():
            self._send(signal.SIGTERM)
        status = await self._process.wait()
        if not self._is_ending.is_set():
            logger.error("worker.died", extra={"worker": self._number, "status": status})
        return clock.time() - started

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._is_ending.wait(), seconds)
        except TimeoutError:
            return

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)


async def supervise(command: WorkerCommand, workers: int) -> None:
    """Keep so many workers running until a signal; a second one ends them at once."""
    with tempfile.TemporaryDirectory(prefix="authserver-metrics-") as metrics_folder:
        crew = [Worker(number, command, metrics_folder) for number in range(1, workers + 1)]
        is_ending = False

        def hear(number: int) -> None:
            nonlocal is_ending
            if is_ending:
                for worker in crew:
                    worker.kill()
                os._exit(ENDED_BY_SIGNAL + number)
            is_ending = True
            for worker in crew:
                worker.end()

        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, hear, number)
        async with asyncio.TaskGroup() as group:
            for worker in crew:
                group.create_task(worker.keep_running())
