"""Clients with their secrets, as the endpoints look them up."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hmac import compare_digest
from typing import Final

from authserver.domain.branding import DEFAULT_NAME
from authserver.domain.clients import ACCOUNT_CLIENT, Client, ClientId, ClientKind, ClientSecret
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.front_channel_logout import front_channel_url
from authserver.domain.secret import fingerprint
from authserver.domain.sessions import SessionId
from authserver.storage.brands import StoredBrands
from authserver.storage.configuration_cache import ConfigurationCache
from authserver.storage.unit_of_work import UnitOfWork

ALL_ORIGINS: Final = "all origins"


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A client and all its secrets."""

    client: Client
    secrets: tuple[ClientSecret, ...]

    def knows(self, secret: str, now: datetime) -> bool:
        """Tell whether `secret` is one of the live ones; all are compared, in constant time."""
        digest = fingerprint(secret)
        matches = [compare_digest(known.digest, digest) for known in self.secrets]
        return any(
            match and known.is_live(now) for match, known in zip(matches, self.secrets, strict=True)
        )


@dataclass(frozen=True, slots=True)
class RegisteredClients:
    """Finds clients, from memory where they have not changed."""

    cache: ConfigurationCache
    account_client: Client
    brands: StoredBrands

    def find(self, client_id: str) -> RegisteredClient | None:
        """Return the client, or this server's own account client."""
        if client_id == ACCOUNT_CLIENT:
            name = self.brands.all().name_of(self.account_client)
            return RegisteredClient(replace(self.account_client, name=name), ())

        def load(work: UnitOfWork) -> RegisteredClient | None:
            client = work.clients.find(client_id)
            return (
                None
                if client is None
                else RegisteredClient(client, work.clients.secrets(client.id))
            )

        return self.cache.get(ConfigurationKind.CLIENTS, f"client {client_id}", load)

    def client(self, client_id: str) -> Client | None:
        """Return the client without its secrets."""
        registered = self.find(client_id)
        return None if registered is None else registered.client

    def front_channel_urls(
        self, client_ids: Iterable[ClientId], issuer: str, session_id: SessionId
    ) -> tuple[str, ...]:
        """Return what a browser loads so that these clients hear of the end of its session."""
        clients = (self.client(client_id) for client_id in client_ids)
        urls = (
            None if client is None else front_channel_url(client, issuer, session_id)
            for client in clients
        )
        return tuple(url for url in urls if url is not None)

    def origins(self) -> frozenset[str]:
        """Return the origins of all redirect URIs: pages of those may call us."""

        def load(work: UnitOfWork) -> frozenset[str]:
            return frozenset[str]().union(*(client.origins for client in work.clients.list()))

        return self.cache.get(ConfigurationKind.CLIENTS, ALL_ORIGINS, load)


def account_client(endpoint: str, now: datetime) -> Client:
    """Return the built-in client by which people sign in to their own account page."""
    return Client(
        id=ACCOUNT_CLIENT,
        name=DEFAULT_NAME,
        kind=ClientKind.WEB,
        redirect_uris=(f"{endpoint}/account",),
        created_at=now,
        updated_at=now,
    )
