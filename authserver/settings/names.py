"""The names of settings: which there are, which are not ours, and which one was meant."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from authserver.settings.tree import Settings

PREFIX: Final = "AUTHSERVER_"
FROM_FILE: Final = "_FILE"
# What Kubernetes injects for Services called authserver or authserver-something, and what only
# tests read.
PASSED_OVER: Final = re.compile(
    r"AUTHSERVER_(?:(?:SERVICE|PORT|TEST)_.*"
    r"|.+_SERVICE_(?:HOST|PORT(?:_.+)?)|.+_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)"
)
INJECTED_PORT: Final = re.compile(r"(?:tcp|udp|sctp)://.*")


def walk(group: BaseModel, prefix: str = PREFIX) -> Iterator[tuple[str, object, FieldInfo]]:
    """Yield name, value and description of every setting below `group`."""
    for field, info in type(group).model_fields.items():
        value = getattr(group, field)
        name = prefix + field.rstrip("_").upper()
        if isinstance(value, BaseModel):
            yield from walk(value, name + "__")
        else:
            yield name, value, info


def known_names() -> set[str]:
    """Return the name of every setting."""
    return {name for name, *_ in walk(Settings())}


def names_in(fault: str) -> set[str]:
    """Return the settings that a fault names."""
    return set(re.findall(r"AUTHSERVER_\w+", fault))


def is_injected(name: str, value: str) -> bool:
    """Tell whether a variable is not meant as a setting."""
    is_port = name.endswith("_PORT") and INJECTED_PORT.fullmatch(value) is not None
    return is_port or PASSED_OVER.fullmatch(name) is not None


def twice(name: str) -> str:
    """Return the fault of a secret that is given as a value and as a file."""
    return f"{name}: {name.removesuffix(FROM_FILE)} is given as well; give one of them"


def unknown(name: str, known: set[str]) -> str:
    """Return the fault of a name that does not exist."""
    nearest = get_close_matches(name, sorted(known), n=1, cutoff=0)
    return f"{name}: there is no such setting; the nearest one is {nearest[0]}"
