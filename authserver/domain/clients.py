"""Registered relying parties: their kinds, addresses and secrets."""

import ipaddress
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType, Self
from urllib.parse import SplitResult, urlencode, urlsplit

from authserver.domain.client_metadata import ClientAuthenticationMethod, ClientMetadata
from authserver.domain.randomness import Randomness, new_identifier
from authserver.domain.secret import Secret, fingerprint
from authserver.domain.signing_keys import DEFAULT_ALGORITHM, SigningAlgorithm

ClientId = NewType("ClientId", str)

ACCOUNT_CLIENT: Final = ClientId("authserver-account")
CLIENT_ID_LENGTH: Final = 21
# 50 symbols of an alphabet of 36 hold more than 256 bits.
SECRET_LENGTH: Final = 50
FIRST_SECRET: Final = "default"  # noqa: S105 - the name of a secret
# A host with any other symbol is none, and in a policy `;` and `,` would begin something new.
AUTHORITY: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
URI_SYMBOLS: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
LONGEST_URI: Final = 2048
PORTS: Final = range(1, 65536)
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# Written out, because a parser of URLs forgives what must not pass here.
LOOPBACK_URI: Final = re.compile(
    r"http://(?P<host>localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>(?:[/?].*)?)"
)


class ClientKind(StrEnum):
    """What sort of application a client is."""

    WEB = "web"
    SPA = "spa"
    NATIVE = "native"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One relying party as registered; redirect URIs are compared exactly (RFC 9700 §2.1).

    `logo` is the file name of the picture that was found at `metadata.logo_uri`.
    """

    id: ClientId
    name: str
    kind: ClientKind
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    is_exempt_from_pkce: bool = False
    has_claims_in_id_token: bool = True
    id_token_algorithm: SigningAlgorithm = DEFAULT_ALGORITHM
    metadata: ClientMetadata = field(default_factory=ClientMetadata)
    logo: str | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def authentication_method(self) -> ClientAuthenticationMethod:
        """Return how the client proves itself: as registered, else as its kind does.

        Of the two methods with a secret either one will do.
        """
        if self.metadata.token_endpoint_auth_method is not None:
            return self.metadata.token_endpoint_auth_method
        if self.kind in {ClientKind.SPA, ClientKind.NATIVE}:
            return ClientAuthenticationMethod.NONE
        return ClientAuthenticationMethod.CLIENT_SECRET_BASIC

    @property
    def is_public(self) -> bool:
        """Tell whether the client cannot prove itself (RFC 6749 §2.1)."""
        return self.authentication_method is ClientAuthenticationMethod.NONE

    @property
    def has_secret(self) -> bool:
        """Tell whether the client proves itself by a secret."""
        return self.authentication_method.is_by_secret

    @property
    def is_built_in(self) -> bool:
        """Tell whether the client is this server's own account page."""
        return self.id == ACCOUNT_CLIENT

    @property
    def asks_for_consent(self) -> bool:
        """Tell whether people decide what it may have; for the others the operator has."""
        return self.metadata.is_third_party or self.metadata.is_dynamic

    def accepts_redirect_uri(self, uri: str) -> bool:
        """Tell whether `uri` is registered; native loopback URIs may vary in their port.

        RFC 9700 §2.1 demands exact comparison; RFC 8252 §7.3 the one exception.
        """
        if uri in self.redirect_uris:
            return True
        return (
            self.kind is ClientKind.NATIVE
            and len(uri) <= LONGEST_URI
            and any(
                differs_in_loopback_port_only(uri, registered) for registered in self.redirect_uris
            )
        )

    def accepts_post_logout_redirect_uri(self, uri: str) -> bool:
        """Tell whether `uri` is registered, compared exactly (OIDC RP-Initiated Logout §3)."""
        return uri in self.post_logout_redirect_uris

    @property
    def origins(self) -> frozenset[str]:
        """Return the origins that may call us from a browser: those of the redirect URIs, too."""
        return frozenset(self.metadata.cors_origins).union(
            origin_of(parts)
            for parts in map(urlsplit, self.redirect_uris)
            if parts.scheme in DEFAULT_PORTS
        )

    def uses_grant(self, name: str) -> bool:
        """Tell whether the client registered a grant type; who named none may use all."""
        return self.metadata.grant_types is None or name in self.metadata.grant_types

    def way_back(self, issuer: str) -> str | None:
        """Return an address of the client to lead a stranded person to, where one is known.

        Best is the one that starts a sign-in, which has to be told at whom (OIDC Core §4).
        """
        start = self.metadata.initiate_login_uri
        if start is None:
            return self.home
        return f"{start}{'&' if '?' in start else '?'}{urlencode({'iss': issuer})}"

    @property
    def home(self) -> str | None:
        """Return the address that the client calls its home, or the likeliest one."""
        if self.metadata.client_uri is not None:
            return self.metadata.client_uri
        for uri in (*self.post_logout_redirect_uris, *self.redirect_uris):
            parts = urlsplit(uri)
            if parts.scheme in {"http", "https"}:
                return f"{parts.scheme}://{parts.netloc}/"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """One secret of a client, stored as a digest; several may live side by side."""

    name: str
    digest: bytes
    created_at: datetime
    expires_at: datetime | None = None

    @classmethod
    def of(cls, name: str, secret: Secret, now: datetime, expires_at: datetime | None) -> Self:
        """Return what the database keeps of a secret."""
        digest = fingerprint(secret.reveal())
        return cls(name=name, digest=digest, created_at=now, expires_at=expires_at)

    def is_live(self, now: datetime) -> bool:
        """Tell whether the secret still authenticates."""
        return self.expires_at is None or now < self.expires_at


def new_client_id(randomness: Randomness) -> ClientId:
    """Return the id of a new client."""
    return ClientId(new_identifier(randomness, CLIENT_ID_LENGTH))


def new_client_secret(randomness: Randomness) -> Secret:
    """Return a new secret for a client."""
    return Secret(new_identifier(randomness, SECRET_LENGTH))


def origin_of(parts: SplitResult) -> str:
    """Return the origin as browsers write it: lower case, without the scheme's own port."""
    authority = parts.netloc.lower()
    return f"{parts.scheme}://{authority.removesuffix(f':{DEFAULT_PORTS[parts.scheme]}')}"


def differs_in_loopback_port_only(uri: str, registered: str) -> bool:
    """Tell whether both are http loopback URIs that agree, to the letter, in all but the port."""
    given, known = LOOPBACK_URI.fullmatch(uri), LOOPBACK_URI.fullmatch(registered)
    return (
        given is not None
        and known is not None
        and int(given["port"] or 1) in PORTS
        and (given["host"], given["rest"]) == (known["host"], known["rest"])
    )


def is_loopback_http(parts: SplitResult) -> bool:
    """Tell whether the parts name plain HTTP on a loopback address (RFC 8252 §7.3)."""
    if parts.scheme != "http" or parts.hostname is None:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def redirect_uri_fault(uri: str, kind: ClientKind) -> str | None:
    """Return why `uri` cannot be registered as a redirect URI, or None where it can."""
    if not URI_SYMBOLS.fullmatch(uri) or len(uri) > LONGEST_URI:
        return "it is not an absolute URI of at most 2048 ASCII characters"
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return "its host or port cannot be read"
    if "#" in uri:
        return "it has a fragment (RFC 6749 section 3.1.2)"
    if parts.scheme in {"http", "https"}:
        return web_uri_fault(parts, port)
    return own_scheme_fault(parts.scheme, kind)


def own_scheme_fault(scheme: str, kind: ClientKind) -> str | None:
    """Return why a redirect URI cannot have a scheme other than http and https, or None."""
    if kind is not ClientKind.NATIVE:
        return "only native clients may use a scheme of their own"
    if "." not in scheme:
        return "a scheme of one's own holds a dot, like com.example.app (RFC 8252 section 7.1)"
    return None


def web_uri_fault(parts: SplitResult, port: int | None) -> str | None:
    """Return what is wrong with an http or https redirect URI, or None."""
    if not parts.hostname or port == 0:
        return "it names no host"
    if "@" in parts.netloc or "\\" in parts.netloc:
        return "it holds user information"
    if "*" in parts.netloc:
        return "wildcards are not supported: URIs are compared exactly"
    if not AUTHORITY.fullmatch(parts.netloc):
        return "no host has such a name"
    if parts.scheme == "http" and not is_loopback_http(parts):
        return "plain http is for loopback addresses only"
    return None
