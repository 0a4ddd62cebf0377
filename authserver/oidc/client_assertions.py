"""Client authentication by `private_key_jwt` (RFC 7523 §3, OIDC Core §9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from authserver.crypto.client_assertions import (
    AssertionInvalid,
    ClientAssertion,
    KeyUnknown,
    read_assertion,
)
from authserver.crypto.client_keys import ClientKey, KeySetInvalid, read_key_set
from authserver.domain.clients import Client
from authserver.oidc.errors import InvalidClient
from authserver.oidc.parameters import Parameters
from authserver.oidc.remote_key_sets import RemoteKeySets
from authserver.storage.unit_of_work import Storage

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_ID: Final = 40
LONGEST_JTI: Final = 256
MOST_AUDIENCES: Final = 10
LONGEST_LIFE: Final = timedelta(hours=1)
# Clients' clocks are not ours.
TOLERANCE: Final = timedelta(minutes=1)


class ClientKeysStale(InvalidClient):
    """The client's keys at `jwks_uri` have to be fetched before it can be known.

    Whoever may call other servers fetches them and asks again; asked in vain it is what it
    says: the client is not proven.
    """

    def __init__(self, jwks_uri: str) -> None:
        super().__init__("no key of the client fits the assertion")
        self.jwks_uri = jwks_uri


@dataclass(frozen=True, slots=True)
class PresentedAssertion:
    """An assertion of which nothing is proven, and the client that it speaks of."""

    client_id: str
    assertion: ClientAssertion


def presented_assertion(parameters: Parameters) -> PresentedAssertion | None:
    """Return the assertion of a request, or None where there is none; raises InvalidClient."""
    token = parameters.once("client_assertion")
    kind = parameters.once("client_assertion_type")
    if token is None and kind is None:
        return None
    if token is None or kind != ASSERTION_TYPE:
        raise InvalidClient("client_assertion comes with its client_assertion_type")
    try:
        assertion = read_assertion(token)
    except AssertionInvalid as fault:
        raise InvalidClient(str(fault)) from fault
    subject = assertion.claims.get("sub")
    if not isinstance(subject, str) or not is_identifier(subject):
        raise InvalidClient("the assertion names no client")
    return PresentedAssertion(subject, assertion)


def is_identifier(text: str) -> bool:
    """Tell whether `text` could be a client's id: others must not reach the database."""
    return len(text) <= LONGEST_ID and text.isascii() and text.isprintable()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedAssertions:
    """Believes assertions, each once, whatever comes of the request that it came with."""

    storage: Storage
    remote: RemoteKeySets
    audiences: frozenset[str]

    def use(self, presented: PresentedAssertion, client: Client, now: datetime) -> None:
        """Use an assertion up; raises InvalidClient, or ClientKeysStale before it is used."""
        claims = self._proven(presented.assertion, client)
        self._check(claims, client, now)
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        with self.storage.writing() as work:
            if not work.client_assertions.use(client.id, claims["jti"], expires_at):
                raise InvalidClient("the assertion was used before")
            work.commit()

    def _proven(self, assertion: ClientAssertion, client: Client) -> Mapping[str, Any]:
        wanted = client.metadata.token_endpoint_auth_signing_alg
        # OIDC Registration §2: who registered an algorithm is believed by no other.
        if wanted not in {None, assertion.algorithm}:
            raise InvalidClient("the algorithm is not the registered one")
        uri = client.metadata.jwks_uri
        keys = own_keys(client) if uri is None else self.remote.find(uri)
        try:
            return assertion.prove(keys or ())
        except AssertionInvalid as fault:
            raise InvalidClient(str(fault)) from fault
        except KeyUnknown as fault:
            if uri is not None:
                raise ClientKeysStale(uri) from fault
            raise InvalidClient("no key of the client fits the assertion") from fault

    def _check(self, claims: Mapping[str, Any], client: Client, now: datetime) -> None:
        if not claims.get("iss") == claims.get("sub") == client.id:
            raise InvalidClient("iss and sub must be the client_id")
        if not self.audiences.intersection(audiences_of(claims.get("aud"))):
            raise InvalidClient("aud is neither the issuer nor the token endpoint")
        check_times(claims, now)
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 1 <= len(jti) <= LONGEST_JTI:
            raise InvalidClient(f"jti must have 1 to {LONGEST_JTI} characters")


def own_keys(client: Client) -> tuple[ClientKey, ...]:
    """Return the keys that were registered by value."""
    try:
        return read_key_set(client.metadata.jwks)
    except KeySetInvalid:
        return ()


def audiences_of(claim: object) -> list[str]:
    """Return the audiences of an assertion: one, or a list of a few (RFC 7519 §4.1.3)."""
    listed = claim if isinstance(claim, list) else [claim]
    if len(listed) > MOST_AUDIENCES:
        return []
    return [each for each in listed if isinstance(each, str)]


def check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """Raise InvalidClient unless the assertion is good now and not for long (RFC 7523 §3)."""
    present = now.timestamp()
    soon = present + TOLERANCE.total_seconds()
    latest = soon + LONGEST_LIFE.total_seconds()
    # Written so that what is no number, and NaN, is refused.
    if not (is_number(claims.get("exp")) and present < claims["exp"] <= latest):
        raise InvalidClient("exp must lie within the next hour")
    for name in ("iat", "nbf"):
        if name in claims and not (is_number(claims[name]) and claims[name] <= soon):
            raise InvalidClient(f"{name} must not lie in the future")


def is_number(value: object) -> bool:
    """Tell whether a value is a number of seconds (RFC 7519 §2)."""
    return isinstance(value, int | float) and not isinstance(value, bool)
