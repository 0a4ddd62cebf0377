"""What operators do with signing keys, and the first one of a new server."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

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

SIGNING: Final = frozenset({SigningKeyState.CURRENT, SigningKeyState.NEXT})


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyAdministration:
    """Makes, rotates and retires signing keys; other processes see it within a second."""

    storage: Storage
    key_ring: KeyRing
    clock: Clock

    def ensure(self, algorithm: SigningAlgorithm = DEFAULT_ALGORITHM) -> SigningKey:
        """Return the algorithm's current key, made now where there is none; the next one, too.

        Several processes may start at once: one of them makes the keys, all of them use them.
        """
        current = self._find(algorithm, SigningKeyState.CURRENT)
        if current is not None:
            self._ensure_next(algorithm)
            return current
        key = self._new_key(algorithm, SigningKeyState.CURRENT)
        try:
            self._add(key, self._new_key(algorithm, SigningKeyState.NEXT))
        except CurrentKeyExists:
            return self._find(algorithm, SigningKeyState.CURRENT) or key
        return key

    def ensure_next_ones(self) -> None:
        """Make the next key of each algorithm that signs and has none."""
        known = {(key.algorithm, key.state) for key in self.list()}
        for algorithm, state in known:
            if state is SigningKeyState.CURRENT and (algorithm, SigningKeyState.NEXT) not in known:
                self._ensure_next(algorithm)

    def list(self) -> list[SigningKey]:
        """Return every key, the newest first."""
        with self.storage.reading() as work:
            return work.signing_keys.list()

    def rotate(self, algorithm: SigningAlgorithm = DEFAULT_ALGORITHM) -> SigningKey:
        """Let the next key sign and publish another next one; return the one that signs now.

        Clients know it by then. The former one signs no more but is still published. An
        algorithm without a next key gets one that signs as soon as it is published.
        """
        following = self._new_key(algorithm, SigningKeyState.NEXT)
        now = following.created_at
        known = self._find(algorithm, SigningKeyState.NEXT)
        current = self._promoted(known or self._new_key(algorithm, SigningKeyState.NEXT), now)
        with self.storage.writing() as work:
            work.signing_keys.supersede(algorithm, now)
            try:
                if known is None:
                    work.signing_keys.add(current)
                elif not work.signing_keys.promote(current):
                    raise rotated_elsewhere(algorithm)
                work.signing_keys.add(following)
            except CurrentKeyExists as fault:
                raise rotated_elsewhere(algorithm) from fault
            changed(work, AuditKind.SIGNING_KEY_ROTATED, current, now)
            changed(work, AuditKind.SIGNING_KEY_CREATED, following, now)
            work.commit()
        return current

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
        """Return the keys that sign, or will, and that the secret keys cannot open.

        There must be none.
        """
        return tuple(key for key in self.list() if key.state in SIGNING and not self._opens(key))

    def _opens(self, key: SigningKey) -> bool:
        try:
            self._opened(key)
        except CannotOpen:
            return False
        return True

    def _opened(self, key: SigningKey) -> bytes:
        return self.key_ring.open(key.sealed_private_key, seal_label(key.kid))

    def _sealed(self, private_key: bytes, kid: str) -> str:
        return self.key_ring.seal(private_key, seal_label(kid))

    def _find(self, algorithm: SigningAlgorithm, state: SigningKeyState) -> SigningKey | None:
        wanted = (algorithm, state)
        return next((key for key in self.list() if (key.algorithm, key.state) == wanted), None)

    def _ensure_next(self, algorithm: SigningAlgorithm) -> None:
        if self._find(algorithm, SigningKeyState.NEXT) is None:
            # Where it exists by now, another process has made it.
            with suppress(CurrentKeyExists):
                self._add(self._new_key(algorithm, SigningKeyState.NEXT))

    def _add(self, *keys: SigningKey) -> None:
        with self.storage.writing() as work:
            for key in keys:
                work.signing_keys.add(key)
                changed(work, AuditKind.SIGNING_KEY_CREATED, key, key.created_at)
            work.commit()

    def _promoted(self, key: SigningKey, now: datetime) -> SigningKey:
        """Return a next key as the current one, under the newest secret key: older ones may go."""
        return replace(
            key,
            state=SigningKeyState.CURRENT,
            sealed_private_key=self._sealed(self._opened(key), key.kid),
            changed_at=now,
        )

    def _new_key(self, algorithm: SigningAlgorithm, state: SigningKeyState) -> SigningKey:
        now = self.clock.now()
        private_key = new_private_key(algorithm)
        jwk = public_jwk(private_key, algorithm)
        return SigningKey(
            kid=jwk["kid"],
            algorithm=algorithm,
            state=state,
            public_jwk=jwk,
            sealed_private_key=self._sealed(private_key, jwk["kid"]),
            created_at=now,
            changed_at=now,
        )


def rotated_elsewhere(algorithm: SigningAlgorithm) -> SigningKeyInUse:
    """Return the mistake of whoever comes second."""
    return SigningKeyInUse(f"The key for {algorithm} has just been rotated elsewhere.")


def refuse_unless_previous(key: SigningKey) -> None:
    """Raise SigningKeyInUse for a key that signs or will, or that is retired already."""
    if key.state is SigningKeyState.NEXT:
        raise SigningKeyInUse(
            f"The key {key.kid!r} is the next one to sign {key.algorithm}. To be rid of it, "
            "rotate twice and retire it then."
        )
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
