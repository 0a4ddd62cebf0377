"""What the style guide asks of every module and no tool checks."""

import ast
import re

from tests.architecture.sources import (
    PROJECT,
    SERVER,
    modules_of,
    name_of,
    parsed,
    server_modules,
)

LONGEST_MODULE = 300
WAITING = ("web", "background", "mail", "outbound", "demo", "cli", "lane", "asgi")
VAGUE_FILE = re.compile(r"(utils?|helpers?|common|misc|(\w+_)?manager)\.py")
VAGUE_CLASS = re.compile(r"\w*(Manager|Helper|Helpers|Util|Utils|Data|Info)")
NOQA = re.compile(r"#\s*noqa(?!: [A-Z]+\d+(, [A-Z]+\d+)* - \w)")
TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[[\w, -]+\]  # \w)")


def test_no_module_is_longer_than_three_hundred_lines() -> None:
    modules = [*server_modules(), PROJECT / "dev.py"]

    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in modules}

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_a_package_file_holds_its_docstring_and_nothing_else() -> None:
    packages = [path for path in server_modules() if path.name == "__init__.py"]

    others = [
        name_of(path)
        for path in packages
        if len(parsed(path).body) != 1 or not ast.get_docstring(parsed(path))
    ]

    assert others == []


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in server_modules()}

    assert [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_only_what_waits_for_a_socket_is_asynchronous() -> None:
    synchronous = [
        path
        for path in server_modules()
        if path.relative_to(SERVER).with_suffix("").parts[0] not in WAITING
    ]

    waiting = [
        f"{name_of(path)}:{node.lineno}"
        for path in synchronous
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncWith | ast.AsyncFor)
    ]

    assert waiting == []


def test_no_file_has_a_vague_name() -> None:
    files = [*server_modules(), *modules_of(PROJECT / "tests")]

    assert [name_of(path) for path in files if VAGUE_FILE.fullmatch(path.name)] == []


def test_no_class_has_a_vague_name() -> None:
    vague = [
        f"{name_of(path)}: {node.name}"
        for path in server_modules()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef) and VAGUE_CLASS.fullmatch(node.name)
    ]

    assert vague == []


def test_every_silenced_check_states_its_reason() -> None:
    folders = (SERVER, PROJECT / "migrations", PROJECT / "tests")
    files = [path for folder in folders for path in modules_of(folder)]

    unexplained = [
        f"{name_of(path)}:{number}"
        for path in [*files, PROJECT / "dev.py"]
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if NOQA.search(line) or TYPE_IGNORE.search(line)
    ]

    assert unexplained == []
