"""How clients prove themselves to the token and revocation endpoints."""

import binascii
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import unquote_plus

from authserver.domain.client_metadata import ClientAuthenticationMethod
from authserver.domain.clients import Client
from authserver.domain.secret import Secret
from authserver.oidc.client_assertions import (
    LONGEST_ID,
    PresentedAssertion,
    UsedAssertions,
    presented_assertion,
)
from authserver.oidc.errors import InvalidClient, InvalidRequest
from authserver.oidc.parameters import Parameters
from authserver.storage.registered_clients import RegisteredClient, RegisteredClients

LONGEST_HEADER: Final = 4096


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client presents; a public one presents its id alone."""

    client_id: str
    secret: Secret | None = None
    assertion: PresentedAssertion | None = None

    @property
    def is_id_alone(self) -> bool:
        """Tell whether nothing is presented that could prove anything."""
        return self.secret is None and self.assertion is None


class ClientAuthentication(Protocol):
    """One method of `token_endpoint_auth_methods_supported` (OIDC Core §9)."""

    name: ClientAuthenticationMethod

    def read(self, authorization: str | None, parameters: Parameters) -> Credentials | None:
        """Return the credentials presented by this method, or None where it is not used."""


class ClientSecretBasic:
    """RFC 6749 §2.3.1: HTTP Basic, id and secret form-urlencoded before base64."""

    name = ClientAuthenticationMethod.CLIENT_SECRET_BASIC

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

    name = ClientAuthenticationMethod.CLIENT_SECRET_POST

    def read(self, authorization: str | None, parameters: Parameters) -> Credentials | None:
        """Return the credentials of the body."""
        secret = parameters.once("client_secret")
        if secret is None:
            return None
        client_id = parameters.once("client_id")
        if client_id is None:
            raise InvalidClient("client_secret without client_id")
        return Credentials(client_id, Secret(secret))


class PrivateKeyJwt:
    """RFC 7523 §2.2: a JWT that the client has signed with its private key."""

    name = ClientAuthenticationMethod.PRIVATE_KEY_JWT

    def read(self, authorization: str | None, parameters: Parameters) -> Credentials | None:
        """Return the assertion of the body; its subject is whom it is to prove."""
        assertion = presented_assertion(parameters)
        if assertion is None:
            return None
        return Credentials(assertion.client_id, assertion=assertion)


class PublicClient:
    """RFC 6749 §2.1: no secret, only `client_id`."""

    name = ClientAuthenticationMethod.NONE

    def read(self, authorization: str | None, parameters: Parameters) -> Credentials | None:
        """Return the id alone where nothing else is presented."""
        client_id = parameters.once("client_id")
        is_proven = any(parameters.get(name) for name in ("client_secret", "client_assertion"))
        if client_id is None or authorization is not None or is_proven:
            return None
        return Credentials(client_id)


@dataclass(frozen=True, slots=True)
class ClientAuthenticator:
    """Finds out which client is calling."""

    clients: RegisteredClients
    assertions: UsedAssertions
    methods: Sequence[ClientAuthentication]

    @property
    def method_names(self) -> list[str]:
        """Return the names for the provider metadata."""
        return [method.name for method in self.methods]

    def authenticate(
        self, authorization: str | None, parameters: Parameters, now: datetime
    ) -> Client:
        """Return the client, which has proven itself unless it is public.

        Raises InvalidClient; ClientKeysStale where its keys have to be fetched first.
        """
        presented = self._presented(authorization, parameters)
        with named_in_refusals(presented.client_id):
            return self._proven(presented, now)

    def _proven(self, presented: Credentials, now: datetime) -> Client:
        registered = self._registered(presented)
        match registered.client.authentication_method:
            case ClientAuthenticationMethod.NONE:
                if not presented.is_id_alone:
                    raise InvalidClient("a public client has no secret")
            case ClientAuthenticationMethod.PRIVATE_KEY_JWT:
                if presented.assertion is None:
                    raise InvalidClient("this client has to authenticate with private_key_jwt")
                self.assertions.use(presented.assertion, registered.client, now)
            case _:
                check_secret(presented, registered, now)
        return registered.client

    def identify(self, authorization: str | None, parameters: Parameters, now: datetime) -> Client:
        """Return the client that calls, also one with a secret that sends its id alone.

        For revocation only: Logto's Go SDK sends no secret there, and whoever holds the token
        can only destroy it. A secret that is sent must be right.
        """
        presented = self._presented(authorization, parameters)
        if presented.is_id_alone:
            with named_in_refusals(presented.client_id):
                client = self._registered(presented).client
            if client.has_secret or client.is_public:
                return client
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


@contextmanager
def named_in_refusals(client_id: str) -> Iterator[None]:
    """Let the log tell who was refused: an operator looks there for the client's name."""
    try:
        yield
    except InvalidClient as refusal:
        # Longer ones are none of ours, and may be a secret in the wrong place.
        is_readable = client_id.isascii() and client_id.isprintable()
        refusal.client_id = client_id if is_readable and len(client_id) <= LONGEST_ID else None
        raise


def check_secret(presented: Credentials, registered: RegisteredClient, now: datetime) -> None:
    """Raise InvalidClient unless a live secret of the client was presented."""
    if presented.secret is None:
        raise InvalidClient("this client has to authenticate with its secret")
    if not registered.knows(presented.secret.reveal(), now):
        raise InvalidClient("the client or its secret is not known")
