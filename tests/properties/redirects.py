"""Redirect URIs: the registered one to the letter, or another port of a native loopback one."""

from dataclasses import dataclass

from authserver.domain.client_rules import redirect_uri_faults
from authserver.domain.clients import Client, ClientKind, redirect_uri_fault
from tests.properties.property import Chance, Property, any_text
from tests.storage.samples import a_client

# The longest of those that begin alike comes first: it is the one that a URI has.
HOSTS = ["localhost.evil.example", "localhost", "127.0.0.1", "127.8.8.8", "[::1]", "a.example.com"]
SCHEMES = ["http", "http", "https", "com.example.app", "javascript", "JavaScript", "data", "HTTP"]
TAILS = ["", "/", "/callback", "/callback?x=1", "/cb/..;/", "/a%2fb", "?x=http://b", "/*", "/#f"]
PORTS = ["", ":1", ":80", ":443", ":8080", ":65535", ":0", ":65536", ":080", ":", ":8o", ":\u0663"]
USER_INFO = ["", "", "", "", "user@", "a@b@", "127.0.0.1:80@", "evil.example\\@"]
SLASHES = ["://", "://", "://", "://", ":", ":/", ":///", ":\\\\"]
ODD = ["@evil.example", ".evil.example", "\\", "/", "?", "#", "%00", "%2e", " ", "\t", "\n", "\x00"]
ODD += ["..", "/..;/", ";", ",", "*", "\u3002", "\u0430", "\ud800", "A", "x", "0", ":1", "//"]
ANY_PORT = range(100000)
DIGITS = frozenset("0123456789")
OF_SCHEMES = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-.")

KINDS = [ClientKind.WEB, ClientKind.SPA, ClientKind.NATIVE, ClientKind.NATIVE]


@dataclass(frozen=True, slots=True)
class Offer:
    """A client's registered URIs, and what somebody offers for one of them."""

    kind: ClientKind
    registered: tuple[str, ...]
    offered: str


def a_uri(chance: Chance) -> str:
    """Return a URI put together of parts, good ones and bad ones; each third one is plain http."""
    if chance.randrange(3) == 0:
        return "http://" + "".join(chance.choice(part) for part in (HOSTS, PORTS, TAILS))
    parts = (SCHEMES, SLASHES, USER_INFO, HOSTS, PORTS, TAILS)
    return "".join(chance.choice(part) for part in parts)


def an_offer(chance: Chance) -> Offer:
    """Return a registration and, mostly, one of its URIs with a small change."""
    registered = tuple(a_uri(chance) for _ in range(chance.randint(1, 2)))
    base = chance.choice(registered)
    match chance.randrange(8):
        case 0:
            offered = base
        case 1:
            offered = a_uri(chance)
        case 2:
            offered = any_text(chance, 20)
        case 3 | 4 | 5:
            offered = changed(chance, base)
        case _:
            offered = with_other_port(chance, base)
    return Offer(chance.choice(KINDS), registered, offered)


def changed(chance: Chance, uri: str) -> str:
    """Return the URI with something put in, left out or written otherwise, at any place."""
    at = chance.randint(0, len(uri))
    match chance.randrange(4):
        case 0:
            return uri[:at] + uri[at + 1 :]
        case 1:
            return uri[:at] + uri[at:].swapcase()
        case 2:
            return f"{uri[:at]}%{ord((uri + 'x')[at]):02x}{uri[at + 1 :]}"
        case _:
            return uri[:at] + chance.choice(ODD) + uri[at:]


def with_other_port(chance: Chance, uri: str) -> str:
    """Return the URI with another port behind a host that it has."""
    host = next((each for each in HOSTS if each in uri), "")
    bare = uri
    for port in PORTS[1:]:
        bare = bare.replace(host + port, host, 1)
    port = chance.choice([*PORTS, f":{chance.randrange(100000)}", f":{chance.randrange(100000)}"])
    return bare.replace(host, host + port, 1)


def is_due(offer: Offer) -> bool:
    """Tell whether the offer is to be taken: RFC 9700 §2.1, and for native clients RFC 8252 §7.3.

    Read by hand, a letter at a time, because a parser is what these attacks aim at.
    """
    if offer.offered in offer.registered:
        return True
    if offer.kind is not ClientKind.NATIVE:
        return False
    return any(same_but_for_port(offer.offered, each) for each in offer.registered)


def same_but_for_port(offered: str, registered: str) -> bool:
    """Tell whether both are loopback URIs in plain http that differ in their ports alone."""
    # Which port is registered does not matter, hence not either whether there could be such one.
    given, known = loopback_parts(offered, range(1, 65536)), loopback_parts(registered, ANY_PORT)
    return given is not None and given == known


def loopback_parts(uri: str, ports: range) -> tuple[str, str] | None:
    """Return host and what follows the port, or None where the URI is no such one."""
    if not uri.startswith("http://") or "\n" in uri:
        return None
    text = uri[len("http://") :]
    host = next((each for each in ("localhost", "[::1]") if text.startswith(each)), None)
    if host is None and text.startswith("127."):
        host = text[: next((at for at, s in enumerate(text) if s not in DIGITS | {"."}), len(text))]
        numbers = host.split(".")
        if len(numbers) != 4 or not all(1 <= len(number) <= 3 for number in numbers):
            return None
    if host is None:
        return None
    rest = text[len(host) :]
    if rest.startswith(":"):
        end = next((at for at, s in enumerate(rest[1:], 1) if s not in DIGITS), len(rest))
        port, rest = rest[1:end], rest[end:]
        if not 1 <= len(port) <= 5 or int(port) not in ports:
            return None
    return (host, rest) if rest == "" or rest[0] in "/?" else None


def judge_offer(offer: Offer) -> str:
    """Ask the registered client whether an answer may go there."""
    client = a_client(kind=offer.kind, redirect_uris=offer.registered)
    taken = client.accepts_redirect_uri(offer.offered)
    assert taken == is_due(offer), offer
    leaving = a_client(post_logout_redirect_uris=offer.registered)
    exact = leaving.accepts_post_logout_redirect_uri(offer.offered)
    assert exact == any(offer.offered == each for each in offer.registered), offer
    return "accepted" if taken else "refused"


@dataclass(frozen=True, slots=True)
class Wish:
    """A URI that somebody would like to register."""

    kind: ClientKind
    uri: str


def a_wish(chance: Chance) -> Wish:
    """Return a wish, many of them not far from what is allowed."""
    uri = a_uri(chance) if chance.randrange(9) else any_text(chance, 30)
    return Wish(chance.choice(KINDS), changed(chance, uri) if chance.randrange(2) else uri)


def judge_wish(wish: Wish) -> str:
    """Ask whether a URI can be registered: never one that could lead elsewhere or run."""
    client: Client = a_client(kind=wish.kind, redirect_uris=(wish.uri,))
    refused = redirect_uri_fault(wish.uri, wish.kind) is not None
    assert refused == bool(list(redirect_uri_faults(client))), wish
    if not refused:
        assert is_harmless(wish), wish
    return "refused" if refused else "accepted"


def is_loopback(host: str) -> bool:
    """Tell whether no other machine can be meant."""
    if host.startswith("["):
        groups = [group.lstrip("0") for group in host[1:-1].split(":")]
        return groups[-1] == "1" and not any(groups[:-1])
    is_number = DIGITS.issuperset(host.replace(".", ""))
    return host == "localhost" or (is_number and host.startswith("127."))


def is_harmless(wish: Wish) -> bool:
    """Tell whether nothing in the URI could be understood in two ways."""
    scheme, colon, rest = wish.uri.partition(":")
    is_plain_ascii = all("!" <= symbol <= "~" for symbol in wish.uri) and "\\" not in wish.uri
    if not (colon and is_plain_ascii and "#" not in rest):
        return False
    if scheme.lower() not in {"http", "https"}:
        is_own = "." in scheme and OF_SCHEMES.issuperset(scheme.lower())
        return wish.kind is ClientKind.NATIVE and is_own
    authority = rest.removeprefix("//").partition("/")[0].partition("?")[0]
    host = authority.rpartition(":")[0] if authority.rpartition(":")[2].isdigit() else authority
    is_local = is_loopback(host.rstrip(":").lower())
    is_authority = rest.startswith("//") and authority != "" and not set("@*") & set(authority)
    return is_authority and (scheme.lower() == "https" or is_local)


REDIRECTS = {
    "redirect URI of a request": Property(an_offer, judge_offer),
    "redirect URI to register": Property(a_wish, judge_wish),
}
