"""Every foreign library has a home, written down as an import contract."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import name_of, parsed, project_table, server_modules


def imported(path: Path) -> Iterator[str]:
    """Yield the name of each package that a file imports."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def names_in_contracts(*keys: str) -> set[str]:
    """Return what the import contracts list under any of the keys."""
    contracts = project_table()["tool"]["importlinter"]["contracts"]
    return {name for contract in contracts for key in keys for name in contract.get(key, ())}


def test_every_foreign_library_that_the_server_imports_has_a_home() -> None:
    at_home = names_in_contracts("protected_modules", "forbidden_modules")
    ours = {"authserver", *sys.stdlib_module_names}
    homeless = defaultdict(list)

    for path in server_modules():
        for library in imported(path):
            if library not in at_home | ours:
                homeless[library].append(name_of(path))

    assert homeless == {}, "give each a contract in pyproject.toml"


@pytest.mark.parametrize("library", ["fastapi", "requests", "aiohttp", "aiosqlite", "asyncpg"])
def test_what_the_project_decided_against_is_not_imported(library: str) -> None:
    assert [name_of(path) for path in server_modules() if library in imported(path)] == []
