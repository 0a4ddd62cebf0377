"""Request parameters: an empty one is absent, a repeated one a fault."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from authserver.oidc.errors import InvalidRequest

REPEATABLE: Final = frozenset({"resource"})


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one request (RFC 6749 §3.1).

    `values` holds the first value of each name, `resources` every `resource` (RFC 8707 §2).
    """

    values: Mapping[str, str]
    repeated: frozenset[str] = frozenset()
    resources: tuple[str, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Return the parameters of decoded name-value pairs."""
        values: dict[str, str] = {}
        repeated: set[str] = set()
        resources: list[str] = []
        for name, value in pairs:
            if not value:
                continue
            if name == "resource":
                resources.extend(value.split(","))
            if name in values and name not in REPEATABLE:
                repeated.add(name)
            values.setdefault(name, value)
        return cls(values, frozenset(repeated), tuple(resources))

    def get(self, name: str) -> str | None:
        """Return the value of `name`, or None where it is absent or empty."""
        return self.values.get(name)

    def once(self, name: str) -> str | None:
        """Return the value of `name`; raises InvalidRequest where it was sent repeatedly."""
        if name in self.repeated:
            raise InvalidRequest(f"{name} was sent more than once")
        return self.values.get(name)

    def required(self, name: str) -> str:
        """Return the value of `name`; raises InvalidRequest where it is absent or repeated."""
        value = self.once(name)
        if value is None:
            raise InvalidRequest(f"{name} is required")
        return value

    def refuse_repeated(self) -> None:
        """Raise InvalidRequest where any parameter but `resource` was repeated."""
        if self.repeated:
            names = ", ".join(name for name in sorted(self.repeated) if name.isidentifier())
            raise InvalidRequest(f"sent more than once: {names if names.isascii() else '-'}")
