#!/usr/bin/env python3
"""The commands of a checkout: demo, test, check, campaign and bench.

It needs Python and nothing else. On first use it makes `.venv` from the locked requirements; after
that it only looks whether `.venv` still matches them, and runs again inside.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, NoReturn

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent
REQUIREMENTS = ROOT / "requirements" / "dev.txt"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "made-from"
WRONG_USAGE = 2
INTERRUPTED = 130
USAGE = """\
Usage: python3 dev.py COMMAND

  demo [options]        run the provider, a demo application and an inbox; --help lists the options
  test [pytest args]    run the tests
  check [pytest args]   format, lint, types, import contracts, then the tests
  campaign [name]       run a long test and print its figures; without a name, list them
  bench [name]          run a benchmark and print its ratios; without a name, list them
"""
FOLDERS_OF_SCRIPTS = {"campaign": "campaigns", "bench": "bench"}
# A file of tests stays in one process, so that what its tests share is made once. Files with the
# most tests do not go first: the few in a browser take longest, and would end alone on one core.
# Tests wait for browsers and processes, so there is one process more than cores.
PROCESSES = (os.cpu_count() or 1) + 1
ON_EVERY_CORE = (f"--numprocesses={PROCESSES}", "--dist=loadfile", "--no-loadscope-reorder")
COMMANDS = ("demo", "test", "check", *FOLDERS_OF_SCRIPTS)


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    if sys.version_info < OLDEST_PYTHON:
        wanted, found = (".".join(map(str, v)) for v in (OLDEST_PYTHON, sys.version_info[:2]))
        say(f"This needs Python {wanted} or later, and {sys.executable} is Python {found}.")
        return 1
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(USAGE, end="")
        return 0 if arguments else WRONG_USAGE
    if arguments[0] not in COMMANDS:
        say(f"There is no command {arguments[0]!r}.\n\n{USAGE}")
        return WRONG_USAGE
    enter_environment(arguments)
    return run(arguments[0], arguments[1:])


def enter_environment(arguments: list[str]) -> None:
    """Return once this process runs inside a `.venv` that matches the locked requirements."""
    is_inside = Path(sys.prefix).resolve() == VENV.resolve()
    if is_inside and matches_requirements():
        return
    if is_inside:  # It is about to be replaced: leave it first.
        become([os.path.realpath(sys.executable), str(ROOT / "dev.py"), *arguments])
    if not matches_requirements():
        try:
            with only_builder():
                if not matches_requirements():  # The one we waited for may have made it.
                    make_environment()
        except PermissionError as problem:
            sys.exit(f"{VENV} must be made anew, but: {problem.strerror}: {problem.filename}")
    become([str(VENV_PYTHON), str(ROOT / "dev.py"), *arguments])


def matches_requirements() -> bool:
    """Tell whether `.venv` was made here, to its end, from the requirements as they are now."""
    try:
        return VENV_PYTHON.exists() and STAMP.read_text(encoding="utf-8") == stamp()
    except OSError:
        return False


def stamp() -> str:
    """Return what `.venv` depends on: the requirements, its own place, and its Python."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return f"{digest}\n{VENV}\n{VENV_PYTHON.resolve()}\n"


@contextlib.contextmanager
def only_builder() -> Iterator[None]:
    """Let one process of all that use this checkout through at a time."""
    # Not on Windows, where this file shall still be able to show its usage.
    import fcntl

    with (ROOT / ".venv.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another dev.py is making .venv: waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_environment() -> None:
    """Make `.venv` in the first way that works; its stamp comes last."""
    tried = False
    for name, commands in ways():
        remove_environment()
        say(f"Making .venv with {name}; this takes a minute or two.")
        if all(subprocess.call(command, env=clean_environment()) == 0 for command in commands):
            STAMP.write_text(stamp(), encoding="utf-8")
            return
        tried = True
    if tried:
        sys.exit("The locked requirements could not be installed: the reason stands above.")
    sys.exit(
        f"{sys.executable} has neither venv with pip, nor a pip of its own, and there is no uv.\n"
        "On Debian and Ubuntu `apt install python3-venv` helps, anywhere else installing uv."
    )


def ways() -> Iterator[tuple[str, list[list[str]]]]:
    """Yield each way to make `.venv` that this machine offers: its name, its commands."""
    python = str(VENV_PYTHON)
    locked = ["install", "--quiet", "--require-hashes", "--requirement", str(REQUIREMENTS)]
    project = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    uv = shutil.which("uv")
    if uv:
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(VENV)]
        fill = [[uv, "pip", *what, "--python", python] for what in (locked, project)]
        yield "uv", [make, *fill]
    make = [sys.executable, "-m", "venv", str(VENV)]
    if is_importable("ensurepip"):
        yield "venv and pip", [make, *([python, "-m", "pip", *what] for what in (locked, project))]
    if is_importable("pip"):
        outer_pip = [sys.executable, "-m", "pip", "--python", python]
        fill = [[*outer_pip, *what] for what in (locked, project)]
        yield "venv, filled by the pip outside it", [[*make, "--without-pip"], *fill]


def is_importable(module: str) -> bool:
    """Tell whether this Python has the module, without importing it."""
    return importlib.util.find_spec(module) is not None


def remove_environment() -> None:
    """Remove a `.venv` that does not match, or was left half made."""
    if VENV.is_symlink():
        VENV.unlink()
    elif (VENV / "pyvenv.cfg").exists():
        shutil.rmtree(str(VENV))
    elif VENV.exists() and any(VENV.iterdir()):
        sys.exit(f"{VENV} is no virtual environment: please move it out of the way.")


def clean_environment() -> dict[str, str]:
    """Return the environment for installing: without what would lead pip elsewhere."""
    leading_elsewhere = {"PYTHONHOME", "PYTHONPATH", "PIP_PREFIX", "PIP_ROOT", "PIP_TARGET"}
    kept = {name: value for name, value in os.environ.items() if name not in leading_elsewhere}
    own = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore", "PIP_USER": "0"}
    return {**kept, **own}


def run(command: str, arguments: list[str]) -> int:
    """Run a command inside `.venv`."""
    os.environ["PATH"] = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    os.environ.pop("PYTHONPATH", None)
    if command == "demo":
        become([sys.executable, "-m", "authserver", "demo", *arguments])
    # Tests start hundreds of processes, and each would compile everything anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.chdir(ROOT)
    if command == "test":
        become([sys.executable, "-m", "pytest", *arguments])
    if command == "check":
        return check(arguments)
    return run_script(command, arguments)


def check(arguments: list[str]) -> int:
    """Run every check in turn, and stop at the first that fails."""
    steps = {
        "ruff format": ["-m", "ruff", "format", "--check"],
        "ruff check": ["-m", "ruff", "check"],
        "mypy": ["-m", "mypy"],
        "lint-imports": [str(VENV / "bin" / "lint-imports")],
        "pytest": ["-m", "pytest", *ON_EVERY_CORE, *arguments],
    }
    for name, command in steps.items():
        say(f"== {name}")
        begin = time.monotonic()
        status = subprocess.call([sys.executable, *command])
        say(f"== {name}: {'FAILED' if status else 'passed'} in {time.monotonic() - begin:.1f} s")
        if status:
            return status
    return 0


def run_script(command: str, arguments: list[str]) -> int:
    """Run one of the scripts of a folder of tests, or list them."""
    folder = FOLDERS_OF_SCRIPTS[command]
    files = (ROOT / "tests" / folder).glob("[!_]*.py")
    names = sorted(file.stem for file in files if file.stem != "conftest")
    if arguments and arguments[0] in names:
        become([sys.executable, "-m", f"tests.{folder}.{arguments[0]}", *arguments[1:]])
    if arguments:
        say(f"There is no {command} {arguments[0]!r}.")
    print(f"Names for `dev.py {command}`: {', '.join(names) or 'none yet'}")
    return WRONG_USAGE if arguments else 0


def become(command: list[str]) -> NoReturn:
    """Replace this process, so that signals and exit status are the command's own."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)  # noqa: S606 - every command is spelled out in this file


def say(line: str) -> None:
    """Print what this file itself has to say, apart from what the commands print."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
