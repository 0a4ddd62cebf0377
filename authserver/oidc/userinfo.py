"""The userinfo endpoint (OIDC Core §5.3)."""

from dataclasses import dataclass

from authserver.domain.clock import Clock
from authserver.domain.scopes import OPENID, ROLES, released_claims
from authserver.domain.secret import fingerprint
from authserver.domain.tokens import LiveAccess
from authserver.oidc.errors import InsufficientScope, InvalidToken
from authserver.oidc.keys import ProviderKeys
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Userinfo:
    """The use case of `/oidc/me`."""

    storage: Storage
    clock: Clock
    clients: RegisteredClients
    keys: ProviderKeys
    issuer: str

    def answer(self, access_token: str) -> dict[str, object] | str:
        """Return the claims that the token's scopes release, `sub` always.

        They are a signed JWT for clients that registered for one (OIDC Core §5.3.2).
        """
        access, claims = self._released(access_token)
        client = self.clients.client(access.client_id)
        algorithm = None if client is None else client.metadata.userinfo_signed_response_alg
        if algorithm is None:
            return claims
        key = self.keys.load().current[algorithm]
        return key.sign({**claims, "iss": self.issuer, "aud": access.client_id})

    def _released(self, access_token: str) -> tuple[LiveAccess, dict[str, object]]:
        with self.storage.reading() as work:
            access = work.tokens.find_access(fingerprint(access_token), self.clock.now())
            # One look-up more, only for clients that ask for it.
            wants_roles = access is not None and ROLES in access.scopes
            held = work.roles.of_account(access.account.subject) if access and wants_roles else []
        if access is None:
            raise InvalidToken("the access token is not valid")
        if OPENID not in access.scopes:
            raise InsufficientScope("the access token lacks the scope openid")
        requested = access.requested_claims.get("userinfo")
        names = requested if isinstance(requested, list) else []
        return access, {
            "sub": access.account.subject,
            **released_claims(access.account, access.scopes, names, [role.name for role in held]),
        }
