"""The project's own source files, parsed."""

import ast
import tomllib
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
SERVER = PROJECT / "authserver"


def modules_of(folder: Path) -> list[Path]:
    """Return the Python files below a folder, without what was installed there."""
    found = sorted(folder.rglob("*.py"))
    return [path for path in found if "node_modules" not in path.parts]


def server_modules() -> list[Path]:
    """Return every module of the server."""
    return modules_of(SERVER)


def name_of(path: Path) -> str:
    """Return a file's path within the project, for messages."""
    return path.relative_to(PROJECT).as_posix()


def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def project_table() -> dict[str, Any]:
    """Return what `pyproject.toml` says."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
