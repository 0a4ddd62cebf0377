"""Values that are derived by a keyed MAC, so that the database need not hold them."""

import hmac
from dataclasses import dataclass

from authserver.crypto.key_ring import KeyPurpose, KeyRing, encode
from authserver.domain.finish_elsewhere import LINK_OCTETS, NUMBER_CLASS
from authserver.domain.form_tokens import FormToken
from authserver.domain.secret import Secret
from authserver.domain.verifications import Verification


@dataclass(frozen=True, slots=True)
class Deriver:
    """Derives codes and what stands beside them, refresh successors, cookies and form tokens."""

    keys: KeyRing

    def chain_end(self, position: int, digest: bytes, key_id: str) -> bytes | None:
        """Return the MAC of the end of the audit log's chain; None where the key is gone."""
        key = self.keys.key(KeyPurpose.AUDIT_CHAIN, key_id)
        return None if key is None else authenticate(key, "v1", str(position), digest.hex())

    def code(self, verification: Verification) -> Secret | None:
        """Return the code of `verification`, without separators; None where its key is gone."""
        key = self.keys.key(KeyPurpose.VERIFICATION_CODE, verification.key_id)
        if key is None:
            return None
        mac = authenticate(key, "v1", *verification.facts())
        return Secret(verification.code_class.spell(int.from_bytes(mac)))

    def code_matches(self, verification: Verification, entered: str) -> bool:
        """Tell, in constant time, whether `entered` is the code of `verification`."""
        return is_same(self.code(verification), entered)

    def finish_link(self, verification: Verification) -> Secret | None:
        """Return the token of the link in the mails of `verification`; None without its key."""
        key = self.keys.key(KeyPurpose.FINISH_LINK, verification.key_id)
        if key is None:
            return None
        return Secret(authenticate(key, "v1", *verification.facts())[:LINK_OCTETS].hex())

    def finish_link_matches(self, verification: Verification, token: str) -> bool:
        """Tell, in constant time, whether `token` is that of the link of `verification`."""
        return is_same(self.finish_link(verification), token)

    def finish_number(self, verification: Verification) -> Secret | None:
        """Return the number that the first tab shows; None where the key is gone."""
        key = self.keys.key(KeyPurpose.FINISH_NUMBER, verification.key_id)
        if key is None:
            return None
        mac = authenticate(key, "v1", *verification.facts())
        return Secret(NUMBER_CLASS.spell(int.from_bytes(mac)))

    def number_matches(self, verification: Verification, entered: str) -> bool:
        """Tell, in constant time, whether `entered` is the number of the first tab."""
        return is_same(self.finish_number(verification), entered)

    def refresh_successor(self, presented: str, key_id: str) -> Secret | None:
        """Return the one refresh token that follows `presented`; None where the key is gone."""
        key = self.keys.key(KeyPurpose.REFRESH_SUCCESSOR, key_id)
        return None if key is None else Secret(encode(authenticate(key, presented)))

    def session_cookie(self, interaction_id: str, interaction_cookie: str) -> Secret:
        """Return the session secret of the sign-in made in one interaction.

        Only the browser that holds the interaction's cookie can be given it, and it is the same
        each time: so an answer that was lost can be given again.
        """
        return self.session_cookies(interaction_id, interaction_cookie)[0]

    def session_cookies(self, interaction_id: str, interaction_cookie: str) -> list[Secret]:
        """Return that secret under every key, the newest first: the keys may have been rotated."""
        return [
            Secret(encode(authenticate(key, interaction_id, interaction_cookie)))
            for key in self.keys.newest_first(KeyPurpose.SESSION_COOKIE)
        ]

    def form_token(self, *bound_to: str) -> FormToken:
        """Return the token of forms bound to a browser's secret and to what they act on.

        Pages that were open when the keys were rotated carry that of an older key.
        """
        return FormToken.of(
            [
                encode(authenticate(key, *bound_to))
                for key in self.keys.newest_first(KeyPurpose.FORM_TOKEN)
            ]
        )

    def recovery_chance(self, *bound_to: str) -> "DerivedChance":
        """Return the chance that a browser's new recovery codes are drawn from.

        Codes that are not yet confirmed are stored nowhere, and shown again to that browser.
        """
        return DerivedChance(self.keys.newest(KeyPurpose.RECOVERY_CODES), bound_to)


class DerivedChance:
    """Implements `Randomness`: the same draws each time for the same key and fields."""

    def __init__(self, key: bytes, fields: tuple[str, ...]) -> None:
        self._key = key
        self._fields = fields
        self._drawn = 0

    def draw(self, size: int) -> bytes:
        """Return the next `size` bytes, at most as many as a digest has."""
        self._drawn += 1
        return authenticate(self._key, *self._fields, str(self._drawn))[:size]


def is_same(secret: Secret | None, entered: str) -> bool:
    """Tell, in constant time, whether `entered` is the secret; nothing is where there is none."""
    if secret is None:
        return False
    return hmac.compare_digest(secret.reveal().encode(), entered.encode("utf-8", "surrogatepass"))


def authenticate(key: bytes, *fields: str) -> bytes:
    """Return the HMAC-SHA-256 of the length-prefixed fields."""
    parts = []
    for field in fields:
        content = field.encode("utf-8", "surrogatepass")
        parts.append(len(content).to_bytes(4) + content)
    return hmac.digest(key, b"".join(parts), "sha256")
