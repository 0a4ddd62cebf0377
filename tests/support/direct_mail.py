"""A stand-in for Aliyun Direct Mail: a real HTTP service that judges calls as the real one does.

It checks V3 signatures over whatever set of headers was signed (the mandatory ones must be among
them), the clock, nonces, parameter limits, known keys and senders; it keeps what it accepts; and
it can be told to misbehave for the next calls.
"""

import hashlib
import hmac
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from authserver.domain.clock import SystemClock
from tests.support.direct_mail_desk import EnquiryDesk
from tests.support.direct_mail_rules import (
    MANDATORY_HEADERS,
    Call,
    Refused,
    ServiceAnswer,
    as_json,
    canonical_text,
    check_parameters,
    echo,
    form_of,
    parsed_authorization,
    request_id,
    sign,
)

MAX_SKEW = timedelta(minutes=15)


class Fault(StrEnum):
    """What the service can be told to do instead of serving a call."""

    THROTTLED = "throttled"
    INTERNAL_ERROR = "internal error"
    UNAVAILABLE = "unavailable"
    PROXY_PAGE = "a page of some proxy"
    UNREADABLE_SUCCESS = "status 200 with a page of some proxy"
    HANG = "no answer, nothing accepted"
    CUT_BEFORE = "connection cut, nothing accepted"
    CUT_AFTER = "connection cut, mail accepted"
    WRONG_SECRET = "signature refused, with the request echoed"
    SUPPRESSED = "recipient in the invalid-address library"
    UNKNOWN_SENDER = "sender unknown in this region"
    FROZEN_SENDER = "sender frozen"
    NO_RIGHT = "RAM right missing"
    SPAM_OR_QUOTA = "spam filter or quota"
    BAD_RECIPIENT = "recipient cannot be read"
    REDIRECT = "redirect"


# Status and `Code` of the faults that are plain answers.
ANSWERS = {
    Fault.THROTTLED: (400, "Throttling.User"),
    Fault.INTERNAL_ERROR: (500, "InternalError"),
    Fault.UNAVAILABLE: (503, "ServiceUnavailable"),
    Fault.SUPPRESSED: (400, "InvalidToAddress.Spam"),
    Fault.UNKNOWN_SENDER: (404, "InvalidMailAddress.NotFound"),
    Fault.FROZEN_SENDER: (400, "InvalidMailAddressStatus.Malformed"),
    Fault.NO_RIGHT: (403, "Forbidden.RAM"),
    Fault.SPAM_OR_QUOTA: (400, "InvalidSendMail.Spam"),
    Fault.BAD_RECIPIENT: (400, "InvalidToAddress"),
}


@dataclass(frozen=True, kw_only=True)
class AcceptedMail:
    """One mail that would be sent."""

    envelope_id: str
    parameters: dict[str, str]

    @property
    def to(self) -> str:
        return self.parameters["ToAddress"]


class DirectMailService:
    """The judgement of calls, apart from the HTTP around it."""

    def __init__(
        self,
        *,
        keys: dict[str, str] | None = None,
        senders: frozenset[str] = frozenset({"noreply@mail.example.com"}),
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.keys = {"testid": "testsecret"} if keys is None else keys
        self.senders = senders
        self.accepted: list[AcceptedMail] = []
        self.calls: list[Call] = []
        self.desk = EnquiryDesk()
        self.retry_after_ms: int | None = None
        self.security_token: str | None = None
        self.now = now or SystemClock().now
        self._nonces: set[str] = set()
        self._faults: deque[Fault] = deque()
        self._lock = threading.Lock()

    def misbehave(self, fault: Fault, calls: int = 1) -> None:
        """Do `fault` in each of the next `calls` calls, after the faults already asked for."""
        self._faults.extend([fault] * calls)

    def next_fault(self) -> Fault | None:
        with self._lock:
            return self._faults.popleft() if self._faults else None

    def answer(self, call: Call) -> ServiceAnswer:
        """Judge one call and keep its mail if it is in order."""
        with self._lock:
            try:
                members = self.judge(call)
            except Refused as refusal:
                return self.error(refusal.status, refusal.code, refusal.message)
        return ServiceAnswer(status=200, body=as_json(**members, RequestId=request_id()))

    def judge(self, call: Call) -> dict[str, object]:
        if call.path.partition("?")[0] != "/":
            raise Refused(404, "InvalidAction.NotFound")
        self.check_signature(call)
        if call.headers["x-acs-version"] != "2015-11-23":
            raise Refused(400, "InvalidVersion")
        action = call.headers["x-acs-action"]
        if action == "SingleSendMail":
            return {"EnvId": self.accept(call)}
        return self.desk.answer(action, call)

    def accept(self, call: Call) -> str:
        parameters = form_of(call)
        check_parameters(parameters, self.senders)
        envelope_id = f"6000000{len(self.accepted):011d}"
        self.accepted.append(AcceptedMail(envelope_id=envelope_id, parameters=parameters))
        return envelope_id

    def check_signature(self, call: Call) -> None:
        key_id, names, given = parsed_authorization(call.headers.get("authorization", ""))
        if key_id not in self.keys:
            raise Refused(404, "InvalidAccessKeyId.NotFound")
        present = {name for name in call.headers if name.startswith("x-acs-")} | MANDATORY_HEADERS
        if "content-type" in call.headers:
            present.add("content-type")
        if present - set(names) or set(names) - set(call.headers):
            raise Refused(400, "IncompleteSignature", "a mandatory header is not signed")
        if call.headers["x-acs-content-sha256"] != hashlib.sha256(call.body).hexdigest():
            raise Refused(400, "SignatureDoesNotMatch", "the body hash does not match")
        canonical = canonical_text(call, names)
        if not hmac.compare_digest(given, sign(canonical, self.keys[key_id])):
            raise Refused(400, "SignatureDoesNotMatch", echo(canonical, call))
        self.check_freshness(call)

    def check_freshness(self, call: Call) -> None:
        if call.headers.get("x-acs-security-token") != self.security_token:
            raise Refused(400, "InvalidSecurityToken.Malformed")
        try:
            stamp = datetime.strptime(call.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%S%z")
        except ValueError:
            raise Refused(400, "InvalidTimeStamp.Format") from None
        if abs(stamp - self.now()) > MAX_SKEW:
            raise Refused(400, "InvalidTimeStamp.Expired")
        nonce = call.headers["x-acs-signature-nonce"]
        if not nonce or nonce in self._nonces:
            raise Refused(400, "SignatureNonceUsed")
        self._nonces.add(nonce)

    def error(self, status: int, code: str, message: str = "refused") -> ServiceAnswer:
        headers = {}
        if self.retry_after_ms is not None and status in {400, 503}:
            headers["x-acs-retry-after"] = str(self.retry_after_ms)
        body = as_json(
            RequestId=request_id(),
            Message=message,
            Recommend=f"https://api.example.com/troubleshoot?q={code}",
            HostId="dm.aliyuncs.com",
            Code=code,
        )
        return ServiceAnswer(status=status, body=body, headers=headers)


class Handler(BaseHTTPRequestHandler):
    """Reads one call after the other from a connection."""

    protocol_version = "HTTP/1.1"
    server: "DirectMailServer"

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_POST(self) -> None:
        service = self.server.service
        length = int(self.headers.get("content-length", "0"))
        call = Call(
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        service.calls.append(call)
        fault = service.next_fault()
        if fault is None:
            self.write(service.answer(call))
        elif fault in ANSWERS:
            self.write(service.error(*ANSWERS[fault]))
        else:
            self.misbehave(fault, call)

    def misbehave(self, fault: Fault, call: Call) -> None:
        service = self.server.service
        page = b"<html><body>Bad gateway</body></html>"
        match fault:
            case Fault.HANG:
                self.server.released.wait(30)
                self.cut()
            case Fault.CUT_BEFORE:
                self.cut()
            case Fault.CUT_AFTER:
                service.answer(call)
                self.cut()
            case Fault.WRONG_SECRET:
                canonical = canonical_text(call, sorted(MANDATORY_HEADERS))
                message = echo(canonical, call)
                self.write(service.error(400, "SignatureDoesNotMatch", message))
            case Fault.PROXY_PAGE | Fault.UNREADABLE_SUCCESS:
                status = 502 if fault is Fault.PROXY_PAGE else 200
                self.write(ServiceAnswer(status=status, body=page, content_type="text/html"))
            case Fault.REDIRECT:
                headers = {"location": "/elsewhere"}
                self.write(ServiceAnswer(status=307, body=page, headers=headers))
            case _:
                raise AssertionError(fault)

    def cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def write(self, answer: ServiceAnswer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Write nothing to the console."""


class DirectMailServer(ThreadingHTTPServer):
    """The service on a free loopback port, in threads of its own; a context manager."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, service: DirectMailService | None = None) -> None:
        self.service = service or DirectMailService()
        self.connections: set[socket.socket] = set()
        self.released = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.shutdown()
        self._thread.join()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # closed by its own thread meanwhile
                continue
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over clients that went away."""
