"""How clients prove themselves to the token and revocation endpoints."""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import unquote_plus

from authserver.domain.clients import Client
from authserver.domain.secret import Secret
from authserver.oidc.errors import InvalidClient, InvalidRequest
from authserver.oidc.parameters import Parameters
from authserver.storage.registered_clients import RegisteredClient, RegisteredClients

LONGEST_HEADER: Final = 4096


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client presents; a public one presents its id alone."""

    client_id: str
    secret: Secret | None


class ClientAuthentication(Protocol):
    """One method of `token_endpoint_auth_methods_supported` (OIDC Core §9)."""

    name: str

    def read(self, authorization: str | None, parameters: Parameters) -> Credentials | None:
        """Return the credentials presented by this method, or None where it is not used."""


class ClientSecretBasic:
    """RFC 6749 §2.3.1: HTTP Basic, id and secret form-urlencoded before base64."""

    name = "client_secret_basic"

    def read(self, authorization: str | None, parameters: Parameters) -> Credentials | None:
        """Return the credentials of the Authorization header."""
        if authorization is None:
            return None
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic" or len(encoded) > LONGEST_HEADER:
            raise InvalidClient("the Authorization header cannot be used here")
        try:
            text = b64decode(encoded.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError) as fault:
            raise InvalidClient("the Authorization header is malformed") from fault
        client_id, colon, secret = text.partition(":")
        if not colon or "\x00" in unquote_plus(client_id):
            raise InvalidClient("the Authorization header is malformed")
        return Credentials(unquote_plus(client_id), Secret(unquote_plus(secret)))


class ClientSecretPost:
    """RFC 6749 §2.3.1: id and secret in the request body."""

    name = "client_secret_post"

    def read(self, authorization: str | None, parameters: Parameters) -> Credentials | None:
        """Return the credentials of the body."""
        secret = parameters.once("client_secret")
        if secret is None:
            return None
        client_id = parameters.once("client_id")
        if client_id is None:
            raise InvalidClient("client_secret without client_id")
        return Credentials(client_id, Secret(secret))


class PublicClient:
    """RFC 6749 §2.1: no secret, only `client_id`."""

    name = "none"

    def read(self, authorization: str | None, parameters: Parameters) -> Credentials | None:
        """Return the id alone where nothing else is presented."""
        client_id = parameters.once("client_id")
        if client_id is None or authorization is not None or parameters.get("client_secret"):
            return None
        return Credentials(client_id, None)


@dataclass(frozen=True, slots=True)
class ClientAuthenticator:
    """Finds out which client is calling."""

    clients: RegisteredClients
    methods: Sequence[ClientAuthentication]

    @property
    def method_names(self) -> list[str]:
        """Return the names for the provider metadata."""
        return [method.name for method in self.methods]

    def authenticate(
        self, authorization: str | None, parameters: Parameters, now: datetime
    ) -> Client:
        """Return the client, which has proven itself unless it is public."""
        presented = self._presented(authorization, parameters)
        registered = self._registered(presented)
        if registered.client.is_public:
            if presented.secret is not None:
                raise InvalidClient("a public client has no secret")
            return registered.client
        if presented.secret is None:
            raise InvalidClient("this client has to authenticate")
        if not registered.knows(presented.secret.reveal(), now):
            raise InvalidClient("the client or its secret is not known")
        return registered.client

    def identify(self, authorization: str | None, parameters: Parameters, now: datetime) -> Client:
        """Return the client that calls, also a confidential one that sends its id alone.

        For revocation only: Logto's Go SDK sends no secret there, and whoever holds the token
        can only destroy it. A secret that is sent must be right.
        """
        presented = self._presented(authorization, parameters)
        if presented.secret is None:
            return self._registered(presented).client
        return self.authenticate(authorization, parameters, now)

    def _presented(self, authorization: str | None, parameters: Parameters) -> Credentials:
        presented = [
            credentials
            for method in self.methods
            if (credentials := method.read(authorization, parameters)) is not None
        ]
        if not presented:
            raise InvalidClient("no client authentication was sent")
        if len(presented) > 1:
            # RFC 6749 §2.3: not more than one method in a request.
            raise InvalidRequest("more than one client authentication was sent")
        body_id = parameters.once("client_id")
        if body_id is not None and body_id != presented[0].client_id:
            raise InvalidClient("client_id differs from the authenticated client")
        return presented[0]

    def _registered(self, presented: Credentials) -> RegisteredClient:
        registered = self.clients.find(presented.client_id)
        if registered is None or registered.client.is_built_in:
            raise InvalidClient("the client or its secret is not known")
        return registered
