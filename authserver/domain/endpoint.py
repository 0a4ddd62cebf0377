"""The public base URL of the server, from which every absolute URL is made."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The configured base URL, never taken from a request; no trailing slash."""

    url: str

    @property
    def issuer(self) -> str:
        """Return the issuer identifier (OIDC Discovery §3)."""
        return self.url + "/oidc"

    @property
    def host(self) -> str:
        """Return the host name, without a port."""
        return urlsplit(self.url).hostname or ""

    @property
    def authority(self) -> str:
        """Return host and, where it is not the scheme's own, port: the exact `Host` header."""
        return urlsplit(self.url).netloc

    @property
    def is_secure(self) -> bool:
        """Tell whether browsers reach the server over TLS."""
        return self.url.startswith("https://")

    def at(self, path: str) -> str:
        """Return the absolute URL of `path`, which begins with a slash."""
        return self.url + path
