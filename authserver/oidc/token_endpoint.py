"""The token endpoint: what all grant types have in common, done once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from authserver.domain.api_resources import ApiResource
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import Client
from authserver.domain.clock import Clock
from authserver.oidc.authorization.request import LONGEST_RESOURCE, ORGANIZATIONS_RESOURCE
from authserver.oidc.client_authentication import ClientAuthenticator
from authserver.oidc.errors import InvalidTarget, UnauthorizedClient, UnsupportedGrantType
from authserver.oidc.parameters import Parameters
from authserver.oidc.token_issuer import IssuedTokens, TokenIssuer
from authserver.storage.registered_apis import RegisteredApis
from authserver.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A token request whose client is known; `api` is what it names as `resource`."""

    client: Client
    parameters: Parameters
    api: ApiResource | None = None


class GrantType(Protocol):
    """One way to obtain tokens (RFC 6749 §1.3)."""

    @property
    def name(self) -> str:
        """Return the value of `grant_type`."""

    def is_permitted(self, client: Client) -> bool:
        """Tell whether the client may use this grant type."""

    def exchange(self, request: TokenRequest, work: UnitOfWork) -> IssuedTokens:
        """Write the tokens, leaving the commit to the caller.

        Raises an OAuthError; what must outlive the refusal is committed before.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEndpoint:
    """The use case of `/oidc/token`."""

    storage: Storage
    authenticator: ClientAuthenticator
    apis: RegisteredApis
    grant_types: Sequence[GrantType]
    issuer: TokenIssuer
    clock: Clock

    def exchange(self, parameters: Parameters, authorization: str | None) -> dict[str, object]:
        """Return the token response; raises OAuthError."""
        client = self.authenticator.authenticate(authorization, parameters, self.clock.now())
        parameters.refuse_repeated()
        grant_type = self._grant_type(parameters.required("grant_type"))
        if not grant_type.is_permitted(client):
            raise UnauthorizedClient("this client may not use this grant type")
        request = TokenRequest(client=client, parameters=parameters, api=self._api(parameters))
        # The keys are opened before the unit: nothing may fail any more once a code is spent.
        keys = self.issuer.keys.load()
        with self.storage.writing() as work:
            issued = grant_type.exchange(request, work)
            event = AuditEvent(
                kind=AuditKind.TOKENS_ISSUED,
                subject=None if issued.account is None else issued.account.subject,
                client_id=client.id,
                detail={"grant_type": grant_type.name},
            )
            work.record(event, issued.issued_at)
            work.commit()
        return self.issuer.response(issued, keys)

    def _api(self, parameters: Parameters) -> ApiResource | None:
        """Return the one API that the token is for: its audience is a single one (RFC 9068 §3)."""
        asked = set(parameters.resources) - {ORGANIZATIONS_RESOURCE}
        if not asked:
            return None
        if len(asked) > 1:
            raise InvalidTarget("a token is for one resource: ask for each of them in turn")
        indicator = asked.pop()
        api = self.apis.find(indicator) if len(indicator) <= LONGEST_RESOURCE else None
        if api is None:
            raise InvalidTarget("resource is not known")
        return api

    def _grant_type(self, name: str) -> GrantType:
        for grant_type in self.grant_types:
            if grant_type.name == name:
                return grant_type
        raise UnsupportedGrantType("grant_type is not supported")
