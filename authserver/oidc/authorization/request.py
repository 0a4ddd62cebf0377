"""Reading an authorization request: first where it may be answered, then what it asks for."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from authserver.domain.clients import Client
from authserver.domain.scopes import ScopeSet
from authserver.oidc.errors import InvalidRequest
from authserver.oidc.parameters import Parameters
from authserver.oidc.pkce import read_challenge
from authserver.storage.registered_clients import RegisteredClients

LONGEST_STATE: Final = 2000
LONGEST_NONCE: Final = 1000
LONGEST_CLAIMS: Final = 4000
WHOLE_SECONDS: Final = re.compile(r"[0-9]{1,9}")


class ResponseMode(StrEnum):
    """How the answer travels (OAuth 2.0 Multiple Response Types §2.1, Form Post §2)."""

    QUERY = "query"
    FORM_POST = "form_post"


class Prompt(StrEnum):
    """What the client wants to happen before it is answered (OIDC Core §3.1.2.1)."""

    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"
    SELECT_ACCOUNT = "select_account"
    CREATE = "create"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectTarget:
    """Where an answer may go, faults included: the redirect URI is the client's own."""

    client: Client
    redirect_uri: str
    response_mode: ResponseMode
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What a client asks for."""

    target: RedirectTarget
    response_type: str | None
    scopes: ScopeSet
    nonce: str | None
    code_challenge: str | None
    prompts: frozenset[str]
    max_age: int | None
    login_hint: str | None
    id_token_hint: str | None
    wants_registration: bool
    resources: tuple[str, ...]
    unsupported: frozenset[str]
    requested_claims: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        """Return the client that asks."""
        return self.target.client


def find_redirect_target(parameters: Parameters, clients: RegisteredClients) -> RedirectTarget:
    """Return where the request may be answered.

    Whatever is raised here is shown to the person and never redirected: without this target
    nobody is known to be entitled to the answer (RFC 6749 §4.1.2.1, RFC 9700 §4.11).
    """
    registered = clients.find(parameters.required("client_id"))
    if registered is None or registered.client.is_built_in:
        raise InvalidRequest("client_id is not known")
    redirect_uri = parameters.required("redirect_uri")
    if not registered.client.accepts_redirect_uri(redirect_uri):
        raise InvalidRequest("redirect_uri is not registered for this client")
    state = parameters.once("state")
    if state is not None and len(state) > LONGEST_STATE:
        raise InvalidRequest(f"state is longer than {LONGEST_STATE} characters")
    return RedirectTarget(
        client=registered.client,
        redirect_uri=redirect_uri,
        response_mode=read_response_mode(parameters.once("response_mode")),
        state=state,
    )


def read_response_mode(text: str | None) -> ResponseMode:
    """Return the response mode; the code flow's default is the query."""
    try:
        return ResponseMode(text or ResponseMode.QUERY)
    except ValueError as fault:
        raise InvalidRequest("response_mode must be query or form_post") from fault


def read_request(parameters: Parameters, target: RedirectTarget) -> AuthorizationRequest:
    """Return what is asked for; whatever is raised here is sent to the client."""
    parameters.refuse_repeated()
    nonce = parameters.get("nonce")
    if nonce is not None and len(nonce) > LONGEST_NONCE:
        raise InvalidRequest(f"nonce is longer than {LONGEST_NONCE} characters")
    return AuthorizationRequest(
        target=target,
        response_type=parameters.get("response_type"),
        scopes=ScopeSet.parse(parameters.get("scope") or ""),
        nonce=nonce,
        code_challenge=read_challenge(
            parameters.get("code_challenge"), parameters.get("code_challenge_method")
        ),
        prompts=frozenset((parameters.get("prompt") or "").split()),
        max_age=read_max_age(parameters.get("max_age")),
        login_hint=read_login_hint(parameters.get("login_hint")),
        id_token_hint=parameters.get("id_token_hint"),
        wants_registration=wants_registration(parameters),
        resources=parameters.resources,
        unsupported=frozenset({"request", "request_uri", "registration"} & set(parameters.values)),
        requested_claims=read_claims(parameters.get("claims")),
    )


def read_max_age(text: str | None) -> int | None:
    """Return the greatest age of the sign-in in seconds (OIDC Core §3.1.2.1)."""
    if text is None:
        return None
    if not WHOLE_SECONDS.fullmatch(text):
        raise InvalidRequest("max_age must be a whole number of seconds")
    return int(text)


def read_login_hint(text: str | None) -> str | None:
    """Return the address to fill in; a space in it was a plus sign before careless encoding."""
    return None if text is None else text.strip().replace(" ", "+")


def wants_registration(parameters: Parameters) -> bool:
    """Tell whether the first page is to be the one that creates an account.

    `prompt=create` is OpenID Connect's word for it; the others are those of Logto's SDKs.
    """
    return (
        Prompt.CREATE in (parameters.get("prompt") or "").split()
        or parameters.get("first_screen") in {"register", "identifier:register"}
        or parameters.get("interaction_mode") == "signUp"
    )


def read_claims(text: str | None) -> dict[str, list[str]]:
    """Return the names of individually requested claims, by where they go (OIDC Core §5.5)."""
    if text is None:
        return {}
    try:
        document = json.loads(text) if len(text) <= LONGEST_CLAIMS else None
    except (ValueError, RecursionError) as fault:
        raise InvalidRequest("claims must be a JSON object") from fault
    if not isinstance(document, dict):
        raise InvalidRequest("claims must be a JSON object of at most 4000 characters")
    requested = {}
    for place in ("id_token", "userinfo"):
        members = document.get(place) or {}
        if not isinstance(members, dict):
            raise InvalidRequest(f"claims.{place} must be a JSON object")
        requested[place] = sorted(members)
    return requested
