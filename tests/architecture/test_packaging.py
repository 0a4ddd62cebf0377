"""What is locked, and what a wheel carries."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.sources import PROJECT, project_table

REQUIREMENTS = PROJECT / "requirements"
PIN = re.compile(r"([a-z0-9][a-z0-9.-]*)(?:\[[a-z,]+\])?==([^\s;]+)(?: ; [^\\]+)?\s*\\?")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")
ADDRESS = re.compile(r"://|@ |--(?:find-links|index-url|extra-index-url|editable)|(?:^|\s)/")


def pins(name: str) -> dict[str, set[str]]:
    """Return the versions that a lock file names, by package."""
    found: dict[str, set[str]] = {}
    for line in (REQUIREMENTS / name).read_text("utf-8").splitlines():
        if match := PIN.fullmatch(line):
            found.setdefault(match[1], set()).add(match[2])
    return found


@pytest.mark.parametrize("path", sorted(REQUIREMENTS.glob("*.txt")), ids=lambda path: path.name)
def test_a_lock_file_holds_versions_and_hashes_but_no_address(path: Path) -> None:
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]

    assert [line for line in lines if ADDRESS.search(line)] == []
    assert [line for line in lines if not PIN.fullmatch(line) and not HASH.fullmatch(line)] == []


def test_every_dependency_of_the_server_is_locked() -> None:
    needed = {
        re.split(r"[\[<>=;~! ]", dependency)[0].lower()
        for dependency in project_table()["project"]["dependencies"]
    }

    assert needed - set(pins("server.txt")) == set()


def test_tests_run_with_the_very_versions_that_the_server_is_shipped_with() -> None:
    server, development = pins("server.txt"), pins("dev.txt")

    assert {name: development.get(name) for name in server} == server


def test_a_wheel_carries_templates_migrations_and_the_alembic_file(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(build, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
    assert done.returncode == 0, done.stderr

    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        carried = {name.removeprefix("authserver/_packaged/") for name in archive.namelist()}

    wanted = {
        path.relative_to(PROJECT).as_posix()
        for folder in ("templates", "migrations")
        for path in (PROJECT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert wanted | {"alembic.ini"} <= carried
