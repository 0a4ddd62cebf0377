"""Passwords under Argon2id: slow on purpose, so never inside a unit of work."""

import base64
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from authserver.domain.password_policy import prepared
from authserver.domain.secret import Secret

SALT_LENGTH: Final = 16
HASH_LENGTH: Final = 32


@dataclass(frozen=True)
class Argon2Hasher:
    """Hashes and compares what people choose or copy by hand; RFC 9106, the variant Argon2id.

    The default of the settings, 19 MiB and two passes, is the first choice of OWASP's cheat
    sheet that fits many sign-ins at once.
    """

    memory_kib: int
    iterations: int
    parallelism: int

    def hash(self, password: str) -> Secret:
        """Return the hash with its salt and parameters, in the PHC string format."""
        return Secret(self._argon2.hash(prepared(password)))

    def matches(self, hashed: Secret, password: str) -> bool:
        """Tell whether `hashed` is that of the password; a text that is no hash is that of none."""
        try:
            return self._argon2.verify(hashed.reveal(), prepared(password))
        except (VerificationError, InvalidHashError):
            return False

    def is_aged(self, hashed: Secret) -> bool:
        """Tell whether the hash was made with other parameters than those in force."""
        try:
            return self._argon2.check_needs_rehash(hashed.reveal())
        except InvalidHashError:
            return True

    @cached_property
    def decoy(self) -> Secret:
        """Return a hash that costs what a real one costs, and matches nothing.

        It stands in where an account has no password, so that the time tells nothing.
        """
        salt, digest = (
            base64.b64encode(bytes(length)).decode().rstrip("=")
            for length in (SALT_LENGTH, HASH_LENGTH)
        )
        cost = f"m={self.memory_kib},t={self.iterations},p={self.parallelism}"
        return Secret(f"$argon2id$v=19${cost}${salt}${digest}")

    @cached_property
    def _argon2(self) -> PasswordHasher:
        return PasswordHasher(
            time_cost=self.iterations,
            memory_cost=self.memory_kib,
            parallelism=self.parallelism,
            hash_len=HASH_LENGTH,
            salt_len=SALT_LENGTH,
            type=Type.ID,
        )
