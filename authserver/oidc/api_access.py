"""Who may call this server's own API: services, by access tokens made for it."""

from dataclasses import dataclass

from authserver.domain.clients import ClientId
from authserver.domain.clock import Clock
from authserver.oidc.errors import InsufficientScope, InvalidToken
from authserver.oidc.presented_tokens import PresentedTokens
from authserver.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAccess:
    """Reads the access tokens of calls to the API, as any resource server does."""

    storage: Storage
    clock: Clock
    presented: PresentedTokens
    indicator: str

    def admit(self, token: str, scope: str) -> ClientId:
        """Return the service that calls.

        Raises InvalidToken for any token that is not for this API (RFC 9068 §4), and
        InsufficientScope for one that lacks `scope` or speaks for a person.
        """
        digest = self.presented.digest(token)
        with self.storage.reading() as work:
            access = work.tokens.find_presented(digest, self.clock.now())
        if access is None or access.audience != self.indicator:
            raise InvalidToken("the access token is not valid for this API")
        if scope not in access.scope.split():
            raise InsufficientScope(f"the access token lacks the scope {scope}")
        if access.subject is not None:
            raise InsufficientScope("only services may do this, for themselves")
        return access.client_id
