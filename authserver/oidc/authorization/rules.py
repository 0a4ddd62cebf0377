"""What an authorization request must obey: a function for each rule, and their order."""

from collections.abc import Callable
from typing import Final

from authserver.domain.clients import ClientKind
from authserver.domain.sessions import AuthenticationContext
from authserver.oidc.authorization.request import AuthorizationRequest, Prompt
from authserver.oidc.errors import (
    InvalidRequest,
    InvalidTarget,
    OAuthError,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnmetAuthenticationRequirements,
    UnsupportedResponseType,
)

SUPPORTED_RESPONSE_TYPE: Final = "code"

Rule = Callable[[AuthorizationRequest], None]


def refuse_request_objects(request: AuthorizationRequest) -> None:
    """OIDC Core §6: what is not supported is refused, never passed over."""
    faults: dict[str, type[OAuthError]] = {
        "request": RequestNotSupported,
        "request_uri": RequestUriNotSupported,
        "registration": RegistrationNotSupported,
    }
    for name, fault in faults.items():
        if name in request.unsupported:
            raise fault(f"{name} is not supported")


def require_supported_response_type(request: AuthorizationRequest) -> None:
    """RFC 6749 §4.1.1; RFC 9700 §2.1.2: the code flow and no other."""
    if request.response_type is None:
        raise InvalidRequest("response_type is required")
    if request.response_type != SUPPORTED_RESPONSE_TYPE:
        raise UnsupportedResponseType("response_type must be code")


def require_permitted_grant_type(request: AuthorizationRequest) -> None:
    """RFC 6749 §4.1.2.1: a service signs nobody in."""
    if request.client.kind is ClientKind.SERVICE:
        raise UnauthorizedClient("this client may not use the authorization endpoint")


def require_pkce(request: AuthorizationRequest) -> None:
    """RFC 9700 §2.1.1, OAuth 2.1: PKCE, unless the registration exempts a confidential client."""
    is_exempt = request.client.is_exempt_from_pkce and not request.client.is_public
    if request.code_challenge is None and not is_exempt:
        raise InvalidRequest("code_challenge is required for this client")


def require_consistent_prompt(request: AuthorizationRequest) -> None:
    """OIDC Core §3.1.2.1: `none` stands alone; unknown words are passed over."""
    if Prompt.NONE in request.prompts and len(request.prompts) > 1:
        raise InvalidRequest("prompt=none cannot be combined")


def require_known_resources(request: AuthorizationRequest) -> None:
    """RFC 8707 §2: a token for an unknown API is refused."""
    if request.unknown_resources:
        raise InvalidTarget("resource is not known")


def require_reachable_context(request: AuthorizationRequest) -> None:
    """OIDC Core §5.5.1.1: an essential acr is matched, or the request fails."""
    wanted = request.claims.acr_values
    if wanted and not wanted & set(AuthenticationContext):
        raise UnmetAuthenticationRequirements("none of the essential acr values can be met")


REQUEST_RULES: Final[tuple[Rule, ...]] = (
    refuse_request_objects,
    require_supported_response_type,
    require_permitted_grant_type,
    require_pkce,
    require_consistent_prompt,
    require_known_resources,
    require_reachable_context,
)


def check_request(request: AuthorizationRequest) -> None:
    """Raise the fault of the first rule that the request breaks."""
    for rule in REQUEST_RULES:
        rule(request)
