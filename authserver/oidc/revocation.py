"""The revocation endpoint (RFC 7009)."""

from dataclasses import dataclass

from authserver.domain.clock import Clock
from authserver.domain.secret import fingerprint
from authserver.oidc.client_authentication import ClientAuthenticator
from authserver.oidc.parameters import Parameters
from authserver.oidc.presented_tokens import PresentedTokens
from authserver.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """The use case of `/oidc/token/revocation`."""

    storage: Storage
    authenticator: ClientAuthenticator
    clock: Clock
    presented: PresentedTokens

    def revoke(self, parameters: Parameters, authorization: str | None) -> None:
        """End a token of the calling client; unknown ones are no fault (RFC 7009 §2.2).

        A refresh token takes every token of its authorization with it (§2.1).
        """
        now = self.clock.now()
        client = self.authenticator.identify(authorization, parameters, now)
        token = parameters.required("token")
        # The keys are opened before the unit: units do not nest.
        digest = self.presented.digest(token)
        with self.storage.writing() as work:
            refresh = work.tokens.find_refresh(fingerprint(token), client.id)
            if refresh is not None:
                work.authorizations.revoke(refresh.authorization_id, now)
                work.commit()
            elif work.tokens.revoke_access(digest, client.id, now):
                work.commit()
