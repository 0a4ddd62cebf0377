"""Tables of a configuration document, read member by member with their types."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Never

from authserver.administration.mistakes import ConfigurationInvalid


@dataclass(frozen=True, slots=True)
class TypedTable:
    """One table; what is of another type than it must be raises ConfigurationInvalid."""

    what: str
    members: Mapping[str, object]

    def refuse_unknown(self, known: Sequence[str]) -> None:
        """Raise where the table has a member that there is not."""
        unknown = sorted(self.members.keys() - set(known))
        if unknown:
            raise ConfigurationInvalid(
                *(f"{self.what} has no member {each!r}." for each in unknown)
            )

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        value = self.members.get(name, default)
        return value if isinstance(value, str) else self._refuse(name, "a text")

    def switch(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.members.get(name, default)
        return value if isinstance(value, bool) else self._refuse(name, "true or false")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.members.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return self._refuse(name, "a list of texts")
        return tuple(value)

    def table(self, name: str) -> Mapping[str, object] | None:
        """Return a table below this one."""
        value = self.members.get(name)
        return value if value is None or isinstance(value, dict) else self._refuse(name, "a table")

    def seconds(self, name: str) -> timedelta | None:
        """Return a duration, written in seconds."""
        value = self.members.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._refuse(name, "a number of seconds")
        try:
            return timedelta(seconds=value)
        except (OverflowError, ValueError):
            return self._refuse(name, "a number of seconds")

    def tables(self, name: str) -> Iterator["TypedTable"]:
        """Yield the tables of a list."""
        yield from tables_of(self.members.get(name, []), f"{self.what}, {name}")

    def _refuse(self, name: str, wanted: str) -> Never:
        raise ConfigurationInvalid(f"{self.what}: {name} must be {wanted}.")


def tables_of(value: object, what: str) -> list[TypedTable]:
    """Return the tables of a list of tables."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ConfigurationInvalid(f"{what} must be a list of tables.")
    return [TypedTable(f"{what} {number}", each) for number, each in enumerate(value, 1)]
