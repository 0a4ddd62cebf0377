"""One cache of compiled statements for the engines of all tests.

Every test opens a server of its own; compiling the same statements for each of them took a fifth
of the whole time.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any

from sqlalchemy import Connection, Engine, event

Key = tuple[Any, ...]


class SharedCompilations(MutableMapping[Key, Any]):
    """Finds what a statement was compiled to for any engine of the same kind.

    SQLAlchemy's keys begin with the dialect, of which each engine has an own one that is like
    all others of its kind.
    """

    def __init__(self) -> None:
        self._found: dict[Key, Any] = {}

    def __getitem__(self, key: Key) -> Any:
        return self._found[of_kind(key)]

    def __setitem__(self, key: Key, compiled: Any) -> None:
        self._found[of_kind(key)] = compiled

    def __delitem__(self, key: Key) -> None:
        del self._found[of_kind(key)]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def of_kind(key: Key) -> Key:
    """Return the key for all engines with such a dialect."""
    dialect, *others = key
    return (dialect.name, dialect.driver, *others)


def share_compiled_statements() -> None:
    """Let all engines that are made from now on have one cache."""
    shared = SharedCompilations()

    @event.listens_for(Engine, "engine_connect")
    def use_it(connection: Connection) -> None:
        connection.execution_options(compiled_cache=shared)
