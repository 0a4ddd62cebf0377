"""Where a request really comes from, behind proxies that are trusted and no others."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import HTTPConnection

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

UNKNOWN_SOURCE = "unknown"
FORWARDING_HEADERS = frozenset(
    {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"}
)


@dataclass(frozen=True, slots=True)
class ClientAddresses:
    """Finds sources: an IPv4 address, or the network of an IPv6 address.

    `X-Forwarded-For` counts only from a trusted proxy and is read from the right, so that
    what a stranger wrote into it has no effect (ASVS 15.3.4).
    """

    trusted_proxies: Sequence[Network]
    ipv6_prefix: int

    def source_of(self, request: HTTPConnection) -> str:
        """Return what limits count by."""
        peer = parse_address(request.client.host if request.client else "")
        if peer is None:
            return UNKNOWN_SOURCE
        hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        nearest = peer
        while self._is_trusted(nearest) and hops:
            hop = parse_address(hops.pop())
            if hop is None:
                break
            nearest = hop
        return self.source_at(nearest)

    def source_at(self, address: Address) -> str:
        """Return the source that an address belongs to."""
        if isinstance(address, ipaddress.IPv4Address):
            return str(address)
        return str(ipaddress.ip_network((address, self.ipv6_prefix), strict=False))

    def is_forwarded_by_stranger(self, request: HTTPConnection) -> bool:
        """Tell whether a forwarding header comes from a peer that is not a trusted proxy."""
        peer = parse_address(request.client.host if request.client else "")
        return "x-forwarded-for" in request.headers and (peer is None or not self._is_trusted(peer))

    def is_direct_from_loopback(self, request: HTTPConnection) -> bool:
        """Tell whether the request comes from this machine and through no proxy."""
        peer = parse_address(request.client.host if request.client else "")
        return (
            peer is not None
            and peer.is_loopback
            and not FORWARDING_HEADERS.intersection(request.headers.keys())
        )

    def _is_trusted(self, address: Address) -> bool:
        return any(
            address.version == network.version and address in network
            for network in self.trusted_proxies
        )


def parse_address(text: str) -> Address | None:
    """Return the address, IPv4-mapped ones as IPv4; None for anything else."""
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def shortened(source: str) -> str:
    """Return a source as lists of sessions show it: recognisable, but not in full."""
    try:
        network = ipaddress.ip_network(source)
    except ValueError:
        return ""
    if isinstance(network, ipaddress.IPv4Network):
        first, second = str(network.network_address).split(".")[:2]
        return f"{first}.{second}.•.•"
    groups = network.network_address.exploded.split(":")[:2]
    return ":".join(f"{int(group, 16):x}" for group in groups) + ":…"
