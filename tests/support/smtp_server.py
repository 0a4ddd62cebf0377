"""A small SMTP server that answers as it is told, one thread per connection."""

import base64
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from typing import Self


@dataclass(kw_only=True)
class Script:
    """What the server says and does; a step in `cuts` ends the connection, in `hangs` waits."""

    greeting: str = "220 mail.example.com ESMTP"
    replies: dict[str, str] = field(default_factory=dict)
    final: str = "250 2.0.0 Ok: queued"
    username: str | None = None
    password: str | None = None
    has_smtputf8: bool = False
    has_starttls: bool = True
    cuts: frozenset[str] = frozenset()
    hangs: frozenset[str] = frozenset()
    seconds_before_final: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ReceivedMail:
    """One mail that the server took, with what came before it."""

    sender: str
    recipients: list[str]
    content: bytes
    was_encrypted: bool
    was_logged_in: bool


class SmtpConversation(socketserver.StreamRequestHandler):
    """One connection."""

    server: "SmtpServer"

    def handle(self) -> None:
        self.is_encrypted = self.is_logged_in = False
        if self.server.implicit_tls and not self.encrypt():
            return
        script = self.server.script
        if "CONNECT" in script.hangs:
            self.server.released.wait(30)
        if "CONNECT" in script.cuts:
            return
        self.say(script.greeting)
        self.sender = ""
        self.recipients: list[str] = []
        while (line := self.rfile.readline()) and self.obey(line.decode().strip()):
            pass

    def obey(self, line: str) -> bool:
        """Answer one command; return whether the conversation goes on."""
        verb = line.partition(" ")[0].partition(":")[0].upper()
        script = self.server.script
        self.server.commands.append(line if verb != "AUTH" else verb)
        if verb in script.hangs:
            self.server.released.wait(30)
            return False
        if verb in script.cuts:
            return False
        if verb in script.replies:
            self.say(script.replies[verb])
            return True
        return self.serve(verb, line)

    def serve(self, verb: str, line: str) -> bool:
        match verb:
            case "EHLO":
                self.say_extensions()
            case "STARTTLS":
                self.say("220 go ahead")
                return self.encrypt()
            case "AUTH":
                self.log_in(line)
            case "MAIL":
                self.sender = line.partition("<")[2].partition(">")[0]
                self.say("250 Ok")
            case "RCPT":
                self.recipients.append(line.partition("<")[2].partition(">")[0])
                self.say("250 Ok")
            case "DATA":
                return self.take_content()
            case "QUIT":
                self.say("221 Bye")
                return False
            case _:
                self.say("500 unknown")
        return True

    def say_extensions(self) -> None:
        script = self.server.script
        names = ["mail.example.com", "8BITMIME"]
        if script.has_starttls and not self.is_encrypted and not self.server.implicit_tls:
            names.append("STARTTLS")
        if script.username is not None:
            names.append("AUTH PLAIN")
        if script.has_smtputf8:
            names.append("SMTPUTF8")
        for name in names[:-1]:
            self.say(f"250-{name}")
        self.say(f"250 {names[-1]}")

    def log_in(self, line: str) -> None:
        script = self.server.script
        _, username, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
        self.is_logged_in = (username, password) == (script.username, script.password)
        self.say("235 Ok" if self.is_logged_in else "535 5.7.8 wrong login or region")

    def take_content(self) -> bool:
        self.say("354 go ahead")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        script = self.server.script
        if script.final.startswith("2"):
            self.server.received.append(
                ReceivedMail(
                    sender=self.sender,
                    recipients=self.recipients,
                    content=b"".join(lines),
                    was_encrypted=self.is_encrypted,
                    was_logged_in=self.is_logged_in,
                )
            )
        if "CONTENT" in script.hangs:
            self.server.released.wait(30)
        if "CONTENT" in script.cuts | script.hangs:
            return False
        if script.seconds_before_final:
            self.server.released.wait(script.seconds_before_final)
        self.say(script.final)
        return True

    def encrypt(self) -> bool:
        assert self.server.tls is not None
        try:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        except OSError:  # the client does not believe the certificate
            return False
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        self.is_encrypted = True
        return True

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def finish(self) -> None:
        super().finish()
        self.request.close()


class SmtpServer(socketserver.ThreadingTCPServer):
    """The server on a free loopback port: `with SmtpServer(Script()) as server`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self,
        script: Script | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
    ) -> None:
        self.script = script or Script()
        self.tls = tls
        self.implicit_tls = implicit_tls
        self.received: list[ReceivedMail] = []
        self.commands: list[str] = []
        self.released = threading.Event()
        super().__init__(("127.0.0.1", 0), SmtpConversation)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over clients that went away."""
