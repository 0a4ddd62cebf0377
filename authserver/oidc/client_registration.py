"""Clients that register themselves (RFC 7591), and manage their registration (RFC 7592)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import (
    FIRST_SECRET,
    Client,
    ClientId,
    ClientSecret,
    new_client_id,
    new_client_secret,
)
from authserver.domain.clock import Clock
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.endpoint import Endpoint
from authserver.domain.randomness import Randomness, new_token
from authserver.domain.secret import Secret, fingerprint
from authserver.oidc.errors import InvalidClientMetadata, InvalidToken, TokenRequired
from authserver.oidc.keys import ProviderKeys
from authserver.oidc.registration_document import RegistrationRules, WantedClient, document_of
from authserver.oidc.registration_limits import RegistrationLimits
from authserver.oidc.sector_identifiers import SectorDocument, check_sector
from authserver.storage.endings import delete_client
from authserver.storage.registered_clients import RegisteredClient
from authserver.storage.unit_of_work import Storage, UnitOfWork

PATH: Final = "/oidc/reg"
NOT_VALID: Final = "the initial access token is not valid"
# RFC 7592 §2.2: what the server alone decides.
SERVERS_MEMBERS: Final = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistration:
    """The use cases of `/oidc/reg`; unless registration is open, one needs an initial token."""

    storage: Storage
    keys: ProviderKeys
    clock: Clock
    randomness: Randomness
    endpoint: Endpoint
    rules: RegistrationRules
    limits: RegistrationLimits
    is_open: bool

    def check_initial(self, token: str | None) -> None:
        """Raise InvalidToken unless one may register with the token, which is not used yet."""
        if self.is_open:
            return
        if token is None:
            raise TokenRequired("an initial access token is required")
        with self.storage.reading() as work:
            if not work.registration_tokens.admits(fingerprint(token), self.clock.now()):
                raise InvalidToken(NOT_VALID)

    def register(
        self,
        sector: SectorDocument | None,
        document: Mapping[str, Any],
        token: str | None,
        source: str,
    ) -> dict[str, object]:
        """Register a client and return what it has to know, its secret among it.

        Raises SectorUnread where the document at its `sector_identifier_uri` is needed first,
        and TooManyRegistrations.
        """
        # Before anything is read, so that strangers are told nothing and cost little.
        self.check_initial(token)
        now = self.clock.now()
        wanted = WantedClient(document, self._algorithms())
        client = wanted.new(new_client_id(self.randomness), self.rules, now)
        # Once, and before anybody else is asked: calls to others are bounded by it, too.
        if sector is None:
            self.limits.charge(source, now)
        check_sector(client, sector)
        secret = new_client_secret(self.randomness) if client.has_secret else None
        access = Secret(new_token(self.randomness))
        with self.storage.writing() as work:
            self._use_initial(work, token, now)
            work.clients.add(client)
            if secret is not None:
                add_secret(work, client.id, secret, now)
            work.registration_tokens.replace_access(client.id, fingerprint(access.reveal()), now)
            record(work, AuditKind.CLIENT_CREATED, client.id, now)
            work.commit()
        return self._answer(client, access.reveal(), secret)

    def read(self, client_id: str, token: str | None) -> dict[str, object]:
        """Return what is registered; secrets are known by their digests alone."""
        with self.storage.reading() as work:
            managed = self._managed(work, client_id, token)
        return self._answer(managed.client, str(token), None)

    def update(
        self,
        sector: SectorDocument | None,
        client_id: str,
        token: str | None,
        document: Mapping[str, Any],
    ) -> dict[str, object]:
        """Replace everything that the client may say of itself (RFC 7592 §2.2).

        Raises SectorUnread as `register` does.
        """
        now = self.clock.now()
        wanted = WantedClient(document, self._algorithms())
        # Before the unit, so that nobody without the token can hold the writer up.
        with self.storage.reading() as work:
            managed = self._managed(work, client_id, token)
        check_servers_members(document, managed, now)
        check_sector(wanted.applied_to(managed.client, now), sector)
        with self.storage.writing() as work:
            managed = self._managed(work, client_id, token)
            check_servers_members(document, managed, now)
            client = wanted.applied_to(managed.client, now)
            secret = self._fitting_secret(work, client, managed, now)
            work.clients.change(client)
            record(work, AuditKind.CLIENT_UPDATED, client.id, now)
            work.commit()
        return self._answer(client, str(token), secret)

    def delete(self, client_id: str, token: str | None) -> None:
        """Delete the client with its authorizations and tokens (RFC 7592 §2.3)."""
        now = self.clock.now()
        with self.storage.writing() as work:
            client = self._managed(work, client_id, token).client
            delete_client(work, client.id)
            record(work, AuditKind.CLIENT_DELETED, client.id, now)
            work.commit()

    def _algorithms(self) -> frozenset[Any]:
        return frozenset(self.keys.load().current)

    def _use_initial(self, work: UnitOfWork, token: str | None, now: datetime) -> None:
        if self.is_open:
            return
        if token is None or not work.registration_tokens.use_initial(fingerprint(token), now):
            raise InvalidToken(NOT_VALID)

    def _managed(self, work: UnitOfWork, client_id: str, token: str | None) -> RegisteredClient:
        """Return the client that the token manages; others are not told from unknown ones."""
        if token is None:
            raise TokenRequired("a registration access token is required")
        found = work.registration_tokens.find_client(fingerprint(token))
        client = None if found is None or found != client_id else work.clients.find(found)
        if client is None:
            raise InvalidToken("the registration access token is not valid")
        return RegisteredClient(client, work.clients.secrets(client.id))

    def _fitting_secret(
        self, work: UnitOfWork, client: Client, managed: RegisteredClient, now: datetime
    ) -> Secret | None:
        """Make the first secret of who needs one now; take those of who has no use for them."""
        if not client.has_secret:
            for each in managed.secrets:
                work.clients.remove_secret(client.id, each.name)
            return None
        if managed.secrets:
            return None
        secret = new_client_secret(self.randomness)
        add_secret(work, client.id, secret, now)
        return secret

    def _answer(self, client: Client, token: str, secret: Secret | None) -> dict[str, object]:
        """Return the client information response (RFC 7591 §3.2.1, RFC 7592 §3)."""
        shown: dict[str, object] = {}
        if secret is not None:
            shown = {"client_secret": secret.reveal(), "client_secret_expires_at": 0}
        return {
            **document_of(client),
            **shown,
            "registration_access_token": token,
            "registration_client_uri": self.endpoint.at(f"{PATH}/{client.id}"),
        }


def add_secret(work: UnitOfWork, client_id: ClientId, secret: Secret, now: datetime) -> None:
    """Store the first secret of a client; it does not expire."""
    work.clients.add_secret(client_id, ClientSecret.of(FIRST_SECRET, secret, now, None))


def check_servers_members(
    document: Mapping[str, Any], managed: RegisteredClient, now: datetime
) -> None:
    """Raise InvalidClientMetadata where a document is another client's, or says too much."""
    for name in SERVERS_MEMBERS:
        if name in document:
            raise InvalidClientMetadata(f"{name} is for the server to say")
    if document.get("client_id") != managed.client.id:
        raise InvalidClientMetadata("client_id must be that of the client")
    secret = document.get("client_secret")
    if secret is not None and not (isinstance(secret, str) and managed.knows(secret, now)):
        raise InvalidClientMetadata("client_secret is not the present one")


def record(work: UnitOfWork, kind: AuditKind, client_id: ClientId, now: datetime) -> None:
    """Record the change and make every process see it."""
    work.configuration_changed(ConfigurationKind.CLIENTS)
    work.record(AuditEvent(kind=kind, client_id=client_id, detail={"by": "registration"}), now)
