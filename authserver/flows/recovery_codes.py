"""Recovery codes: copied by hand for the day on which a second factor is lost."""

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
        codes = self.draw(self.randomness)
        return NewRecoveryCodes(
            shown=tuple(Secret(show_recovery_code(code)) for code in codes),
            kept=self.keep(subject, codes, now),
        )

    def draw(self, randomness: Randomness) -> tuple[str, ...]:
        """Return new codes without separators, each with a selector of its own."""
        by_selector: dict[str, str] = {}
        while len(by_selector) < RECOVERY_CODES:
            octets = randomness.draw(RECOVERY_CODE_LENGTH)
            symbols = (CROCKFORD_ALPHABET[octet % len(CROCKFORD_ALPHABET)] for octet in octets)
            code = "".join(symbols)
            by_selector.setdefault(code[:SELECTOR_LENGTH], code)
        return tuple(by_selector.values())

    def keep(
        self, subject: Subject, codes: tuple[str, ...], now: datetime
    ) -> tuple[RecoveryCode, ...]:
        """Return what is stored of the codes: their hashes, slow to make."""
        return tuple(
            RecoveryCode(
                subject=subject,
                selector=code[:SELECTOR_LENGTH],
                hash=self.hasher.hash(code[SELECTOR_LENGTH:]),
                created_at=now,
            )
            for code in codes
        )

    def matches(self, kept: RecoveryCode | None, code: str) -> bool:
        """Tell whether `code`, as `read_recovery_code` returns it, is the one that is kept.

        That there is none takes as long to say as that it is another.
        """
        hashed = self.hasher.decoy if kept is None else kept.hash
        return self.hasher.matches(hashed, code[SELECTOR_LENGTH:])
