"""The request signature ACS3-HMAC-SHA256 that the cloud's services ask for ("V3")."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from authserver.domain.secret import Secret

ALGORITHM: Final = "ACS3-HMAC-SHA256"


def canonical_request(
    method: str, query: Mapping[str, str], headers: Mapping[str, str], body_hash: str
) -> str:
    """Return the text whose hash is signed; all given headers are part of it."""
    canonical_query = "&".join(
        f"{percent_encoded(name)}={percent_encoded(value)}" for name, value in sorted(query.items())
    )
    lines = [f"{name}:{headers[name].strip()}\n" for name in sorted(headers)]
    return "\n".join(
        (method, "/", canonical_query, "".join(lines), ";".join(sorted(headers)), body_hash)
    )


def percent_encoded(text: str) -> str:
    """Return `text` with everything encoded but RFC 3986's unreserved characters."""
    return quote(text, safe="-_.~")


def signature(canonical: str, secret: Secret) -> str:
    """Return the signature of a canonical request."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{digest}"
    return hmac.digest(secret.reveal().encode(), to_sign.encode(), "sha256").hex()


def authorization(key_id: str, secret: Secret, headers: Mapping[str, str], canonical: str) -> str:
    """Return the value of the Authorization header."""
    names = ";".join(sorted(headers))
    signed = signature(canonical, secret)
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signed}"
