"""The secret keys of the server: one derived key per purpose, sealing and opening."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from authserver.domain.randomness import Randomness
from authserver.domain.secret import Secret

KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 6
NONCE_BYTES: Final = 12
SHORTEST_SECRET: Final = 32


class KeyPurpose(StrEnum):
    """The labels that keep derived keys apart; a label never changes its meaning."""

    KEY_ID = "authserver/key-id/v1"
    SEALING = "authserver/sealing/v1"
    VERIFICATION_CODE = "authserver/verification-code/v1"
    FINISH_LINK = "authserver/finish-link/v1"
    FINISH_NUMBER = "authserver/finish-number/v1"
    REFRESH_SUCCESSOR = "authserver/refresh-successor/v1"
    SESSION_COOKIE = "authserver/session-cookie/v1"
    RECOVERY_CODES = "authserver/recovery-codes/v1"
    FORM_TOKEN = "authserver/form-token/v1"  # noqa: S105 - a label, not a secret
    AUDIT_CHAIN = "authserver/audit-chain/v1"


class CannotOpen(Exception):
    """None of the secret keys opens a sealed value."""


class KeyRing:
    """The secret keys, newest first; the newest seals and derives, all of them open."""

    def __init__(self, secrets: Sequence[Secret], randomness: Randomness) -> None:
        if not secrets:
            raise ValueError("there must be at least one secret key")
        self._randomness = randomness
        self._keys: dict[str, dict[KeyPurpose, bytes]] = {}
        for secret in secrets:
            material = secret.reveal().encode()
            if len(material) < SHORTEST_SECRET:
                raise ValueError(f"a secret key has fewer than {SHORTEST_SECRET} characters")
            derived = {purpose: derive(material, purpose) for purpose in KeyPurpose}
            self._keys[encode(derived[KeyPurpose.KEY_ID][:KEY_ID_BYTES])] = derived
        self.newest_id = next(iter(self._keys))

    def key(self, purpose: KeyPurpose, key_id: str | None = None) -> bytes | None:
        """Return the 32 bytes for `purpose` under the newest key or `key_id`; None if gone."""
        derived = self._keys.get(self.newest_id if key_id is None else key_id)
        return None if derived is None else derived[purpose]

    def newest_first(self, purpose: KeyPurpose) -> list[bytes]:
        """Return the 32 bytes for `purpose` under every key."""
        return [derived[purpose] for derived in self._keys.values()]

    def newest(self, purpose: KeyPurpose) -> bytes:
        """Return the 32 bytes for `purpose` under the newest key."""
        return self._keys[self.newest_id][purpose]

    def seal(self, plain: bytes, label: str) -> str:
        """Return `plain` encrypted under the newest key; it opens with the same label only."""
        nonce = self._randomness.draw(NONCE_BYTES)
        cipher = AESGCM(self.newest(KeyPurpose.SEALING))
        return f"{self.newest_id}.{encode(nonce + cipher.encrypt(nonce, plain, label.encode()))}"

    def open(self, sealed: str, label: str) -> bytes:
        """Return what was sealed; raises CannotOpen without the key or with another label."""
        key_id, _, body = sealed.partition(".")
        key = self.key(KeyPurpose.SEALING, key_id)
        if key is None:
            raise CannotOpen(f"the secret key {key_id} that sealed this value is not configured")
        try:
            content = urlsafe_b64decode(body + "=" * (-len(body) % 4))
            nonce, encrypted = content[:NONCE_BYTES], content[NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, encrypted, label.encode())
        except (InvalidTag, ValueError) as fault:
            raise CannotOpen("the sealed value was altered or belongs elsewhere") from fault


def derive(material: bytes, purpose: KeyPurpose) -> bytes:
    """Return the key for `purpose` by HKDF-SHA-256 (RFC 5869)."""
    hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode())
    return hkdf.derive(material)


def encode(content: bytes) -> str:
    """Return `content` as unpadded base64url."""
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
