"""One line for each event: JSON for machines, aligned text for a terminal; never a secret."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TextIO

from authserver.domain.email_address import mask
from authserver.domain.request_context import current_request_id

# What every record has; all else was given as `extra` and belongs to the event.
OWN_MEMBERS: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "color_message",
}
SECRET_WORDS: Final = re.compile(
    r"(?:^|[_-])(?:code|token|password|secret|authorization|cookie|body|query|form)s?(?:$|[_-])",
    re.IGNORECASE,
)
HARMLESS: Final = frozenset({"error_code", "status_code", "code_class", "token_type"})
# JSON leaves them as they are, but readers take some for line breaks and terminals obey others.
UNSAFE: Final = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
ADDRESS: Final = re.compile(
    r"[^\s<>@\"'(),;:]{1,64}@(?:localhost|[^\s<>@\"'(),;:]{1,190}\.[^\s<>@\"'(),;:.]{2,63})"
)
CREDENTIALS: Final = re.compile(
    r"(?<=//)[^\s/@]+(?=@)|(?<=\bBearer )\S+|(?<=\bBasic )\S+", re.IGNORECASE
)
ASSIGNED: Final = re.compile(
    r"(\b(?:\w+[_-])?(?:code|token|password|secret|cookie|authorization)s?)=[^\s&;,'\"]+",
    re.IGNORECASE,
)
# Long random strings: tokens, cookies and codes of the protocol have at least 40 symbols.
TOKEN: Final = re.compile(r"[A-Za-z0-9_\-]{40,}(?:\.[A-Za-z0-9_\-]+)*")
QUERY: Final = re.compile(r"\?[^\s\"']+")
HIDDEN: Final = "•••"
LONGEST_TRACE: Final = 20_000


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; line breaks and control characters are escaped by JSON."""
        line: dict[str, object] = {
            "time": instant(record),
            "level": record.levelname.lower(),
            "event": redact(record.getMessage()),
            "logger": record.name,
            "request": current_request_id(),
        }
        # Nothing that came along may pass itself off as the time or name of the event.
        line |= {name: value for name, value in fields_of(record).items() if name not in line}
        if record.exc_info:
            line["trace"] = trace_of(record)
        text = json.dumps(line, ensure_ascii=False, default=str)
        return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class TextFormatter(logging.Formatter):
    """Writes a record for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and the trace below it where there is one."""
        fields = " ".join(f"{name}={value!r}" for name, value in fields_of(record).items())
        time = instant(record)[11:19]
        event = f"{redact(record.getMessage())} {fields}".rstrip()
        line = f"{time} {record.levelname.lower():7} [{current_request_id()}] {event}"
        line = "".join(symbol if symbol.isprintable() else "�" for symbol in line)
        return f"{line}\n{trace_of(record)}" if record.exc_info else line


def configure(*, as_json: bool, level: str, stream: TextIO | None = None) -> None:
    """Send every logger of this process through one formatter to standard error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Below a warning only our own words are known to hold no secret.
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    logging.getLogger("authserver").setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"


def instant(record: logging.LogRecord) -> str:
    """Return when the record was made (RFC 3339)."""
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """Return what the event brings along, with secrets hidden."""
    return {
        name: HIDDEN if is_secret(name) else redacted(value)
        for name, value in vars(record).items()
        if name not in OWN_MEMBERS and not name.startswith("_")
    }


def is_secret(name: str) -> bool:
    """Tell whether a field of this name could hold a secret."""
    return name not in HARMLESS and SECRET_WORDS.search(name) is not None


def redacted(value: object) -> object:
    """Return numbers as they are and text without addresses, tokens and queries, at any depth."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {
            str(name): HIDDEN if is_secret(str(name)) else redacted(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(inner) for inner in value]
    return redact(str(value))


def redact(text: str) -> str:
    """Return text with addresses masked, and tokens and queries hidden."""
    text = CREDENTIALS.sub(HIDDEN, text)
    text = ADDRESS.sub(lambda found: mask(found[0]), text)
    text = ASSIGNED.sub(rf"\1={HIDDEN}", QUERY.sub("?" + HIDDEN, text))
    return TOKEN.sub(HIDDEN, text)


def trace_of(record: logging.LogRecord) -> str:
    """Return the trace without the values that exceptions carry along.

    Database drivers put parameters into their messages, so only types and places are kept.
    """
    if not record.exc_info or record.exc_info[1] is None:
        return ""
    parts: list[str] = []
    seen: set[int] = set()
    waiting: list[BaseException | None] = [record.exc_info[1]]
    while waiting:
        fault = waiting.pop(0)
        if fault is None or id(fault) in seen:
            continue
        seen.add(id(fault))
        frames = traceback.format_list(traceback.extract_tb(fault.__traceback__))
        parts.append("".join(frames) + type(fault).__qualname__)
        if isinstance(fault, BaseExceptionGroup):
            waiting.extend(fault.exceptions)
        waiting.append(fault.__cause__ or fault.__context__)
    return redact("\ncaused by\n".join(parts)[:LONGEST_TRACE])
