"""One line for each event, and never a secret on it."""

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from authserver.domain.request_context import request_context
from authserver.telemetry.logs import configure

FOREIGN = ("uvicorn", "uvicorn.error", "uvicorn.access")
TOKEN = "dGhpcyBpcyBhIHRva2VuIG9mIG1hbnkgcmFuZG9tIGJpdHM"


class Log:
    """What was logged, and the means to log."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.logger = logging.getLogger("authserver.tests")

    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    # A parsed line, of whatever members.
    def only(self) -> dict[str, Any]:
        [line] = self.lines()
        parsed: dict[str, Any] = json.loads(line)
        return parsed


@pytest.fixture
def log() -> Iterator[Log]:
    root, own = logging.getLogger(), logging.getLogger("authserver")
    before = (list(root.handlers), root.level, own.level)
    log = Log()
    configure(as_json=True, level="info", stream=log.stream)
    yield log
    logging.captureWarnings(capture=False)
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    own.setLevel(before[2])
    for name in FOREIGN:
        logging.getLogger(name).propagate = True


def test_an_event_is_one_json_object_with_its_name_time_and_fields(log: Log) -> None:
    with request_context("abc123"):
        log.logger.info("request.handled", extra={"status": 200, "route": "/oidc/auth", "ok": True})

    line = log.only()
    assert line["event"] == "request.handled"
    assert line["level"] == "info"
    assert line["logger"] == "authserver.tests"
    assert line["request"] == "abc123"
    assert (line["status"], line["route"], line["ok"]) == (200, "/oidc/auth", True)
    assert line["time"].endswith("Z")
    assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)
    assert "trace" not in line


def test_outside_of_a_request_there_is_no_number(log: Log) -> None:
    log.logger.info("job.done")

    assert log.only()["request"] == "-"


def test_each_request_has_a_number_of_its_own(log: Log) -> None:
    with request_context() as first:
        log.logger.info("first")
        with request_context("mail-dispatcher"):
            log.logger.info("inner")
        log.logger.info("first again")
    with request_context() as second:
        log.logger.info("second")

    numbers = [json.loads(line)["request"] for line in log.lines()]
    assert numbers == [first, "mail-dispatcher", first, second]
    assert first != second


@pytest.mark.parametrize(
    "name",
    [
        "code",
        "codes",
        "access_token",
        "token_hint",
        "password",
        "new_password",
        "client_secret",
        "Authorization",
        "set-cookie",
        "cookie",
        "body",
        "query",
        "query_string",
        "code_verifier",
    ],
)
def test_a_field_that_sounds_like_a_secret_is_hidden(name: str, log: Log) -> None:
    log.logger.info("event", extra={name: "493817", "inner": {"deep": [{name: "493817"}]}})

    assert log.only()[name] == "•••"
    assert "493817" not in log.stream.getvalue()


@pytest.mark.parametrize(
    "name", ["error_code", "status_code", "token_type", "encoded", "bodyguard"]
)
def test_a_field_that_only_looks_alike_is_shown(name: str, log: Log) -> None:
    log.logger.info("event", extra={name: "shown"})

    assert log.only()[name] == "shown"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("to alice@example.com now", "to a•••@example.com now"),
        ("<bob.b+tag@mail.example.co.uk>", "<b•••@mail.example.co.uk>"),
        ("root@localhost", "r•••@localhost"),
        ("a@example.com,b@example.org", "a•••@example.com,b•••@example.org"),
        ("王小明@例子.中国", "王•••@例子.中国"),
        ("GET /cb?code=123456&state=x HTTP/1.1", "GET /cb?••• HTTP/1.1"),
        (f"bearer {TOKEN}", "bearer •••"),
        ("Bearer short", "Bearer •••"),
        ("Authorization: Basic dTpw", "Authorization: Basic •••"),
        ("code=123456", "code=•••"),
        ("client_secret=hush&x=y", "client_secret=•••&x=y"),
        ("postgresql://me:hush@db/x", "postgresql://•••@db/x"),
        ("nothing to hide: 12 mails", "nothing to hide: 12 mails"),
    ],
)
def test_addresses_are_masked_and_secrets_hidden_anywhere_in_text(
    text: str, kept: str, log: Log
) -> None:
    log.logger.info("said: %s", text, extra={"detail": text, "inner": [text]})

    line = log.only()
    assert line["event"] == f"said: {kept}"
    assert line["detail"] == kept
    assert line["inner"] == [kept]


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    "attack",
    [
        'x\n{"event": "forged"}',
        "x\r\nforged",
        "x\x0bx\x0cx\x1cx\x85x\u2028x\u2029forged",
        "\x1b[2J\x9b2J\u202eforged",
        "\ud800forged",
    ],
)
def test_nothing_a_stranger_sends_breaks_a_line_or_reaches_a_terminal(
    attack: str, log: Log, *, as_json: bool
) -> None:
    binary = io.BytesIO()
    stream = io.TextIOWrapper(binary, encoding="utf-8", newline="")
    configure(as_json=as_json, level="info", stream=stream)

    log.logger.info("event %s", attack, extra={"detail": attack, "inner": {attack: attack}})

    stream.flush()
    text = binary.getvalue().decode()
    assert len(text.splitlines()) == 1
    assert all(symbol.isprintable() for symbol in text.removesuffix("\n"))
    stream.detach()


def test_what_comes_along_cannot_pass_itself_off_as_the_event(log: Log) -> None:
    log.logger.info("real", extra={"event": "forged", "time": "forged", "request": "forged"})

    line = log.only()
    assert line["event"] == "real"
    assert "forged" not in log.stream.getvalue()


def fail_with(words: str) -> None:
    """Fail twice, with words that only the caller knows."""
    nothing: dict[str, str] = {}
    try:
        nothing.pop(words)
    except KeyError as cause:
        raise RuntimeError(words) from cause


def test_an_exception_has_a_trace_with_its_causes_but_without_its_words(log: Log) -> None:
    words = "parameters of a statement"
    try:
        fail_with(words)
    except RuntimeError:
        log.logger.exception("request.failed")

    trace = log.only()["trace"]
    assert "RuntimeError" in trace
    assert "KeyError" in trace
    assert "test_logs.py" in trace
    assert words not in log.stream.getvalue()


def test_every_exception_of_a_group_is_in_the_trace(log: Log) -> None:
    fault = ExceptionGroup("several", [ValueError("one"), ExceptionGroup("in", [OSError("two")])])

    log.logger.error("loop.failed", exc_info=fault)

    trace = log.only()["trace"]
    assert "ValueError" in trace
    assert "OSError" in trace


def test_exceptions_that_cause_each_other_end_somewhere(log: Log) -> None:
    first, second = ValueError("one"), KeyError("two")
    first.__cause__, second.__cause__ = second, first

    log.logger.error("loop.failed", exc_info=first)

    assert log.only()["trace"].count("ValueError") == 1


def test_below_a_warning_only_our_own_events_are_logged(log: Log) -> None:
    configure(as_json=True, level="debug", stream=log.stream)

    logging.getLogger("httpcore.http11").debug("send_request_headers.started request=...")
    logging.getLogger("httpx").info("HTTP Request: GET https://example.com/?code=1")
    logging.getLogger("sqlalchemy.engine").info("SELECT 1")
    logging.getLogger("somebody").warning("something is odd")
    log.logger.debug("own")

    assert [json.loads(line)["event"] for line in log.lines()] == ["something is odd", "own"]


def test_the_level_is_obeyed(log: Log) -> None:
    configure(as_json=True, level="error", stream=log.stream)

    log.logger.warning("too little")
    logging.getLogger("somebody").warning("too little")
    log.logger.error("enough")

    assert log.only()["event"] == "enough"


def test_the_access_log_of_the_http_server_is_off_and_its_errors_are_ours(log: Log) -> None:
    own = logging.StreamHandler(sys.stderr)
    logging.getLogger("uvicorn").addHandler(own)
    configure(as_json=True, level="info", stream=log.stream)

    logging.getLogger("uvicorn.access").info('127.0.0.1 - "GET /cb?code=1 HTTP/1.1" 200')
    logging.getLogger("uvicorn.error").error("Exception in ASGI application")

    assert log.only()["event"] == "Exception in ASGI application"
    assert own not in logging.getLogger("uvicorn").handlers


def test_warnings_of_python_are_lines_of_the_log(log: Log) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("something will go away", DeprecationWarning, stacklevel=1)

    line = log.only()
    assert line["logger"] == "py.warnings"
    assert "something will go away" in line["event"]


def test_configuring_twice_logs_once(log: Log) -> None:
    configure(as_json=True, level="info", stream=log.stream)

    log.logger.info("once")

    assert log.only()["event"] == "once"


def test_a_person_reads_time_level_request_event_and_fields(log: Log) -> None:
    configure(as_json=False, level="info", stream=log.stream)

    with request_context("abc123"):
        log.logger.warning("mail.sender_spared", extra={"sender": "smtp", "code": "493817"})

    [line] = log.lines()
    assert line[8:] == " warning [abc123] mail.sender_spared sender='smtp' code='•••'"


def test_a_person_sees_the_trace_below_the_line(log: Log) -> None:
    configure(as_json=False, level="info", stream=log.stream)

    log.logger.error("request.failed", exc_info=ValueError("words"))

    assert log.lines()[1:] == ["ValueError"]
