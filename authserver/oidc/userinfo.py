"""The userinfo endpoint (OIDC Core §5.3)."""

from dataclasses import dataclass

from authserver.domain.clock import Clock
from authserver.domain.scopes import OPENID, ROLES, released_claims
from authserver.domain.secret import fingerprint
from authserver.oidc.errors import InsufficientScope, InvalidToken
from authserver.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Userinfo:
    """The use case of `/oidc/me`."""

    storage: Storage
    clock: Clock

    def claims(self, access_token: str) -> dict[str, object]:
        """Return the claims that the token's scopes release; `sub` always."""
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
        return {
            "sub": access.account.subject,
            **released_claims(access.account, access.scopes, names, [role.name for role in held]),
        }
