"""Recovery codes: copied by hand for the day on which a second factor is lost."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from authserver.crypto.argon2_hasher import Argon2Hasher
from authserver.domain.accounts import Subject
from authserver.domain.randomness import Randomness
from authserver.domain.second_factors import (
    RECOVERY_CODE_LENGTH,
    RECOVERY_CODES,
    SELECTOR_LENGTH,
    RecoveryCode,
    show_recovery_code,
)
from authserver.domain.secret import Secret
from authserver.domain.verifications import CROCKFORD_ALPHABET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecoveryCodes:
    """Codes just made: what the person is shown this once, and what is stored."""

    shown: tuple[Secret, ...]
    kept: tuple[RecoveryCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodes:
    """Makes and judges recovery codes; both hash slowly, so never inside a unit of work."""

    hasher: Argon2Hasher
    randomness: Randomness

    def make(self, subject: Subject, now: datetime) -> NewRecoveryCodes:
        """Return a new set; `second_factors.replace_codes` stores it and ends the former one."""
        by_selector: dict[str, str] = {}
        for code in self._drawn():
            by_selector.setdefault(code[:SELECTOR_LENGTH], code)
            if len(by_selector) == RECOVERY_CODES:
                break
        return NewRecoveryCodes(
            shown=tuple(Secret(show_recovery_code(code)) for code in by_selector.values()),
            kept=tuple(
                RecoveryCode(
                    subject=subject,
                    selector=selector,
                    hash=self.hasher.hash(code[SELECTOR_LENGTH:]),
                    created_at=now,
                )
                for selector, code in by_selector.items()
            ),
        )

    def matches(self, kept: RecoveryCode, code: str) -> bool:
        """Tell whether `code`, as `read_recovery_code` returns it, is the one that is kept."""
        return self.hasher.matches(kept.hash, code[SELECTOR_LENGTH:])

    def _drawn(self) -> Iterator[str]:
        while True:
            octets = self.randomness.draw(RECOVERY_CODE_LENGTH)
            yield "".join(CROCKFORD_ALPHABET[octet % len(CROCKFORD_ALPHABET)] for octet in octets)
