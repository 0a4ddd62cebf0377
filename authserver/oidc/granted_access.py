"""Which access a person's authorization gives to a token request: the same or less."""

from datetime import datetime

from authserver.domain.api_resources import permitted_scopes
from authserver.domain.grants import Authorization
from authserver.domain.scopes import ScopeSet
from authserver.oidc.errors import InvalidScope, InvalidTarget
from authserver.oidc.token_endpoint import TokenRequest
from authserver.oidc.token_issuer import IssuedAccess, TokenIssuer
from authserver.storage.unit_of_work import UnitOfWork


def access_for(
    issuer: TokenIssuer,
    work: UnitOfWork,
    request: TokenRequest,
    authorization: Authorization,
    now: datetime,
) -> IssuedAccess:
    """Write and return the access token: for the API that is named, else for userinfo.

    RFC 8707 §2.2: only what the authorization request named, never more; raises InvalidTarget
    and, for scopes beyond what was granted (RFC 6749 §6), InvalidScope. A token for an API may
    end up without any scope, as the first one may.
    """
    asked = request.parameters.get("scope")
    if request.api is None:
        scopes = narrowed(authorization.scopes, asked)
        return issuer.new_access_token(work, request.client, authorization, str(scopes), now)
    granted = authorization.resources.get(request.api.indicator)
    if granted is None:
        raise InvalidTarget("resource was not part of the authorization request")
    # What a role or the API has lost since the sign-in is given no more; what it gained waits.
    kept = permitted_scopes(request.api, work.roles.of_account(authorization.subject))
    if asked is not None:
        # Words of other resources and of the person's claims stand in the same parameter.
        kept = kept.intersection(asked.split())
    access = (request.api, " ".join(each for each in granted if each in kept))
    return issuer.new_api_token(work, request.client, authorization, access, now)


def narrowed(granted: ScopeSet, asked: str | None) -> ScopeSet:
    """Return the scopes of an access token (RFC 6749 §6): the same or fewer."""
    if asked is None:
        return granted
    scopes = ScopeSet.parse(asked)
    if not scopes.words or not granted.covers(scopes):
        raise InvalidScope("scope exceeds what was granted")
    return scopes
