"""The section `[[clients]]` of a configuration document."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any, Final, TypeVar

from authserver.administration.as_code import Change, Files
from authserver.administration.clients import ClientAdministration
from authserver.administration.mistakes import ConfigurationInvalid, OperatorMistake
from authserver.administration.typed_tables import TypedTable, tables_of
from authserver.domain.client_metadata import ClientAuthenticationMethod, ClientMetadata
from authserver.domain.clients import ACCOUNT_CLIENT, Client, ClientId, ClientKind
from authserver.domain.signing_keys import DEFAULT_ALGORITHM, SigningAlgorithm

CLIENT_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,40}")
# What clients themselves or other parts of the server decide.
NOT_HERE: Final = frozenset({"is_dynamic", "grant_types", "sector_identifier_uri"})
LISTS: Final = ("contacts", "cors_origins", "default_acr_values")
SWITCHES: Final = (
    "require_auth_time",
    "backchannel_logout_session_required",
    "frontchannel_logout_session_required",
    "may_introspect_all",
    "is_third_party",
)
DURATIONS: Final = (
    *("access_token_lifetime", "id_token_lifetime", "refresh_token_lifetime"),
    "default_max_age",
)
ADDRESSES: Final = (
    *("client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri", "jwks_uri"),
    *("backchannel_logout_uri", "frontchannel_logout_uri"),
)
METADATA: Final = tuple(each.name for each in fields(ClientMetadata) if each.name not in NOT_HERE)
MEMBERS: Final = (
    *("client_id", "name", "kind", "redirect_uris", "post_logout_redirect_uris"),
    *("requires_pkce", "claims_in_id_token", "id_token_algorithm"),
    *METADATA,
)

# Whoever stores a client says when.
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

Member = TypeVar("Member", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ClientSection:
    """Clients by their ids; those that registered themselves are not among them.

    No secret is in the document: `client add-secret` makes one for a client that needs it.
    """

    clients: ClientAdministration

    @property
    def key(self) -> str:
        """Return the key."""
        return "clients"

    def plan(self, wanted: object, files: Files) -> list[Change]:
        """Return which clients are to be created or changed."""
        changes: list[Change] = []
        faults: list[str] = []
        seen: set[str] = set()
        for table in tables_of(wanted, "Client"):
            try:
                changes += self._plan_one(table, seen)
            except OperatorMistake as mistake:
                faults += [
                    fault if fault.startswith(table.what) else f"{table.what}: {fault}"
                    for fault in mistake.faults
                ]
        if faults:
            raise ConfigurationInvalid(*faults)
        return changes

    def export(self) -> object:
        """Return the clients as `plan` takes them."""
        return [document_of(each) for each in self.clients.list() if not each.metadata.is_dynamic]

    def _plan_one(self, table: TypedTable, seen: set[str]) -> list[Change]:
        table.refuse_unknown(MEMBERS)
        client_id = table.text("client_id")
        if not CLIENT_ID.fullmatch(client_id) or client_id == ACCOUNT_CLIENT:
            raise ConfigurationInvalid("client_id must have 1 to 40 letters, digits, . _ ~ or -")
        if client_id in seen:
            raise ConfigurationInvalid(f"There are two clients {client_id!r}.")
        seen.add(client_id)
        client = client_of(table, ClientId(client_id))
        present = self.clients.judge(client)
        if present is not None and document_of(present) == document_of(client):
            return []
        return [
            Change(
                section=self.key,
                name=client_id,
                action="create" if present is None else "change",
                carry_out=partial(self.clients.put, client),
            )
        ]


def client_of(table: TypedTable, client_id: ClientId) -> Client:
    """Return the client that a table describes; its times are for whoever stores it to say."""
    chosen: dict[str, Any] = {
        **{name: table.text(name) or None for name in ADDRESSES},
        **{name: table.switch(name, default=False) for name in SWITCHES},
        **{name: table.texts(name) for name in LISTS},
        **{name: table.seconds(name) for name in DURATIONS},
        "jwks": table.table("jwks"),
        "token_endpoint_auth_method": choice(
            table, "token_endpoint_auth_method", ClientAuthenticationMethod
        ),
        "token_endpoint_auth_signing_alg": choice(
            table, "token_endpoint_auth_signing_alg", SigningAlgorithm
        ),
        "userinfo_signed_response_alg": choice(
            table, "userinfo_signed_response_alg", SigningAlgorithm
        ),
    }
    return Client(
        id=client_id,
        name=table.text("name").strip(),
        kind=choice(table, "kind", ClientKind) or ClientKind.WEB,
        redirect_uris=once(table.texts("redirect_uris")),
        post_logout_redirect_uris=once(table.texts("post_logout_redirect_uris")),
        is_exempt_from_pkce=not table.switch("requires_pkce", default=True),
        has_claims_in_id_token=table.switch("claims_in_id_token", default=True),
        id_token_algorithm=choice(table, "id_token_algorithm", SigningAlgorithm)
        or DEFAULT_ALGORITHM,
        metadata=ClientMetadata(**chosen),
        created_at=NEVER,
        updated_at=NEVER,
    )


def choice(table: TypedTable, name: str, members: type[Member]) -> Member | None:
    """Return one member of an enumeration, None where the table names none."""
    value = table.text(name)
    if not value:
        return None
    try:
        return members(value)
    except ValueError as fault:
        known = ", ".join(str(each.value) for each in members)
        raise ConfigurationInvalid(f"{name} must be one of {known}.") from fault


def once(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values in order without repetition."""
    return tuple(dict.fromkeys(values))


def document_of(client: Client) -> dict[str, object]:
    """Return a client as a table: what is as usual is left out."""
    shown = {
        name: value for name, value in client.metadata.as_document().items() if name in METADATA
    }
    usual = {
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris) or None,
        "redirect_uris": list(client.redirect_uris) or None,
        "requires_pkce": False if client.is_exempt_from_pkce else None,
        "claims_in_id_token": None if client.has_claims_in_id_token else False,
        "id_token_algorithm": None
        if client.id_token_algorithm is DEFAULT_ALGORITHM
        else client.id_token_algorithm,
    }
    given = {name: value for name, value in usual.items() if value is not None}
    return {"client_id": client.id, "name": client.name, "kind": client.kind, **given, **shown}
