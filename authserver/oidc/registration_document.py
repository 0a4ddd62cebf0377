"""Client metadata as clients send it and read it back (RFC 7591 §2, OIDC Registration §2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from authserver.crypto.client_keys import (
    KeySetInvalid,
    has_private_part,
    public_members,
    read_key_set,
)
from authserver.domain.client_metadata import ClientAuthenticationMethod, ClientMetadata
from authserver.domain.client_metadata_rules import metadata_faults
from authserver.domain.client_rules import LONGEST_NAME, name_faults, post_logout_fault
from authserver.domain.clients import Client, ClientId, ClientKind, redirect_uri_fault
from authserver.domain.signing_keys import DEFAULT_ALGORITHM, SigningAlgorithm
from authserver.oidc.errors import InvalidClientMetadata, InvalidRedirectUri

MOST_URIS: Final = 20
MOST_SECONDS: Final = 999_999_999
# Those that assertions of clients may be signed with; no key of this server is needed for them.
ASSERTION_ALGORITHMS: Final = tuple(map(str, SigningAlgorithm))
METHODS: Final = tuple(map(str, ClientAuthenticationMethod))
GRANT_TYPES: Final = ("authorization_code", "refresh_token")
RESPONSE_TYPES: Final = ("code",)
SUBJECT_TYPES: Final = ("public",)
DEFAULT_SCOPE: Final = "openid profile email address phone offline_access"
KIND_OF_TYPE: Final = {"web": ClientKind.WEB, "native": ClientKind.NATIVE}
TEXT_MEMBERS: Final = (
    *("client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri", "jwks_uri"),
    *("backchannel_logout_uri", "frontchannel_logout_uri", "sector_identifier_uri"),
)
SWITCH_MEMBERS: Final = (
    "require_auth_time",
    "backchannel_logout_session_required",
    "frontchannel_logout_session_required",
)
# What is promised by silence would be worse than a refusal: nothing is encrypted here.
REFUSED_MEMBERS: Final = (
    "id_token_encrypted_response_alg",
    "userinfo_encrypted_response_alg",
)

Member = TypeVar("Member", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRules:
    """What the operator asks of clients that register themselves."""

    requires_pkce: bool


@dataclass(frozen=True, slots=True)
class WantedClient:
    """A document of client metadata; reading it raises what is wrong with it.

    Members that are not known are ignored, null stands for absence (RFC 7591 §2).
    """

    document: Mapping[str, Any]
    algorithms: frozenset[SigningAlgorithm]

    def new(self, client_id: ClientId, rules: RegistrationRules, now: datetime) -> Client:
        """Return the client that the document describes; it belongs to a third party."""
        kind = KIND_OF_TYPE[self.one_of("application_type", KIND_OF_TYPE) or "web"]
        blank = Client(
            id=client_id,
            name="",
            kind=kind,
            is_exempt_from_pkce=not rules.requires_pkce,
            has_claims_in_id_token=False,
            metadata=ClientMetadata(is_third_party=True, is_dynamic=True),
            created_at=now,
            updated_at=now,
        )
        return self.applied_to(blank, now)

    def applied_to(self, before: Client, now: datetime) -> Client:
        """Return the client with everything replaced that clients may say of themselves.

        Whether it may do without PKCE was decided before, by the setting or by an operator.
        """
        if KIND_OF_TYPE[self.one_of("application_type", KIND_OF_TYPE) or "web"] is not before.kind:
            raise InvalidClientMetadata("application_type cannot be changed")
        self._check_fixed_members()
        client = replace(
            before,
            redirect_uris=self._redirect_uris(before.kind),
            post_logout_redirect_uris=self._post_logout_redirect_uris(before.kind),
            id_token_algorithm=self.algorithm("id_token_signed_response_alg") or DEFAULT_ALGORITHM,
            metadata=self._metadata(before.metadata),
            updated_at=now,
        )
        client = replace(
            client,
            name=self._name(client),
            # RFC 9700 §2.1.1: public clients must use PKCE.
            is_exempt_from_pkce=before.is_exempt_from_pkce and not client.is_public,
        )
        refuse((*name_faults(client.name), *metadata_faults(client)))
        return client

    def text(self, name: str) -> str | None:
        """Return a text."""
        value = self.document.get(name)
        if value is not None and not isinstance(value, str):
            raise InvalidClientMetadata(f"{name} must be a text")
        return value

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Return a list of a few texts, each once."""
        value = self.document.get(name)
        if value is None:
            return None
        is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if not is_list or len(value) > MOST_URIS:
            raise InvalidClientMetadata(f"{name} must be a list of at most {MOST_URIS} texts")
        return tuple(dict.fromkeys(value))

    def seconds(self, name: str) -> timedelta | None:
        """Return a duration; how long it may be is for the rules to say."""
        value = self.document.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST_SECONDS:
            raise InvalidClientMetadata(f"{name} must be a whole number of seconds")
        return timedelta(seconds=value)

    def switch(self, name: str) -> bool:
        """Return true or false."""
        value = self.document.get(name)
        if value is not None and not isinstance(value, bool):
            raise InvalidClientMetadata(f"{name} must be true or false")
        return bool(value)

    def one_of(self, name: str, known: Iterable[str]) -> str | None:
        """Return one of a few words."""
        value = self.text(name)
        if value is not None and value not in known:
            raise InvalidClientMetadata(f"{name} must be one of {', '.join(known)}")
        return value

    def words_of(self, name: str, known: Iterable[str]) -> tuple[str, ...] | None:
        """Return a list of such words."""
        values = self.texts(name)
        if values is not None and not set(values) <= set(known):
            raise InvalidClientMetadata(f"{name} can hold {', '.join(known)} only")
        return values

    def algorithm(self, name: str) -> SigningAlgorithm | None:
        """Return an algorithm that this server has a key for."""
        value = self.one_of(name, sorted(self.algorithms))
        return None if value is None else SigningAlgorithm(value)

    def _check_fixed_members(self) -> None:
        self.words_of("response_types", RESPONSE_TYPES)
        self.one_of("subject_type", SUBJECT_TYPES)
        for name in REFUSED_MEMBERS:
            if self.document.get(name) is not None:
                raise InvalidClientMetadata(f"{name} is not supported")

    def _redirect_uris(self, kind: ClientKind) -> tuple[str, ...]:
        try:
            uris = self.texts("redirect_uris")
        except InvalidClientMetadata as fault:
            raise InvalidRedirectUri(fault.description) from fault
        if not uris:
            raise InvalidRedirectUri("redirect_uris must hold at least one address")
        for number, uri in enumerate(uris):
            reason = redirect_uri_fault(uri, kind)
            if reason is not None:
                raise InvalidRedirectUri(f"redirect_uris[{number}] cannot be registered: {reason}")
        return uris

    def _post_logout_redirect_uris(self, kind: ClientKind) -> tuple[str, ...]:
        name = "post_logout_redirect_uris"
        uris = self.texts(name) or ()
        for number, uri in enumerate(uris):
            fault = post_logout_fault(uri, kind)
            if fault is not None:
                raise InvalidClientMetadata(f"{name}[{number}] cannot be registered: {fault}")
        return uris

    def _metadata(self, before: ClientMetadata) -> ClientMetadata:
        method = self.one_of("token_endpoint_auth_method", METHODS)
        signing = self.one_of("token_endpoint_auth_signing_alg", ASSERTION_ALGORITHMS)
        grant_types = self.words_of("grant_types", GRANT_TYPES) or GRANT_TYPES[:1]
        if GRANT_TYPES[0] not in grant_types:
            raise InvalidClientMetadata("grant_types must hold authorization_code")
        chosen: dict[str, Any] = {
            **{name: self.text(name) for name in TEXT_MEMBERS},
            **{name: self.switch(name) for name in SWITCH_MEMBERS},
            "contacts": self.texts("contacts") or (),
            "default_max_age": self.seconds("default_max_age"),
            "default_acr_values": self.texts("default_acr_values") or (),
            "jwks": self._jwks(),
            "grant_types": grant_types,
            "userinfo_signed_response_alg": self.algorithm("userinfo_signed_response_alg"),
            # RFC 7591 §2: this is the method of who names none.
            "token_endpoint_auth_method": ClientAuthenticationMethod(
                method or ClientAuthenticationMethod.CLIENT_SECRET_BASIC
            ),
            "token_endpoint_auth_signing_alg": signing and SigningAlgorithm(signing),
        }
        return replace(before, **chosen)

    def _jwks(self) -> Mapping[str, Any] | None:
        value = self.document.get("jwks")
        if value is None:
            return None
        try:
            read_key_set(value)
        except KeySetInvalid as fault:
            raise InvalidClientMetadata(f"jwks cannot be used: {fault}") from fault
        if has_private_part(value):
            raise InvalidClientMetadata("jwks holds a private key: make a new one")
        return public_members(value)

    def _name(self, client: Client) -> str:
        """Return the name; a client without one is called by its host."""
        name = (self.text("client_name") or "").strip()
        return name or (urlsplit(client.redirect_uris[0]).hostname or "")[:LONGEST_NAME] or "-"


def refuse(faults: Sequence[str]) -> None:
    """Raise InvalidClientMetadata with the first fault, if there is any."""
    if faults:
        raise InvalidClientMetadata(faults[0])


def document_of(client: Client) -> dict[str, object]:
    """Return everything that is registered of a client, in the words of the specifications."""
    metadata = client.metadata
    document: dict[str, object] = {
        "client_id": client.id,
        "client_id_issued_at": int(client.created_at.timestamp()),
        "client_name": client.name,
        "application_type": "native" if client.kind is ClientKind.NATIVE else "web",
        "redirect_uris": list(client.redirect_uris),
        "grant_types": list(metadata.grant_types or GRANT_TYPES),
        "response_types": list(RESPONSE_TYPES),
        "subject_type": SUBJECT_TYPES[0],
        "token_endpoint_auth_method": client.authentication_method,
        "id_token_signed_response_alg": client.id_token_algorithm,
        "scope": DEFAULT_SCOPE,
    }
    if metadata.default_max_age is not None:
        document["default_max_age"] = int(metadata.default_max_age.total_seconds())
    given: dict[str, object] = {
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "contacts": list(metadata.contacts),
        "default_acr_values": list(metadata.default_acr_values),
        "jwks": metadata.jwks,
        "token_endpoint_auth_signing_alg": metadata.token_endpoint_auth_signing_alg,
        "userinfo_signed_response_alg": metadata.userinfo_signed_response_alg,
        **{name: getattr(metadata, name) for name in (*TEXT_MEMBERS, *SWITCH_MEMBERS)},
    }
    return {**document, **{name: value for name, value in given.items() if value}}
