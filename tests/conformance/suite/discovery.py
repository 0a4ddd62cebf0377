"""The provider metadata as the module about them looks at them (OIDC Discovery §3, RFC 8414 §2)."""

import re
from urllib.parse import urlsplit

from tests.conformance.suite.checks import JsonObject

LISTS = {
    *("scopes_supported", "response_types_supported", "response_modes_supported"),
    *("grant_types_supported", "subject_types_supported", "acr_values_supported"),
    *("id_token_signing_alg_values_supported", "userinfo_signing_alg_values_supported"),
    *("token_endpoint_auth_methods_supported", "revocation_endpoint_auth_methods_supported"),
    "token_endpoint_auth_signing_alg_values_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
    "introspection_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_signing_alg_values_supported",
    *("code_challenge_methods_supported", "prompt_values_supported", "claim_types_supported"),
    *("claims_supported", "ui_locales_supported", "request_object_signing_alg_values_supported"),
}
SWITCHES = {
    *("claims_parameter_supported", "request_parameter_supported"),
    *("request_uri_parameter_supported", "require_request_uri_registration"),
    "authorization_response_iss_parameter_supported",
    *("backchannel_logout_supported", "backchannel_logout_session_supported"),
    *("frontchannel_logout_supported", "frontchannel_logout_session_supported"),
}
ENDPOINTS = {
    *("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "registration_endpoint"),
    *("end_session_endpoint", "revocation_endpoint", "introspection_endpoint", "jwks_uri"),
}
OPTIONAL = {"request_object_signing_alg_values_supported", "require_request_uri_registration"}
# BCP 47 as RFC 5646 §2.1.1 writes it: zh-Hans, pt-BR.
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")


def checked_metadata(metadata: JsonObject) -> None:
    """Look at every member: known, of its type, and holding what certification demands."""
    known = {"issuer"} | LISTS | SWITCHES | ENDPOINTS
    assert metadata.keys() <= known
    assert known - OPTIONAL <= metadata.keys()
    for name in LISTS & metadata.keys():
        assert metadata[name], name
        assert all(value and isinstance(value, str) for value in metadata[name]), name
    for name in SWITCHES & metadata.keys():
        assert isinstance(metadata[name], bool), name
    for name in ENDPOINTS:
        parts = urlsplit(metadata[name])
        assert (parts.scheme, bool(parts.netloc), parts.fragment) == ("https", True, ""), name
    assert "code" in metadata["response_types_supported"]
    assert "openid" in metadata["scopes_supported"]
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert "S256" in metadata["code_challenge_methods_supported"]
    assert all(LANGUAGE.fullmatch(tag) for tag in metadata["ui_locales_supported"])
