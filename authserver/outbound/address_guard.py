"""Keeps calls to clients' addresses out of private networks, and on the address that was seen."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import SOCK_STREAM
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

import anyio

DEFAULT_PORTS: Final = {"https": 443, "http": 80}
# Addresses that carry an IPv4 address inside: what is private there is private here.
NAT64: Final = ip_network("64:ff9b::/96")

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


class TargetForbidden(Exception):
    """A client's address that must not be called; the text names the reason, not the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedTarget:
    """Where to connect: `url` names the address that was judged, `host` whom to ask for there."""

    url: str
    host: str
    server_name: str


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """Judges addresses; `allowed` are origins that the operator lets through although private."""

    allowed: Collection[str] = ()
    resolve: Resolve | None = None

    async def pin(self, url: str) -> PinnedTarget:
        """Return where to connect for `url`; the name is not looked up again afterwards.

        Raises TargetForbidden where the address is no https URL, cannot be resolved, or leads
        into a network that is not public.
        """
        parts = read(url)
        is_allowed = origin_of(parts) in self.allowed
        if parts.scheme != "https" and not is_allowed:
            raise TargetForbidden("only https addresses are called")
        host = parts.hostname or ""
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        addresses = await (self.resolve or resolve)(host, port)
        if not addresses:
            raise TargetForbidden("the name of the host is not known")
        # One private address among several is enough: which one is called would be chance.
        if not is_allowed and not all(map(is_public, addresses)):
            raise TargetForbidden("the host is in a network that is not public")
        chosen = addresses[0]
        shown = f"[{chosen}]" if isinstance(chosen, IPv6Address) else str(chosen)
        return PinnedTarget(
            url=urlunsplit((parts.scheme, f"{shown}:{port}", parts.path or "/", parts.query, "")),
            host=parts.netloc,
            server_name=host,
        )


def read(url: str) -> SplitResult:
    """Return the parts of `url`, which names a host and nobody's credentials."""
    try:
        parts = urlsplit(url)
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError as fault:
        raise TargetForbidden("the address cannot be read") from fault
    if parts.scheme not in DEFAULT_PORTS or not is_complete or "@" in parts.netloc:
        raise TargetForbidden("the address cannot be called")
    return parts


def origin_of(parts: SplitResult) -> str:
    """Return the origin, without the scheme's own port."""
    authority = parts.netloc.lower().removesuffix(f":{DEFAULT_PORTS[parts.scheme]}")
    return f"{parts.scheme}://{authority}"


def is_public(address: Address) -> bool:
    """Tell whether everybody may be expected to reach `address` and nobody else's is meant."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or within_nat64(address)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


def within_nat64(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that a NAT64 address stands for (RFC 6052 §2.1)."""
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Return every address of `host`; none where the name is not known."""
    try:
        found = await anyio.getaddrinfo(host, port, type=SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
