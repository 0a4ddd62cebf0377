"""What the provider says about itself: OpenID Connect Discovery."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from authserver.demo.failures import ProviderDownError
from authserver.demo.provider_calls import JsonObject

DISCOVERY_PATH = "/.well-known/openid-configuration"
SIGNATURE_ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMetadata:
    """The part of the discovery document that the shop uses."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    algorithms: tuple[str, ...]
    sends_issuer: bool

    @classmethod
    def read(cls, document: JsonObject, *, issuer: str) -> Self:
        """Take the document apart; raise `ProviderDownError` when it is not that of `issuer`."""
        # Discovery §4.3: the issuer must be exactly the one whose document was asked for.
        if document.get("issuer") != issuer:
            raise ProviderDownError("discovery: the issuer is another one")
        return cls(
            issuer=issuer,
            authorization_endpoint=_endpoint(document, "authorization_endpoint", issuer),
            token_endpoint=_endpoint(document, "token_endpoint", issuer),
            jwks_uri=_endpoint(document, "jwks_uri", issuer),
            userinfo_endpoint=_optional_endpoint(document, "userinfo_endpoint", issuer),
            end_session_endpoint=_optional_endpoint(document, "end_session_endpoint", issuer),
            algorithms=_algorithms(document),
            sends_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        )


def _optional_endpoint(document: JsonObject, name: str, issuer: str) -> str | None:
    return None if document.get(name) is None else _endpoint(document, name, issuer)


def _endpoint(document: JsonObject, name: str, issuer: str) -> str:
    url = document.get(name)
    if isinstance(url, str):
        parts = urlsplit(url)
        # An issuer reached over TLS must not lead anyone to a place without it.
        allowed = {"https", urlsplit(issuer).scheme}
        if parts.scheme in allowed and parts.netloc and not parts.fragment:
            return url
    raise ProviderDownError(f"discovery: {name} is missing or unusable")


def _algorithms(document: JsonObject) -> tuple[str, ...]:
    offered = document.get("id_token_signing_alg_values_supported")
    names = offered if isinstance(offered, list) else []
    usable = tuple(name for name in SIGNATURE_ALGORITHMS if name in names)
    if not usable:
        raise ProviderDownError("discovery: no signature algorithm that the shop accepts")
    return usable
