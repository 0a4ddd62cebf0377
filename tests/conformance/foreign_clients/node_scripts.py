"""Node scripts as relying parties: npm packages installed once, scripts driven line by line."""

import fcntl
import hashlib
import json
import os
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

NODE_FOLDER = Path(__file__).resolve().parent / "node"
ANSWER_SECONDS = 30.0
INSTALL_SECONDS = 300.0


class ClientRefusedError(AssertionError):
    """The client library refused what it was given; the text is the library's own."""


class NodeScript:
    """A running script that answers each line of JSON with one line of JSON."""

    def __init__(self, process: subprocess.Popen[str], errors: Path) -> None:
        self._process = process
        self._errors = errors

    # The script's answer is whatever JSON the library gave it: each test knows what it asked for.
    def ask(self, command: str, **arguments: object) -> Any:
        """Send a command and return its result; a library's refusal is raised."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_SECONDS)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            raise AssertionError(f"no answer to {command}\n{self._errors.read_text()}")
        answer = json.loads(line)
        if "error" in answer:
            raise ClientRefusedError(answer["error"])
        return answer["result"]


RunScript = Callable[[str, Path], AbstractContextManager[NodeScript]]


def script_runner() -> RunScript:
    """Install the locked packages, unless they are there, and return how to run a script.

    Skips where Node or npm is missing; in CI that is a failure.
    """
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        reason = f"foreign clients need {' and '.join(missing)}, not found on this machine"
        if os.environ.get("CI"):  # noqa: TID251 - the one switch that turns skips into failures
            pytest.fail(reason)
        pytest.skip(reason)
    locked = hashlib.sha256((NODE_FOLDER / "package-lock.json").read_bytes()).hexdigest()
    installed = NODE_FOLDER / "node_modules" / ".installed"
    # Tests run in several processes: one of them installs, the others wait.
    with (NODE_FOLDER / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists() or installed.read_text() != locked:
            subprocess.run(  # noqa: S603 - npm with fixed arguments
                [_found("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=NODE_FOLDER,
                check=True,
                timeout=INSTALL_SECONDS,
            )
            installed.write_text(locked)
    return _running_script


@contextmanager
def _running_script(name: str, folder: Path) -> Iterator[NodeScript]:
    """Run a script of the node folder; what it writes to stderr goes into the given folder."""
    errors = folder / f"{name}.stderr"
    with (
        errors.open("w") as stderr,
        subprocess.Popen(  # noqa: S603 - a script of our own
            [_found("node"), str(NODE_FOLDER / name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        try:
            yield NodeScript(process, errors)
        finally:
            process.kill()


def _found(tool: str) -> str:
    path = shutil.which(tool)
    assert path is not None
    return path
