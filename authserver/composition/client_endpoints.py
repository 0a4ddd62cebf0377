"""The back channel as one: what clients call, and how they prove themselves."""

from authserver.composition.foundation import Foundation
from authserver.oidc.client_assertions import UsedAssertions
from authserver.oidc.client_authentication import (
    ClientAuthenticator,
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
    PublicClient,
)
from authserver.oidc.discovery import Discovery
from authserver.oidc.grant_types.authorization_code import AuthorizationCodeGrant
from authserver.oidc.grant_types.client_credentials import ClientCredentialsGrant
from authserver.oidc.grant_types.refresh_token import RefreshTokenGrant
from authserver.oidc.introspection import Introspection
from authserver.oidc.presented_tokens import PresentedTokens
from authserver.oidc.remote_key_sets import RemoteKeySets
from authserver.oidc.revocation import Revocation
from authserver.oidc.token_endpoint import TokenEndpoint
from authserver.oidc.token_issuer import TokenIssuer
from authserver.oidc.userinfo import Userinfo
from authserver.web.client_keys import ClientKeys
from authserver.web.oidc.endpoints import ClientEndpoints
from authserver.web.request_form import FormReader


def client_endpoints(base: Foundation, forms: FormReader) -> ClientEndpoints:
    """Return what clients call; grant types and client authentication are listed here."""
    issuer = TokenIssuer(
        keys=base.keys,
        randomness=base.randomness,
        lifetimes=base.lifetimes,
        issuer=base.endpoint.issuer,
    )
    remote = RemoteKeySets(base.clock)
    authenticator = client_authenticator(base, remote)
    tokens = TokenEndpoint(
        storage=base.storage,
        authenticator=authenticator,
        apis=base.apis,
        grant_types=(
            AuthorizationCodeGrant(issuer, base.clock),
            RefreshTokenGrant(issuer, base.deriver, base.clock),
            ClientCredentialsGrant(issuer, base.clock),
        ),
        issuer=issuer,
        clock=base.clock,
    )
    presented = PresentedTokens(base.keys, base.endpoint.issuer)
    return ClientEndpoints(
        discovery=Discovery(
            endpoint=base.endpoint,
            keys=base.keys,
            tokens=tokens,
            languages=base.renderer.languages,
            has_registration=base.settings.registration.is_on,
        ),
        tokens=tokens,
        userinfo=Userinfo(
            storage=base.storage,
            clock=base.clock,
            clients=base.clients,
            keys=base.keys,
            issuer=base.endpoint.issuer,
        ),
        revocation=Revocation(
            storage=base.storage,
            authenticator=authenticator,
            clock=base.clock,
            presented=presented,
        ),
        introspection=Introspection(
            storage=base.storage,
            authenticator=authenticator,
            clock=base.clock,
            presented=presented,
        ),
        lane=base.lane,
        client_keys=ClientKeys(remote=remote, caller=lambda: base.client_sites, lane=base.lane),
        forms=forms,
    )


def client_authenticator(base: Foundation, remote: RemoteKeySets) -> ClientAuthenticator:
    """Return what finds out which client is calling; a new method gets its line here."""
    audiences = frozenset({base.endpoint.issuer, base.endpoint.at("/oidc/token")})
    return ClientAuthenticator(
        base.clients,
        UsedAssertions(storage=base.storage, remote=remote, audiences=audiences),
        (ClientSecretBasic(), ClientSecretPost(), PrivateKeyJwt(), PublicClient()),
    )
