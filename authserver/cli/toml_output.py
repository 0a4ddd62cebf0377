"""Documents as TOML: the standard library reads it but does not write it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml_of(document: Mapping[str, object]) -> str:
    """Return the document as TOML; what is None is left out."""
    return "\n".join(lines_of(document, ())).strip("\n") + "\n" if document else ""


def lines_of(table: Mapping[str, object], path: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of a table: its values first, then the tables below it."""
    for key, value in table.items():
        if value is not None and not is_tables(value):
            yield f"{spelled(key)} = {value_of(value)}"
    for key, value in table.items():
        name = ".".join(map(spelled, (*path, key)))
        if isinstance(value, Mapping):
            # A header of a table without values of its own says nothing.
            if not value or any(not is_tables(each) for each in value.values()):
                yield from ("", f"[{name}]")
            yield from lines_of(value, (*path, key))
        elif is_tables(value) and isinstance(value, Sequence):
            for each in value:
                yield from ("", f"[[{name}]]")
                yield from lines_of(each, (*path, key))


def is_tables(value: object) -> bool:
    """Tell whether a value gets headers of its own."""
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(each, Mapping) for each in value)
    return isinstance(value, Mapping)


def spelled(key: str) -> str:
    """Return a key, quoted where it has to be."""
    return key if BARE_KEY.fullmatch(key) else text_of(key)


def value_of(value: object) -> str:
    """Return a value; a text of several lines stays readable."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case list() | tuple():
            return f"[{', '.join(map(value_of, value))}]"
        case str() if "\n" in value:
            body = "\n".join(text_of(line)[1:-1] for line in value.split("\n"))
            return f'"""\n{body}"""'
        case _:
            return text_of(str(value))


def text_of(text: str) -> str:
    """Return a basic string: its escapes are those of JSON, and DEL has to be one of them."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
