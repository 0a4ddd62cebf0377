"""The errors that clients are told, one class for each registered code."""

from typing import ClassVar


class OAuthError(Exception):
    """A client broke the protocol, or cannot be given what it asks for.

    `description` is shown to the client: printable ASCII without quote and backslash
    (RFC 6749 §4.1.2.1). `detail` is for the log alone, like the client that `client_id` names.
    """

    code: ClassVar[str] = "server_error"
    status: ClassVar[int] = 500

    client_id: str | None = None

    def __init__(self, description: str, *, detail: str | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.detail = detail


class ClientError(OAuthError):
    """A fault of the request; most are answered with 400 where they are not redirected."""

    status = 400


class InvalidRequest(ClientError):
    """RFC 6749 §4.1.2.1, §5.2."""

    code = "invalid_request"


class InvalidClient(ClientError):
    """RFC 6749 §5.2; the only error that is answered with 401."""

    code = "invalid_client"
    status = 401


class InvalidGrant(ClientError):
    """RFC 6749 §5.2."""

    code = "invalid_grant"


class UnauthorizedClient(ClientError):
    """RFC 6749 §5.2."""

    code = "unauthorized_client"


class UnsupportedGrantType(ClientError):
    """RFC 6749 §5.2."""

    code = "unsupported_grant_type"


class UnsupportedResponseType(ClientError):
    """RFC 6749 §4.1.2.1."""

    code = "unsupported_response_type"


class InvalidScope(ClientError):
    """RFC 6749 §5.2."""

    code = "invalid_scope"


class InvalidTarget(ClientError):
    """RFC 8707 §2."""

    code = "invalid_target"


class AccessDenied(ClientError):
    """RFC 6749 §4.1.2.1."""

    code = "access_denied"


class LoginRequired(ClientError):
    """OIDC Core §3.1.2.6."""

    code = "login_required"


class ConsentRequired(ClientError):
    """OIDC Core §3.1.2.6."""

    code = "consent_required"


class RequestNotSupported(ClientError):
    """OIDC Core §3.1.2.6."""

    code = "request_not_supported"


class RequestUriNotSupported(ClientError):
    """OIDC Core §3.1.2.6."""

    code = "request_uri_not_supported"


class RegistrationNotSupported(ClientError):
    """OIDC Core §3.1.2.6."""

    code = "registration_not_supported"


class InvalidToken(ClientError):
    """RFC 6750 §3.1."""

    code = "invalid_token"
    status = 401


class TokenRequired(InvalidToken):
    """RFC 6750 §3.1: who sends no token at all is told no error in the challenge."""


class InsufficientScope(ClientError):
    """RFC 6750 §3.1."""

    code = "insufficient_scope"
    status = 403


class TemporarilyUnavailable(ClientError):
    """RFC 6749 §4.1.2.1."""

    code = "temporarily_unavailable"
    status = 503


class UnmetAuthenticationRequirements(ClientError):
    """OpenID Connect Core Error Code unmet_authentication_requirements §2."""

    code = "unmet_authentication_requirements"


class InvalidRedirectUri(ClientError):
    """RFC 7591 §3.2.2."""

    code = "invalid_redirect_uri"


class InvalidClientMetadata(ClientError):
    """RFC 7591 §3.2.2."""

    code = "invalid_client_metadata"
