"""Where the server is reached and where it listens, as settings write it."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

HIGHEST_PORT: Final = 65535
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
PLAIN_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?", re.ASCII)
IPV6: Final = 6


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL that holds nothing else, as browsers write them."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("must be a URL like https://id.example.com") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("must be a URL like https://id.example.com")
    origin = f"{parts.scheme}://{parts.netloc.lower()}"
    if url.lower() != origin or "@" in parts.netloc:
        raise ValueError("must hold nothing but scheme, host and port")
    if not PLAIN_HOST.fullmatch(parts.netloc):
        raise ValueError("must name a host in ASCII, and a port in digits if any")
    if port == DEFAULT_PORTS[parts.scheme]:
        raise ValueError(f"must not name port {port}: it goes without saying")
    return origin


def is_bind(text: str) -> bool:
    """Tell whether a text is an IP address and a port."""
    host, _, port = text.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    written = f"[{address}]" if address.version == IPV6 else str(address)
    return host == written and port.isdecimal() and 0 < int(port) <= HIGHEST_PORT
