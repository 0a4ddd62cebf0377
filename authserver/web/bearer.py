"""The access token of a request."""

from starlette.requests import Request


def bearer(request: Request) -> str | None:
    """Return the token of the header (RFC 6750 §2.1)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
