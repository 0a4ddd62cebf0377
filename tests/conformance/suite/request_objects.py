"""Modules about request objects, which a provider may either honour or refuse."""

from tests.conformance.suite.checks import checked_error_page
from tests.conformance.suite.flow import Flow
from tests.oidc.signing_client import part

UNSIGNED = part({"alg": "none"})


def checked_unsigned_object(flow: Flow) -> None:
    """Send state and nonce only inside: whoever passes the object over loses them."""
    answer = flow.silent_answer(state=None, nonce=None, request=unsigned_object(flow.parameters()))

    assert flow.server.metadata["request_parameter_supported"] is False
    assert answer.error == "request_not_supported"


def checked_unsigned_request_uri(flow: Flow) -> None:
    """Send the same by reference; the server must say that it does not look there."""
    path = f"/{flow.party.id}/request"
    content = unsigned_object(flow.parameters()).encode()
    uri = flow.server.site.serve(path, content, "application/oauth-authz-req+jwt")

    answer = flow.silent_answer(state=None, nonce=None, request_uri=uri)

    assert flow.server.metadata["request_uri_parameter_supported"] is False
    assert answer.error == "request_uri_not_supported"
    assert not flow.server.site.was_asked_for(path)


def checked_object_with_redirect_uri(flow: Flow) -> None:
    """Send a redirect URI outside that is not registered: only the one inside could be used."""
    inside = unsigned_object(flow.parameters())

    page = flow.page(redirect_uri=f"{flow.party.redirect_uri}/other", request=inside)

    checked_error_page(page)


def unsigned_object(claims: dict[str, str]) -> str:
    """Return the request as an unsigned JWT (OIDC Core §6.1)."""
    return f"{UNSIGNED}.{part(claims)}."
