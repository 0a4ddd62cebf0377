"""What is asked of a client before it is registered."""

import re
from collections.abc import Iterator
from typing import Final

from authserver.domain.client_metadata_rules import metadata_faults
from authserver.domain.clients import Client, ClientKind, redirect_uri_fault

LONGEST_NAME: Final = 100
SECRET_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,60}")
HTTP: Final = "http://"
HTTPS: Final = "https://"


def client_faults(client: Client) -> list[str]:
    """Return every fault of `client` as a sentence; none where it can be registered."""
    return [
        *name_faults(client.name),
        *redirect_uri_faults(client),
        *post_logout_faults(client),
        *pkce_faults(client),
        *metadata_faults(client),
    ]


def name_faults(name: str) -> Iterator[str]:
    """Yield a sentence where people could not be shown the name."""
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or not name.strip():
        yield f"The name must have 1 to {LONGEST_NAME} printable characters."


def redirect_uri_faults(client: Client) -> Iterator[str]:
    """Yield a sentence for each redirect URI that cannot be registered, or where one is missing."""
    if client.kind is ClientKind.SERVICE:
        if client.redirect_uris or client.post_logout_redirect_uris:
            yield "A service client signs nobody in: it has no redirect URIs."
        return
    if not client.redirect_uris:
        yield f"A client of kind {client.kind} needs at least one redirect URI."
    for uri in client.redirect_uris:
        fault = redirect_uri_fault(uri, client.kind)
        if fault is not None:
            yield f"The redirect URI {uri!r} cannot be registered: {fault}."


def post_logout_faults(client: Client) -> Iterator[str]:
    """Yield a sentence for each post-logout redirect URI that cannot be registered."""
    if client.kind is ClientKind.SERVICE:
        return
    for uri in client.post_logout_redirect_uris:
        fault = post_logout_fault(uri, client.kind)
        if fault is not None:
            yield f"The post-logout redirect URI {uri!r} cannot be registered: {fault}."


def post_logout_fault(uri: str, kind: ClientKind) -> str | None:
    """Return why nobody can be led to `uri` after signing out, or None."""
    # OIDC RP-Initiated Logout §3.1: confidential clients may be led back over plain http.
    is_plain = kind is ClientKind.WEB and uri.startswith(HTTP)
    return redirect_uri_fault(HTTPS + uri.removeprefix(HTTP) if is_plain else uri, kind)


def pkce_faults(client: Client) -> Iterator[str]:
    """Yield a sentence where a client without a secret would do without PKCE, too."""
    if client.is_public and client.is_exempt_from_pkce:
        # RFC 9700 §2.1.1: public clients must use PKCE.
        yield f"A client of kind {client.kind} keeps no secret, so it cannot do without PKCE."


def secret_name_faults(name: str) -> Iterator[str]:
    """Yield a sentence where a secret cannot be called `name`."""
    if not SECRET_NAME.fullmatch(name):
        yield "The name of a secret has 1 to 60 letters, digits, '.', '_' or '-'."
