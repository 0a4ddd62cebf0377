"""The types of settings, and how each is written."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from authserver.domain.secret import Secret

UNITS: Final = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
DURATION: Final = re.compile(r"(\d{1,9})(ms|s|m|h|d)")
SWITCHES: Final = {"true": True, "false": False}
WRITTEN: Final[Mapping[object, str]] = {
    bool: "true or false",
    int: "number",
    float: "number",
    timedelta: "duration",
    Path: "path",
    Secret: "secret",
    ipaddress.IPv4Network | ipaddress.IPv6Network: "network",
}


def read_duration(value: object) -> timedelta:
    """Return the duration that a text like `30s`, `10m`, `1h` or `14d` means."""
    if isinstance(value, timedelta):
        return value
    match = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write a duration like 30s, 10m, 1h or 14d")
    return int(match[1]) * UNITS[match[2]]


def show_duration(value: timedelta) -> str:
    """Return a duration as it is written in settings, in the largest unit that fits."""
    for name, unit in reversed(UNITS.items()):
        if value and value % unit == timedelta(0):
            return f"{value // unit}{name}"
    return "0s"


def read_switch(value: object) -> bool:
    """Return what `true` or `false` means."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in SWITCHES:
        return SWITCHES[value.strip().lower()]
    raise ValueError("write true or false")


def read_list(value: object) -> object:
    """Return the entries of a text with commas or lines; other lists are left as they are."""
    if isinstance(value, str):
        return tuple(entry.strip() for entry in re.split(r"[,\n]", value) if entry.strip())
    return value


def not_empty(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a list that has entries."""
    if not value:
        raise ValueError("must have at least one entry")
    return value


def read_secret(value: object) -> Secret:
    """Return a secret; what is wrong with it never shows the value."""
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not value.strip():
        raise ValueError("the secret is empty")
    return Secret(value)


def read_network(value: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Return a network like `10.0.0.0/8`, or that of one address."""
    try:
        return ipaddress.ip_network(str(value).strip())
    except ValueError as fault:
        raise ValueError("write networks like 10.0.0.0/8 or 2001:db8::/32") from fault


def read_number(value: object) -> object:
    """Return a number; `true` is none, although Python counts with it."""
    if isinstance(value, bool):
        raise ValueError("write a number")  # noqa: TRY004 - only a ValueError becomes a fault
    return value


def read_optional(value: object) -> object:
    """Return None for an empty text, which says that there is no such thing."""
    return None if isinstance(value, str) and not value.strip() else value


@dataclass(frozen=True, slots=True)
class Range:
    """What a value must lie between, both ends included; its type is that of the setting."""

    least: Any
    most: Any

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Check after the value has been read."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __str__(self) -> str:
        return f"{shown(self.least)} to {shown(self.most)}"

    def check(self, value: Any) -> Any:
        """Return the value if it lies within the range."""
        if not self.least <= value <= self.most:
            raise ValueError(f"must be between {shown(self.least)} and {shown(self.most)}")
        return value


def between(least: object, most: object) -> Range:
    """Return a check that a value lies within its range, both ends included."""
    return Range(least, most)


def written(annotation: object) -> str:
    """Return how a setting of this type is written."""
    parts = [part for part in get_args(annotation) if part is not NoneType]
    origin = get_origin(annotation)
    if origin is Annotated or NoneType in get_args(annotation):
        return written(parts[0])
    if origin is tuple:
        return f"list of {written(parts[0])}"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return "one of " + ", ".join(annotation)
    return WRITTEN.get(annotation, "text")


def range_of(annotation: object, metadata: Iterable[object] = ()) -> Range | None:
    """Return the range of a setting, or of the entries of a list."""
    found = [each for each in metadata if isinstance(each, Range)]
    if found:
        return found[0]
    inner = [range_of(part, get_args(part)) for part in get_args(annotation)]
    return next((each for each in inner if each is not None), None)


def shown(value: object) -> str:
    """Return a value as it is written in settings; secrets are hidden."""
    if isinstance(value, timedelta):
        return show_duration(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(shown, value))
    if isinstance(value, Secret):
        return "••••••"
    return "" if value is None else str(value)


Number = Annotated[int, BeforeValidator(read_number)]
Ratio = Annotated[float, BeforeValidator(read_number)]
Text = Annotated[str | None, BeforeValidator(read_optional)]
Duration = Annotated[timedelta, BeforeValidator(read_duration)]
Switch = Annotated[bool, BeforeValidator(read_switch)]
Texts = Annotated[tuple[str, ...], BeforeValidator(read_list)]
SecretText = Annotated[Secret, BeforeValidator(read_secret)]
SecretTexts = Annotated[tuple[SecretText, ...], BeforeValidator(read_list)]
Network = Annotated[ipaddress.IPv4Network | ipaddress.IPv6Network, BeforeValidator(read_network)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(read_list)]


def existing(path: Path) -> Path:
    """Return the path of a file that is there."""
    if not path.is_file():
        raise ValueError("there is no such file")
    return path


ExistingFile = Annotated[Path, AfterValidator(existing)]
