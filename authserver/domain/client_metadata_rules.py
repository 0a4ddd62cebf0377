"""What is asked of a client's metadata; the sentences hold nothing that was sent."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from authserver.domain.client_metadata import ClientAuthenticationMethod, ClientMetadata
from authserver.domain.clients import (
    LONGEST_URI,
    URI_SYMBOLS,
    Client,
    ClientKind,
    is_loopback_http,
    web_uri_fault,
)

MOST_CONTACTS: Final = 10
LONGEST_CONTACT: Final = 254
MOST_ORIGINS: Final = 20
# What people are led to or shown, and where the client's keys are: never unprotected.
HTTPS_MEMBERS: Final = (
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "initiate_login_uri",
    "jwks_uri",
    "sector_identifier_uri",
)
LOGOUT_MEMBERS: Final = ("backchannel_logout_uri", "frontchannel_logout_uri")
LONGEST_MAX_AGE: Final = timedelta(days=3660)
MOST_ACR_VALUES: Final = 20
# All of them together are no longer than the parameter of a request may be.
ACR_VALUE: Final = re.compile(r"[!-~]{1,100}")
SHORTEST_LIFETIME: Final = timedelta(minutes=1)
LONGEST_LIFETIMES: Final = {
    "access_token_lifetime": timedelta(days=1),
    "id_token_lifetime": timedelta(days=1),
    "refresh_token_lifetime": timedelta(days=366),
}


def metadata_faults(client: Client) -> Iterator[str]:
    """Yield a sentence for each member that cannot be registered."""
    metadata = client.metadata
    for name in HTTPS_MEMBERS:
        if not is_https_or_absent(getattr(metadata, name)):
            yield f"{name} must be an https address without fragment."
    for name in LOGOUT_MEMBERS:
        if not is_logout_uri_or_absent(getattr(metadata, name)):
            yield f"{name} must be an https address without fragment, or one on this machine."
    yield from key_faults(metadata)
    yield from method_faults(client)
    yield from contact_faults(metadata)
    yield from origin_faults(metadata)
    yield from lifetime_faults(metadata)
    yield from sign_in_faults(metadata)


def key_faults(metadata: ClientMetadata) -> Iterator[str]:
    """Yield a sentence where the keys are given twice, or are needed and missing."""
    if metadata.jwks is not None and metadata.jwks_uri is not None:
        yield "jwks and jwks_uri exclude each other."
    needs_keys = metadata.token_endpoint_auth_method is ClientAuthenticationMethod.PRIVATE_KEY_JWT
    if needs_keys and metadata.jwks is None and metadata.jwks_uri is None:
        yield "private_key_jwt needs jwks or jwks_uri."


def method_faults(client: Client) -> Iterator[str]:
    """Yield a sentence where the client cannot prove itself as it wants to."""
    if client.kind is ClientKind.SERVICE and client.is_public:
        yield "A service has to prove itself: token_endpoint_auth_method must not be none."
    if client.kind is ClientKind.SPA and not client.is_public:
        yield "A page in the browser keeps no key: token_endpoint_auth_method must be none."


def contact_faults(metadata: ClientMetadata) -> Iterator[str]:
    """Yield a sentence where the contacts are too many or no text."""
    if len(metadata.contacts) > MOST_CONTACTS or not all(
        0 < len(each) <= LONGEST_CONTACT and each.isprintable() for each in metadata.contacts
    ):
        yield f"contacts must be at most {MOST_CONTACTS} short texts."


def origin_faults(metadata: ClientMetadata) -> Iterator[str]:
    """Yield a sentence where an origin is none."""
    if len(metadata.cors_origins) > MOST_ORIGINS or not all(map(is_origin, metadata.cors_origins)):
        yield (
            f"cors_origins must be at most {MOST_ORIGINS} origins, such as "
            "https://app.example, without a path."
        )


def lifetime_faults(metadata: ClientMetadata) -> Iterator[str]:
    """Yield a sentence for each lifetime that is too short or too long."""
    for name, longest in LONGEST_LIFETIMES.items():
        lifetime = getattr(metadata, name)
        if lifetime is not None and not SHORTEST_LIFETIME <= lifetime <= longest:
            yield f"{name} must be from 1 minute to {longest.days} days."


def sign_in_faults(metadata: ClientMetadata) -> Iterator[str]:
    """Yield a sentence for each wish about the sign-in that no request could have either."""
    age, values = metadata.default_max_age, metadata.default_acr_values
    if age is not None and (age.microseconds or not timedelta(0) <= age <= LONGEST_MAX_AGE):
        yield f"default_max_age must be whole seconds, at most {LONGEST_MAX_AGE.days} days."
    if len(values) > MOST_ACR_VALUES or not all(map(ACR_VALUE.fullmatch, values)):
        yield f"default_acr_values must be at most {MOST_ACR_VALUES} words."


def is_https_or_absent(uri: str | None) -> bool:
    """Tell whether an address is https, or not given."""
    return uri is None or (uri.lower().startswith("https://") and is_web_address(uri))


def is_logout_uri_or_absent(uri: str | None) -> bool:
    """Tell whether an address may be told of sign-outs: https, or plain on this machine."""
    return uri is None or is_web_address(uri)


def is_web_address(uri: str) -> bool:
    """Tell whether `uri` is https, or http on this machine, without fragment and credentials."""
    if len(uri) > LONGEST_URI or not URI_SYMBOLS.fullmatch(uri) or "#" in uri:
        return False
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and web_uri_fault(parts, port) is None


def is_origin(text: str) -> bool:
    """Tell whether `text` is an origin as browsers write it (RFC 6454 §6.2)."""
    if not is_web_address(text) or text != text.lower():
        return False
    parts = urlsplit(text)
    is_protected = parts.scheme == "https" or is_loopback_http(parts)
    return is_protected and text == f"{parts.scheme}://{parts.netloc}"
