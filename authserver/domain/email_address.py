"""E-mail addresses: as typed, in canonical form, and masked for logs."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from email_validator import EmailNotValidError, validate_email

MAX_ADDRESS_OCTETS: Final = 254
MAX_LOCAL_PART_OCTETS: Final = 64
REFUSED_SYMBOLS: Final = frozenset('<>,;"()[]\\')
REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailAddress:
    """One mailbox: `typed` receives mail, `canonical` is the key for look-up and limits."""

    typed: str
    canonical: str


def parse_email_address(text: str) -> EmailAddress | None:
    """Return the one mailbox that `text` names, or None where it names none or several.

    Refused are quoted local parts, comments, address literals, lists and every text whose
    shape changes under Unicode normalisation: such forms were used to send codes astray.
    """
    typed = text.strip()
    if not has_permitted_shape(typed):
        return None
    try:
        # `test_environment` admits the domain `test`, which RFC 6761 keeps for closed networks.
        checked = validate_email(
            typed,
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError:
        return None
    domain = checked.ascii_domain.lower()
    local_part = unicodedata.normalize("NFC", typed.rpartition("@")[0])
    folded = "".join(symbol.lower() if symbol.isascii() else symbol for symbol in local_part)
    if "." not in domain or domain.endswith("."):
        return None
    address = EmailAddress(typed=f"{local_part}@{checked.domain}", canonical=f"{folded}@{domain}")
    # A-labels are longer than what was typed.
    return address if len(address.canonical.encode()) <= MAX_ADDRESS_OCTETS else None


def has_permitted_shape(typed: str) -> bool:
    """Tell whether `typed` is one plain local part and one domain within the length limits."""
    local_part, at_sign, domain = typed.partition("@")
    if not local_part or not at_sign or not domain or "@" in domain or domain.endswith("."):
        return False
    if any(
        symbol in REFUSED_SYMBOLS or unicodedata.category(symbol) in REFUSED_CATEGORIES
        for symbol in typed
    ):
        return False
    folded = unicodedata.normalize("NFKC", typed)
    if any(folded.count(symbol) != typed.count(symbol) for symbol in "@."):
        return False
    return (
        len(local_part.encode()) <= MAX_LOCAL_PART_OCTETS
        and len(typed.encode()) <= MAX_ADDRESS_OCTETS
    )


def mask(address: str) -> str:
    """Return `address` with its local part hidden but for the first letter, for logs."""
    local_part, _, domain = address.rpartition("@")
    return f"{local_part[:1]}•••@{domain}"
