"""Reading an authorization request: first where it may be answered, then what it asks for."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from authserver.domain.api_resources import ApiResource
from authserver.domain.client_metadata import ClientMetadata
from authserver.domain.clients import Client
from authserver.domain.scopes import ScopeSet
from authserver.domain.sessions import AuthenticationContext
from authserver.oidc.authorization.requested_claims import RequestedClaims, read_claims
from authserver.oidc.errors import InvalidRequest, InvalidTarget
from authserver.oidc.parameters import Parameters
from authserver.oidc.pkce import read_challenge
from authserver.storage.registered_apis import RegisteredApis
from authserver.storage.registered_clients import RegisteredClients

# Logto's SDKs add it whenever organization scopes are configured; it names no API.
ORGANIZATIONS_RESOURCE: Final = "urn:logto:resource:organizations"
MOST_RESOURCES: Final = 20
LONGEST_RESOURCE: Final = 250
LONGEST_STATE: Final = 2000
LONGEST_NONCE: Final = 1000
LONGEST_LOGIN_HINT: Final = 320
LONGEST_VALUE: Final = 2048
LONGEST_VALUE_OF: Final = {"claims": 4096, "request": 8192}
HINTS: Final = frozenset({"login_hint", "id_token_hint"})
LONGEST_HINT: Final = 8192
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
    acr_values: tuple[str, ...]
    id_token_hint: str | None
    wants_registration: bool
    scope_words: frozenset[str]
    apis: tuple[ApiResource, ...]
    unknown_resources: tuple[str, ...]
    unsupported: frozenset[str]
    claims: RequestedClaims

    @property
    def client(self) -> Client:
        """Return the client that asks."""
        return self.target.client

    @property
    def preferred_context(self) -> AuthenticationContext | None:
        """Return the context that the client would like best, of those that there are.

        Both ways to ask are wishes, not conditions (OIDC Core §3.1.2.1, §5.5.1.1).
        """
        for value in (*self.claims.preferred_acr, *self.acr_values):
            if value in set(AuthenticationContext):
                return AuthenticationContext(value)
        return None

    @property
    def needs_two_factors(self) -> bool:
        """Tell whether one factor cannot be an answer."""
        essential = self.claims.acr_values
        return bool(essential) and AuthenticationContext.ONE_FACTOR not in essential

    @property
    def wants_two_factors(self) -> bool:
        """Tell whether two factors are a better answer than one."""
        if self.claims.acr_values:
            return self.needs_two_factors
        return self.preferred_context is AuthenticationContext.TWO_FACTORS

    def context_told(self, reached: AuthenticationContext) -> AuthenticationContext:
        """Return the claim `acr` for a sign-in that has `reached` a context.

        Two factors are one factor, too: a client that insists on just that is told just that.
        """
        if self.claims.acr_values == {AuthenticationContext.ONE_FACTOR}:
            return AuthenticationContext.ONE_FACTOR
        return reached


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


def read_request(
    parameters: Parameters, target: RedirectTarget, apis: RegisteredApis
) -> AuthorizationRequest:
    """Return what is asked for; whatever is raised here is sent to the client."""
    parameters.refuse_repeated()
    refuse_long_values(parameters)
    known, unknown = read_resources(parameters, apis)
    claims = read_claims(parameters.get("claims"))
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
        max_age=read_max_age(parameters.get("max_age"), target.client.metadata),
        acr_values=read_acr_values(parameters.get("acr_values"), claims, target.client.metadata),
        id_token_hint=parameters.get("id_token_hint"),
        wants_registration=wants_registration(parameters),
        scope_words=frozenset((parameters.get("scope") or "").split()),
        apis=known,
        unknown_resources=unknown,
        unsupported=frozenset({"request", "request_uri", "registration"} & set(parameters.values)),
        claims=claims,
    )


def read_resources(
    parameters: Parameters, apis: RegisteredApis
) -> tuple[tuple[ApiResource, ...], tuple[str, ...]]:
    """Return the APIs that are asked for, and what is none (RFC 8707 §2)."""
    asked = [each for each in parameters.resources if each != ORGANIZATIONS_RESOURCE]
    if len(asked) > MOST_RESOURCES or any(len(each) > LONGEST_RESOURCE for each in asked):
        raise InvalidTarget("too many or too long values of resource")
    return apis.find_each(asked)


def read_max_age(text: str | None, registered: ClientMetadata) -> int | None:
    """Return the greatest age of the sign-in in seconds (OIDC Core §3.1.2.1).

    A request's own goes before the one that is registered (OIDC Registration §2).
    """
    if text is None:
        usual = registered.default_max_age
        return None if usual is None else int(usual.total_seconds())
    if not WHOLE_SECONDS.fullmatch(text):
        raise InvalidRequest("max_age must be a whole number of seconds")
    return int(text)


def read_acr_values(
    text: str | None, claims: RequestedClaims, registered: ClientMetadata
) -> tuple[str, ...]:
    """Return the contexts that would be liked, best first.

    Whoever asks in either way has not left it to what is registered (OIDC Registration §2).
    """
    asked = tuple((text or "").split())
    if asked or claims.acr_values or claims.preferred_acr:
        return asked
    return registered.default_acr_values


def refuse_long_values(parameters: Parameters) -> None:
    """Raise InvalidRequest for a value that is longer than anybody needs: it would be stored."""
    for name, value in parameters.values.items():
        if name not in HINTS and len(value) > LONGEST_VALUE_OF.get(name, LONGEST_VALUE):
            raise InvalidRequest("a parameter is too long")


def read_login_hint(text: str | None) -> str | None:
    """Return the address to fill in; a space in it was a plus sign before careless encoding.

    What is too long to be one is no fault, only no hint (OIDC Core §3.1.2.1).
    """
    if text is None or len(text) > LONGEST_LOGIN_HINT:
        return None
    return text.strip().replace(" ", "+")


def wants_registration(parameters: Parameters) -> bool:
    """Tell whether the first page is to be the one that creates an account.

    `prompt=create` is OpenID Connect's word for it; the others are those of Logto's SDKs.
    """
    return (
        Prompt.CREATE in (parameters.get("prompt") or "").split()
        or parameters.get("first_screen") in {"register", "identifier:register"}
        or parameters.get("interaction_mode") == "signUp"
    )
