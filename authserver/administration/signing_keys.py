"""What operators do with signing keys, and the first one of a new server."""

from dataclasses import dataclass
from datetime import datetime

from authserver.administration.mistakes import SigningKeyInUse, SigningKeyUnknown
from authserver.crypto.jose import new_private_key, public_jwk
from authserver.crypto.key_ring import CannotOpen, KeyRing
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.signing_keys import (
    DEFAULT_ALGORITHM,
    SigningAlgorithm,
    SigningKey,
    SigningKeyState,
    seal_label,
)
from authserver.storage.signing_keys import CurrentKeyExists
from authserver.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyAdministration:
    """Makes, rotates and retires signing keys; other processes see it within a second."""

    storage: Storage
    key_ring: KeyRing
    clock: Clock

    def ensure(self, algorithm: SigningAlgorithm = DEFAULT_ALGORITHM) -> SigningKey:
        """Return the algorithm's current key, made now where there is none.

        Several processes may start at once: one of them makes the key, all of them use it.
        """
        current = self._current(algorithm)
        if current is not None:
            return current
        key = self._new_key(algorithm)
        try:
            with self.storage.writing() as work:
                work.signing_keys.add(key)
                changed(work, AuditKind.SIGNING_KEY_CREATED, key, key.created_at)
                work.commit()
        except CurrentKeyExists:
            return self._current(algorithm) or key
        return key

    def list(self) -> list[SigningKey]:
        """Return every key, the newest first."""
        with self.storage.reading() as work:
            return work.signing_keys.list()

    def rotate(self, algorithm: SigningAlgorithm = DEFAULT_ALGORITHM) -> SigningKey:
        """Make a new current key; the former one signs no more but is still published."""
        key = self._new_key(algorithm)
        with self.storage.writing() as work:
            work.signing_keys.supersede(algorithm, key.created_at)
            try:
                work.signing_keys.add(key)
            except CurrentKeyExists as fault:
                raise SigningKeyInUse(
                    f"The key for {algorithm} has just been rotated elsewhere."
                ) from fault
            changed(work, AuditKind.SIGNING_KEY_CREATED, key, key.created_at)
            work.commit()
        return key

    def retire(self, kid: str) -> SigningKey:
        """Publish a previous key no more: tokens that it signed are honoured no longer."""
        now = self.clock.now()
        with self.storage.writing() as work:
            key = next((key for key in work.signing_keys.list() if key.kid == kid), None)
            if key is None:
                raise SigningKeyUnknown(
                    f"There is no signing key {kid!r}; `signing-key list` shows all there are."
                )
            refuse_unless_previous(key)
            work.signing_keys.set_state(kid, SigningKeyState.RETIRED, now)
            changed(work, AuditKind.SIGNING_KEY_RETIRED, key, now)
            work.commit()
        return key

    def sealed_elsewhere(self) -> tuple[SigningKey, ...]:
        """Return the current keys that the secret keys cannot open; there must be none."""
        return tuple(
            key
            for key in self.list()
            if key.state is SigningKeyState.CURRENT and not self._opens(key)
        )

    def _opens(self, key: SigningKey) -> bool:
        try:
            self.key_ring.open(key.sealed_private_key, seal_label(key.kid))
        except CannotOpen:
            return False
        return True

    def _current(self, algorithm: SigningAlgorithm) -> SigningKey | None:
        is_wanted = (SigningKeyState.CURRENT, algorithm)
        return next((key for key in self.list() if (key.state, key.algorithm) == is_wanted), None)

    def _new_key(self, algorithm: SigningAlgorithm) -> SigningKey:
        now = self.clock.now()
        private_key = new_private_key(algorithm)
        jwk = public_jwk(private_key, algorithm)
        return SigningKey(
            kid=jwk["kid"],
            algorithm=algorithm,
            state=SigningKeyState.CURRENT,
            public_jwk=jwk,
            sealed_private_key=self.key_ring.seal(private_key, seal_label(jwk["kid"])),
            created_at=now,
            changed_at=now,
        )


def refuse_unless_previous(key: SigningKey) -> None:
    """Raise SigningKeyInUse for a key that signs, or that is retired already."""
    if key.state is SigningKeyState.CURRENT:
        raise SigningKeyInUse(
            f"The key {key.kid!r} is the one that signs {key.algorithm}. Rotate first: "
            f"`authserver signing-key rotate --algorithm {key.algorithm}`."
        )
    if key.state is SigningKeyState.RETIRED:
        raise SigningKeyInUse(f"The key {key.kid!r} is retired already.")


def changed(work: UnitOfWork, kind: AuditKind, key: SigningKey, now: datetime) -> None:
    """Record the change and make every process see it."""
    work.configuration_changed(ConfigurationKind.SIGNING_KEYS)
    work.record(
        AuditEvent(kind=kind, detail={"kid": key.kid, "algorithm": key.algorithm}),
        now,
    )
