"""Which standard claims may be set for an account, and of which type each must be."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final
from urllib.parse import urlsplit

# OIDC Core §5.1, and §5.1.1 for the members of an address.
TEXTS: Final = (
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "username",
    "gender",
    "zoneinfo",
    "locale",
    "phone_number",
)
URLS: Final = ("profile", "picture", "website")
ADDRESS_MEMBERS: Final = (
    "formatted",
    "street_address",
    "locality",
    "region",
    "postal_code",
    "country",
)
SETTABLE: Final = (
    *TEXTS,
    *URLS,
    "birthdate",
    "phone_number_verified",
    "address",
    "custom_data",
)
KEPT_BY_THE_SERVER: Final = (
    "sub",
    "email",
    "email_verified",
    "updated_at",
    "created_at",
    "identities",
    "sso_identities",
    "roles",
    "organizations",
    "organization_data",
    "organization_roles",
)
BIRTHDATE: Final = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]))?")
LONGEST_TEXT: Final = 2048
# What people may write about themselves; no client tells people apart by these.
OWN_NAMES: Final = ("name", "given_name", "family_name", "nickname")
LONGEST_OWN_NAME: Final = 200


def claims_faults(claims: Mapping[str, object]) -> list[str]:
    """Return a sentence for each claim that cannot be set, or not to its value."""
    return [
        f"{name}: {fault}" for name, value in claims.items() for fault in claim_faults(name, value)
    ]


def claim_faults(name: str, value: object) -> Iterator[str]:
    """Yield what is wrong with one claim."""
    if name in KEPT_BY_THE_SERVER:
        yield "is kept by the server and cannot be set"
    elif name not in SETTABLE:
        nearest = get_close_matches(name, SETTABLE, n=1)
        yield "is not a standard claim" + (f"; did you mean {nearest[0]}?" if nearest else "")
    elif name == "phone_number_verified":
        if not isinstance(value, bool):
            yield "must be true or false"
    elif name == "custom_data":
        if not isinstance(value, Mapping):
            yield "must be an object"
    elif name == "address":
        yield from address_faults(value)
    else:
        yield from text_faults(name, value)


def text_faults(name: str, value: object) -> Iterator[str]:
    """Yield what is wrong with a claim that is text."""
    if not isinstance(value, str) or not value.strip():
        yield "must be a text that is not empty"
    elif len(value) > LONGEST_TEXT or not is_storable(value):
        yield f"must have at most {LONGEST_TEXT} printable characters"
    elif name in URLS and not is_web_address(value):
        yield "must be the address of a page, beginning with https:// or http://"
    elif name == "birthdate" and not BIRTHDATE.fullmatch(value):
        yield "must be a date like 1990-12-31, or a year; 0000 stands for a year left out"


def address_faults(value: object) -> Iterator[str]:
    """Yield what is wrong with a postal address (OIDC Core §5.1.1)."""
    if not isinstance(value, Mapping):
        yield "must be an object"
        return
    for member, text in value.items():
        if member not in ADDRESS_MEMBERS:
            yield f"{member} is none of {', '.join(ADDRESS_MEMBERS)}"
        elif not isinstance(text, str) or not is_storable(text.replace("\r", "").replace("\n", "")):
            # Lines of an address are separated by line breaks.
            yield f"{member} must be a text"


def is_storable(text: str) -> bool:
    """Tell whether `text` holds no control characters and no halves of characters."""
    return text.isprintable()


def is_web_address(text: str) -> bool:
    """Tell whether `text` is an absolute http or https URL."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
