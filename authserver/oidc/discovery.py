"""Provider metadata, derived from what is assembled (OIDC Discovery §3, RFC 8414 §2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from authserver.domain.endpoint import Endpoint
from authserver.domain.scopes import CLAIMS_OF_SCOPE, SUPPORTED_SCOPES
from authserver.domain.sessions import AuthenticationContext
from authserver.domain.signing_keys import SigningAlgorithm
from authserver.oidc.authorization.request import Prompt, ResponseMode
from authserver.oidc.authorization.rules import SUPPORTED_RESPONSE_TYPE
from authserver.oidc.client_authentication import PublicClient
from authserver.oidc.client_registration import PATH as REGISTRATION_PATH
from authserver.oidc.keys import ProviderKeys
from authserver.oidc.pkce import METHOD
from authserver.oidc.token_endpoint import TokenEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Says what this provider does; clients read it before anything else."""

    endpoint: Endpoint
    keys: ProviderKeys
    tokens: TokenEndpoint
    languages: Sequence[str]
    has_registration: bool = False

    def metadata(self) -> dict[str, object]:
        """Return the provider metadata; absent members are left out, never null."""
        methods = self.tokens.authenticator.method_names
        # RFC 8414 §2: those of clients' assertions.
        algorithms = list(SigningAlgorithm)
        signing = sorted(self.keys.load().current)
        claims = {name for names in CLAIMS_OF_SCOPE.values() for name in names}
        return {
            "issuer": self.endpoint.issuer,
            "authorization_endpoint": self.endpoint.at("/oidc/auth"),
            "token_endpoint": self.endpoint.at("/oidc/token"),
            "userinfo_endpoint": self.endpoint.at("/oidc/me"),
            "jwks_uri": self.endpoint.at("/oidc/jwks"),
            "end_session_endpoint": self.endpoint.at("/oidc/session/end"),
            "revocation_endpoint": self.endpoint.at("/oidc/token/revocation"),
            "introspection_endpoint": self.endpoint.at("/oidc/token/introspection"),
            "scopes_supported": list(SUPPORTED_SCOPES),
            "response_types_supported": [SUPPORTED_RESPONSE_TYPE],
            "response_modes_supported": list(ResponseMode),
            "grant_types_supported": [grant.name for grant in self.tokens.grant_types],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": signing,
            "userinfo_signing_alg_values_supported": signing,
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "revocation_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
            "introspection_endpoint_auth_methods_supported": [
                name for name in methods if name != PublicClient.name
            ],
            "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
            "code_challenge_methods_supported": [METHOD],
            "prompt_values_supported": list(Prompt),
            "acr_values_supported": list(AuthenticationContext),
            "claim_types_supported": ["normal"],
            "claims_supported": [
                *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"),
                *sorted(claims),
            ],
            "claims_parameter_supported": True,
            "ui_locales_supported": list(self.languages),
            # The default of request_uri_parameter_supported is true, so it has to be said.
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            # Both are refused. Without a list some take unsigned ones (`none`) for supported.
            "request_object_signing_alg_values_supported": [SigningAlgorithm.RS256],
            "authorization_response_iss_parameter_supported": True,
            **(
                {"registration_endpoint": self.endpoint.at(REGISTRATION_PATH)}
                if self.has_registration
                else {}
            ),
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
            "frontchannel_logout_supported": True,
            "frontchannel_logout_session_supported": True,
        }
