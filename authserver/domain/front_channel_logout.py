"""What a browser loads to tell clients that its session has ended (Front-Channel Logout 1.0)."""

import re
from typing import Final
from urllib.parse import urlencode, urlsplit

from authserver.domain.clients import Client
from authserver.domain.sessions import SessionId

# Nothing that would end a source of a content security policy.
AUTHORITY: Final = re.compile(r"[A-Za-z0-9.\-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
SCHEMES: Final = frozenset({"http", "https"})


def front_channel_url(client: Client, issuer: str, session_id: SessionId) -> str | None:
    """Return what to load for the client, with `iss` and `sid` (§3); None where it has nothing."""
    uri = client.metadata.frontchannel_logout_uri
    if uri is None or frame_origin(uri) is None:
        return None
    told = urlencode({"iss": issuer, "sid": session_id})
    return f"{uri}{'&' if '?' in uri else '?'}{told}"


def frame_origin(url: str) -> str | None:
    """Return the origin that a page must be allowed to frame; None for what is no web address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in SCHEMES or not AUTHORITY.fullmatch(parts.netloc):
        return None
    return f"{parts.scheme}://{parts.netloc}"
