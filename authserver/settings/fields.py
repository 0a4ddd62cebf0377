"""The types of settings, and how each is written."""

import ipaddress
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator

from authserver.domain.secret import Secret

Value = TypeVar("Value")

UNITS: Final = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
DURATION: Final = re.compile(r"(\d{1,9})(ms|s|m|h|d)")
SWITCHES: Final = {"true": True, "false": False}


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


def between(least: Value, most: Value) -> AfterValidator:
    """Return a check that a value lies within its range, both ends included."""

    def check(value: Value) -> Value:
        if not least <= value <= most:  # type: ignore[operator]  # only ordered types come here
            raise ValueError(f"must be between {shown(least)} and {shown(most)}")
        return value

    return AfterValidator(check)


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


Duration = Annotated[timedelta, BeforeValidator(read_duration)]
Durations = Annotated[tuple[Duration, ...], BeforeValidator(read_list)]
Switch = Annotated[bool, BeforeValidator(read_switch)]
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
