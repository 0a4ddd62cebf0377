"""Initial access tokens, which let applications register themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from authserver.administration.clients import lifetime_end
from authserver.administration.mistakes import ClientInvalid
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.randomness import Randomness, new_token
from authserver.domain.registration_tokens import InitialAccessToken
from authserver.domain.secret import Secret, fingerprint
from authserver.storage.unit_of_work import Storage

MOST_USES: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRegistrationToken:
    """A token just made, shown this once; `uses` is None where it may be used freely."""

    token: Secret
    uses: int | None
    expires_at: datetime | None
    is_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationTokenAdministration:
    """Makes initial access tokens (RFC 7591 §3)."""

    storage: Storage
    clock: Clock
    randomness: Randomness
    is_registration_on: bool

    def create(
        self, *, expires_in: timedelta | None = None, uses: int | None = None
    ) -> NewRegistrationToken:
        """Make a token; raises ClientInvalid where it could never be used."""
        now = self.clock.now()
        expires_at = lifetime_end(now, expires_in)
        if expires_at is not None and expires_at <= now:
            raise ClientInvalid("A token has to live for a while.")
        if uses is not None and not 1 <= uses <= MOST_USES:
            raise ClientInvalid(f"A token can be used 1 to {MOST_USES} times.")
        token = Secret(new_token(self.randomness))
        stored = InitialAccessToken(
            digest=fingerprint(token.reveal()),
            uses_left=uses,
            created_at=now,
            expires_at=expires_at,
        )
        with self.storage.writing() as work:
            work.registration_tokens.add_initial(stored)
            work.record(AuditEvent(kind=AuditKind.REGISTRATION_TOKEN_CREATED), now)
            work.commit()
        return NewRegistrationToken(
            token=token, uses=uses, expires_at=expires_at, is_accepted=self.is_registration_on
        )
