"""One line for each event: JSON for machines, aligned text for a terminal; never a secret."""

import json
import logging
import re
import sys
import traceback
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
    r"(?:^|_)(?:code|token|password|secret|authorization|cookie|body|query|form)s?$", re.IGNORECASE
)
HARMLESS: Final = frozenset({"error_code"})
ADDRESS: Final = re.compile(
    r"[^\s<>@\"'(),;:]{1,64}@[^\s<>@\"'(),;:]{1,190}\.[^\s<>@\"'(),;:.]{2,63}"
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
            **fields_of(record),
        }
        if record.exc_info:
            line["trace"] = trace_of(record)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """Writes a record for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and the trace below it where there is one."""
        fields = " ".join(f"{name}={value!r}" for name, value in fields_of(record).items())
        time = instant(record)[11:19]
        line = f"{time} {record.levelname.lower():7} {redact(record.getMessage())} {fields}"
        line = "".join(symbol if symbol.isprintable() else "�" for symbol in line).rstrip()
        return f"{line}\n{trace_of(record)}" if record.exc_info else line


def configure(*, as_json: bool, level: str, stream: TextIO | None = None) -> None:
    """Send every logger of this process through one formatter to standard error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
    # They tell of every request and statement; what matters of it we log ourselves.
    for name in ("httpx", "httpcore", "alembic", "asyncio", "uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)


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
    """Return numbers as they are and text without addresses, tokens and queries."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))


def redact(text: str) -> str:
    """Return text with addresses masked, and tokens and queries hidden."""
    text = ADDRESS.sub(lambda found: mask(found[0]), text)
    return TOKEN.sub(HIDDEN, QUERY.sub("?" + HIDDEN, text))


def trace_of(record: logging.LogRecord) -> str:
    """Return the trace without the values that exceptions carry along.

    Database drivers put parameters into their messages, so only types and places are kept.
    """
    if not record.exc_info or record.exc_info[1] is None:
        return ""
    parts = []
    fault: BaseException | None = record.exc_info[1]
    while fault is not None:
        frames = traceback.format_list(traceback.extract_tb(fault.__traceback__))
        parts.append("".join(frames) + type(fault).__qualname__)
        fault = fault.__cause__ or fault.__context__
    return redact("\ncaused ".join(parts)[:LONGEST_TRACE])
