"""A program without people that has mailboxes proven: a service with an access token."""

from typing import Any

import httpx

from authserver.administration.clients import NewClient
from authserver.composition.server import AuthServer
from authserver.domain.api_resources import OWN_API, VERIFICATIONS, Permission
from authserver.domain.clients import ClientKind

PATH = f"{OWN_API}/verifications"
ROLE = "asker"


def new_service(server: AuthServer, endpoint: str, *, name: str = "Newsletter") -> NewClient:
    """Register a service that may have mailboxes proven."""
    made = server.clients.create(name=name, kind=ClientKind.SERVICE)
    if not any(role.name == ROLE for role in server.roles.list()):
        server.roles.create(ROLE, "", [Permission(endpoint + OWN_API, VERIFICATIONS)])
    server.roles.assign_to_client(ROLE, made.client.id)
    return made


def token_request(made: NewClient, endpoint: str, **changes: str) -> httpx.Request:
    """Return the request for an access token (RFC 6749 §4.4.2)."""
    assert made.secret is not None
    fields = {
        "grant_type": "client_credentials",
        "client_id": made.client.id,
        "client_secret": made.secret.reveal(),
        "resource": endpoint + OWN_API,
        "scope": VERIFICATIONS,
        **changes,
    }
    return httpx.Request("POST", f"{endpoint}/oidc/token", data=fields)


class BackEnd:
    """The service at work."""

    def __init__(self, http: httpx.Client, made: NewClient, endpoint: str) -> None:
        self.http = http
        self.id = made.client.id
        self._token_request = token_request(made, endpoint)
        self.token = ""
        self.renew_token()

    def renew_token(self) -> None:
        """Ask for another access token."""
        self.token = self.http.send(self._token_request).json()["access_token"]

    @property
    def headers(self) -> dict[str, str]:
        """Return what proves who calls."""
        return {"Authorization": f"Bearer {self.token}"}

    def start(self, email: str, **members: str) -> httpx.Response:
        """Begin a verification."""
        return self.http.post(PATH, headers=self.headers, json={"email": email, **members})

    def started(self, email: str, **members: str) -> str:
        """Begin a verification and return its name."""
        name: str = told(self.start(email, **members), 201)["id"]
        return name

    def show(self, name: str) -> httpx.Response:
        """Ask how a verification stands."""
        return self.http.get(f"{PATH}/{name}", headers=self.headers)

    def resend(self, name: str) -> httpx.Response:
        """Ask for one more mail."""
        return self.http.post(f"{PATH}/{name}/resend", headers=self.headers)

    def enter(self, name: str, code: str) -> httpx.Response:
        """Ask whether a code is right."""
        return self.http.post(f"{PATH}/{name}/code", headers=self.headers, json={"code": code})


def told(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Return the answer, which must have this status."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body


def problem_of(response: httpx.Response, status: int) -> str:
    """Return the name of a problem after checking its document (RFC 9457 §3)."""
    document = told(response, status)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert set(document) == {"type", "title", "status", "detail", "reference"}
    assert document["status"] == status
    kind, _, name = document["type"].rpartition(":")
    assert kind == "urn:authserver:problem"
    return str(name)
