"""The client credentials grant: a service acts for itself (RFC 6749 §4.4)."""

from dataclasses import dataclass

from authserver.domain.api_resources import permitted_scopes
from authserver.domain.clients import Client, ClientKind
from authserver.domain.clock import Clock
from authserver.oidc.errors import InvalidScope
from authserver.oidc.token_endpoint import TokenRequest
from authserver.oidc.token_issuer import IssuedTokens, TokenIssuer
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ClientCredentialsGrant:
    """Issues a token for an API, with the scopes that the service's roles permit.

    Without a `resource` the token is opaque and says no more than whose it is: servers that
    introspect it can tell.
    """

    issuer: TokenIssuer
    clock: Clock
    name: str = "client_credentials"

    def is_permitted(self, client: Client) -> bool:
        """Tell whether the client acts for itself: a service, or one registered to do so."""
        return client.kind is ClientKind.SERVICE or self.name in (client.metadata.grant_types or ())

    def exchange(self, request: TokenRequest, work: UnitOfWork) -> IssuedTokens:
        """Write the access token; there is never a refresh token (RFC 6749 §4.4.3)."""
        now = self.clock.now()
        client = request.client
        asked = request.parameters.get("scope")
        if request.api is None:
            if asked is not None and asked.split():
                raise InvalidScope("scopes belong to an API: name it as resource")
            access = self.issuer.new_access_token(work, client, None, "", now)
        else:
            permitted = permitted_scopes(request.api, work.roles.of_client(client.id))
            wanted = permitted if asked is None else permitted.intersection(asked.split())
            if asked is not None and not wanted:
                raise InvalidScope("none of these scopes is permitted to this client")
            scope = " ".join(sorted(wanted))
            access = self.issuer.new_api_token(work, client, None, (request.api, scope), now)
        return IssuedTokens(client=client, access=access, issued_at=now)
