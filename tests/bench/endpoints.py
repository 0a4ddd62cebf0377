"""`dev.py bench endpoints`: what one process answers in a second, beside npm's oidc-provider.

The peer keeps everything in memory; this server commits to SQLite. Both run on this machine, one
after the other in turns, over kept-alive connections; only the ratios say something.
"""

import argparse
import base64
import http.client
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from tests.conformance.foreign_clients.node_scripts import script_runner
from tests.conformance.foreign_clients.providers import (
    Provider,
    RegisteredClient,
    RunningServer,
    StandIn,
)
from tests.support.person import Person
from tests.support.server_process import ServerProcess

CALLBACK = "http://localhost:3999/callback"
VERIFIER = "a-code-verifier-of-the-benchmark-that-is-long-enough"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ROOM = {
    "AUTHSERVER_LIMITS__REQUESTS_PER_SOURCE_MINUTE": "10000000",
    "AUTHSERVER_LIMITS__CLIENT_REQUESTS_PER_SOURCE_MINUTE": "10000000",
    "AUTHSERVER_LOG__LEVEL": "warning",
}

ENDPOINTS = (
    "discovery",
    "key set",
    "userinfo",
    "introspection",
    "client credentials",
    "refresh",
)

Call = Callable[[http.client.HTTPConnection], None]


@dataclass(slots=True)
class Bench:
    """One provider with somebody signed in, and how each endpoint is called."""

    endpoint: str
    client: RegisteredClient
    service: tuple[str, str]
    tokens: dict[str, Any]

    def calls(self) -> dict[str, Call]:
        """Return a call for each endpoint."""
        bearer = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        client = self.credentials
        introspected = {"token": self.tokens["access_token"], **client}
        service = dict(zip(client, self.service, strict=True))
        return {
            "discovery": get("/oidc/.well-known/openid-configuration", {}),
            "key set": get("/oidc/jwks", {}),
            "userinfo": get("/oidc/me", bearer),
            "introspection": post("/oidc/token/introspection", introspected, says_active),
            "client credentials": post(
                "/oidc/token", {"grant_type": "client_credentials", **service}, says_token
            ),
            "refresh": self.refresh,
        }

    @property
    def credentials(self) -> dict[str, str]:
        """Return what proves the client, in a form."""
        assert self.client.client_secret is not None
        return {"client_id": self.client.client_id, "client_secret": self.client.client_secret}

    def refresh(self, connection: http.client.HTTPConnection) -> None:
        """Rotate the refresh token; one connection only, for each use needs the one before."""
        fields = {
            "grant_type": "refresh_token",
            "refresh_token": self.tokens["refresh_token"],
            **self.credentials,
        }
        self.tokens = answer_to_form(connection, "/oidc/token", fields)


def answer_to_form(
    connection: http.client.HTTPConnection, path: str, fields: dict[str, str]
) -> dict[str, Any]:
    """Send a form and return the JSON document of its answer, which must be 200."""
    connection.request("POST", path, urlencode(fields), FORM)
    answer = connection.getresponse()
    document: dict[str, Any] = json.loads(answer.read())
    assert answer.status == httpx.codes.OK, document
    return document


def post(path: str, fields: dict[str, str], is_right: Callable[[dict[str, Any]], bool]) -> Call:
    """Return the call that sends a form, whose answer must be right."""

    def call(connection: http.client.HTTPConnection) -> None:
        document = answer_to_form(connection, path, fields)
        assert is_right(document), document

    return call


def says_active(document: dict[str, Any]) -> bool:
    """Tell whether an introspected token is live."""
    return document["active"] is True


def says_token(document: dict[str, Any]) -> bool:
    """Tell whether there is a token in the answer."""
    return bool(document["access_token"])


def get(path: str, headers: dict[str, str]) -> Call:
    """Return the call of one address, whose answer must be 200."""

    def call(connection: http.client.HTTPConnection) -> None:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == httpx.codes.OK, (path, answer.status)

    return call


def signed_in(provider: Provider, address: str) -> Bench:
    """Register an application and sign somebody in to it."""
    client = provider.register(
        redirect_uri=CALLBACK, post_logout_redirect_uri=CALLBACK, authentication="post"
    )
    challenge = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": client.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid email offline_access",
        "prompt": "consent",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    with Person.browsing(provider.endpoint, provider.inbox) as person:
        url = person.sign_in(f"{provider.endpoint}/oidc/auth?{urlencode(query)}", address)
    answer = httpx.post(
        f"{provider.endpoint}/oidc/token",
        data={
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(url).query)["code"][0],
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        },
        trust_env=False,
    ).raise_for_status()
    return Bench(provider.endpoint, client, provider.register_service(), answer.json())


def rate(bench: Bench, call: Call, connections: int, seconds: float) -> float:
    """Return how many calls a second were answered over so many connections."""
    until = time.perf_counter() + seconds
    counts: list[int] = []

    def work() -> None:
        parts = urlsplit(bench.endpoint)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        count = 0
        while time.perf_counter() < until:
            call(connection)
            count += 1
        connection.close()
        counts.append(count)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


@contextmanager
def both(folder: Path) -> Iterator[dict[str, Provider]]:
    """Yield this server and its peer."""
    with ExitStack() as stack:
        peer = StandIn(stack.enter_context(script_runner()("stand_in_provider.mjs", folder)))
        ours = RunningServer(stack.enter_context(ServerProcess(folder, settings=ROOM)))
        yield {"authserver": ours, "oidc-provider": peer}


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Measure in turns and print medians and ratios."""
    parser = argparse.ArgumentParser(prog="dev.py bench endpoints", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, both(Path(folder)) as providers:
        say(f"{'per second':20}{'authserver':>12}{'oidc-provider':>15}{'ratio':>8}")
        for number, name in enumerate(ENDPOINTS):
            # The peer keeps a thousand things: after so many tokens it has forgotten both clients.
            address = f"somebody-{number}@example.com"
            benches = {each: signed_in(one, address) for each, one in providers.items()}
            connections = 1 if name == "refresh" else 2
            found: dict[str, list[float]] = {each: [] for each in benches}
            for _ in range(options.rounds):
                for each, bench in benches.items():
                    call = bench.calls()[name]
                    found[each].append(rate(bench, call, connections, options.seconds))
            ours, peer = (statistics.median(figures) for figures in found.values())
            say(f"{name:20}{ours:12.0f}{peer:15.0f}{ours / peer:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
