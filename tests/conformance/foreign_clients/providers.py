"""The two providers every foreign client walks against: a certified stand-in, and this server."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from tests.conformance.foreign_clients.node_scripts import NodeScript
from tests.support.person import DevInbox, Person
from tests.support.server_process import ServerProcess

Authentication = Literal["basic", "post", "none", "private_key_jwt"]
KeySet = Mapping[str, object]

METHODS: dict[Authentication, str] = {
    "basic": "client_secret_basic",
    "post": "client_secret_post",
    "none": "none",
    "private_key_jwt": "private_key_jwt",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredClient:
    """What an application is told about itself."""

    client_id: str
    client_secret: str | None
    redirect_uri: str
    post_logout_redirect_uri: str


class Provider(Protocol):
    """A running provider at which clients can be registered."""

    endpoint: str
    inbox: DevInbox

    def register(
        self,
        *,
        redirect_uri: str,
        post_logout_redirect_uri: str,
        authentication: Authentication,
        jwks: KeySet | None = None,
    ) -> RegisteredClient:
        """Register an application that may sign people in."""
        ...

    def register_service(self) -> tuple[str, str]:
        """Register a service, which acts for itself, and return its id and secret."""
        ...

    def register_api(self, indicator: str) -> None:
        """Register an API, for which clients may ask access tokens; once for each test."""
        ...


class StandIn:
    """The certified provider of npm behind our paths and pages."""

    def __init__(self, script: NodeScript) -> None:
        self.endpoint: str = script.ask("listen")
        self.inbox = DevInbox(self.endpoint)

    def register(
        self,
        *,
        redirect_uri: str,
        post_logout_redirect_uri: str,
        authentication: Authentication,
        jwks: KeySet | None = None,
    ) -> RegisteredClient:
        """Register by dynamic registration, where the method of authentication is binding."""
        answer = httpx.post(
            f"{self.endpoint}/oidc/reg",
            json={
                "redirect_uris": [redirect_uri],
                "post_logout_redirect_uris": [post_logout_redirect_uri],
                "token_endpoint_auth_method": METHODS[authentication],
                **({} if jwks is None else {"jwks": jwks}),
            },
            trust_env=False,
        ).raise_for_status()
        return RegisteredClient(
            client_id=answer.json()["client_id"],
            client_secret=answer.json().get("client_secret"),
            redirect_uri=redirect_uri,
            post_logout_redirect_uri=post_logout_redirect_uri,
        )

    def register_service(self) -> tuple[str, str]:
        """Register by dynamic registration."""
        answer = httpx.post(
            f"{self.endpoint}/oidc/reg",
            json={
                "grant_types": ["client_credentials"],
                "redirect_uris": [],
                "response_types": [],
                "token_endpoint_auth_method": METHODS["post"],
            },
            trust_env=False,
        ).raise_for_status()
        return answer.json()["client_id"], answer.json()["client_secret"]

    def register_api(self, indicator: str) -> None:
        """Do nothing: every address is an API here."""


class RunningServer:
    """This server, as a process of its own."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self.endpoint = server.endpoint
        self.inbox = server.inbox

    def register(
        self,
        *,
        redirect_uri: str,
        post_logout_redirect_uri: str,
        authentication: Authentication,
        jwks: KeySet | None = None,
    ) -> RegisteredClient:
        """Register by the command line; confidential clients may use Basic and post alike."""
        kind = "spa" if authentication == "none" else "web"
        with TemporaryDirectory() as folder:
            keys = Path(folder) / "jwks.json"
            keys.write_text(json.dumps(jwks))
            proof = ("--token-endpoint-auth-method", METHODS[authentication], "--jwks", str(keys))
            created = self._server.authserver(
                *("client", "create", "--name", "Foreign client", "--kind", kind),
                *("--redirect-uri", redirect_uri),
                *("--post-logout-redirect-uri", post_logout_redirect_uri),
                *(() if jwks is None else proof),
            )
        return RegisteredClient(
            client_id=created["client_id"],
            client_secret=created.get("client_secret"),
            redirect_uri=redirect_uri,
            post_logout_redirect_uri=post_logout_redirect_uri,
        )

    def register_service(self) -> tuple[str, str]:
        """Register by the command line."""
        made = self._server.authserver("client", "create", "--name", "Robot", "--kind", "service")
        return made["client_id"], made["client_secret"]

    def register_api(self, indicator: str) -> None:
        """Register it by the command line, which refuses to do so twice."""
        self._server.authserver("resource", "create", indicator)


def silent_answer(person: Person, endpoint: str, client: RegisteredClient) -> dict[str, str]:
    """Ask whether the person is still signed in (prompt=none) and return the answer's query."""
    query = {
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "response_type": "code",
        "scope": "openid",
        "state": "still there?",
        "prompt": "none",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    answer = person.pass_through(f"{endpoint}/oidc/auth?{urlencode(query)}")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer).query).items()}
