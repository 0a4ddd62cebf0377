"""What a client may register beside its name and addresses (RFC 7591 §2, OIDC Registration §2)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from authserver.domain.signing_keys import SigningAlgorithm


class ClientAuthenticationMethod(StrEnum):
    """Values of `token_endpoint_auth_method` (OIDC Core §9)."""

    CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - the name of a method
    CLIENT_SECRET_POST = "client_secret_post"  # noqa: S105 - the name of a method
    PRIVATE_KEY_JWT = "private_key_jwt"
    NONE = "none"

    @property
    def is_by_secret(self) -> bool:
        """Tell whether the method shows a secret; those that do count as one family."""
        return self in {self.CLIENT_SECRET_BASIC, self.CLIENT_SECRET_POST}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """The members are those of the specifications; the last group is the operator's own.

    `jwks` holds the client's public keys by value, `jwks_uri` says where they are; never both.
    Lifetimes that are None are those of the settings.
    """

    client_uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    initiate_login_uri: str | None = None
    contacts: tuple[str, ...] = ()
    token_endpoint_auth_method: ClientAuthenticationMethod | None = None
    token_endpoint_auth_signing_alg: SigningAlgorithm | None = None
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    sector_identifier_uri: str | None = None
    grant_types: tuple[str, ...] | None = None
    userinfo_signed_response_alg: SigningAlgorithm | None = None
    default_max_age: timedelta | None = None
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str | None = None
    frontchannel_logout_session_required: bool = False
    cors_origins: tuple[str, ...] = ()
    access_token_lifetime: timedelta | None = None
    id_token_lifetime: timedelta | None = None
    refresh_token_lifetime: timedelta | None = None
    may_introspect_all: bool = False
    is_third_party: bool = False
    is_dynamic: bool = False

    def as_document(self) -> dict[str, object]:
        """Return the members that differ from their default, as JSON values."""
        plain = type(self)()
        changed = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: as_json(value) for name, value in changed if value != getattr(plain, name)}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the metadata that `as_document` wrote."""
        known = {each.name for each in fields(cls)}
        return cls(
            **{name: FROM_JSON.get(name, keep)(document[name]) for name in known & document.keys()}
        )


def as_json(value: object) -> object:
    """Return a value as it stands in a document: durations in seconds, tuples as lists."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return list(value) if isinstance(value, tuple) else value


def keep(value: Any) -> Any:
    """Return a JSON value as it is."""
    return value


def seconds(value: float) -> timedelta:
    """Return a duration of so many seconds."""
    return timedelta(seconds=value)


FROM_JSON: Mapping[str, Any] = {
    "contacts": tuple,
    "grant_types": tuple,
    "cors_origins": tuple,
    "default_acr_values": tuple,
    "token_endpoint_auth_method": ClientAuthenticationMethod,
    "token_endpoint_auth_signing_alg": SigningAlgorithm,
    "userinfo_signed_response_alg": SigningAlgorithm,
    "default_max_age": seconds,
    "access_token_lifetime": seconds,
    "id_token_lifetime": seconds,
    "refresh_token_lifetime": seconds,
}
