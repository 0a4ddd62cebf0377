"""The provider's signing keys: opened once, found by algorithm or id."""

from collections.abc import Mapping
from dataclasses import dataclass

from authserver.crypto.jose import KeyPair, open_private_key
from authserver.crypto.key_ring import KeyRing
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.signing_keys import SigningAlgorithm, SigningKeyState, seal_label
from authserver.storage.configuration_cache import ConfigurationCache
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class KeySet:
    """Every published key, and the open current key of each algorithm."""

    current: Mapping[SigningAlgorithm, KeyPair]
    published: Mapping[str, tuple[SigningAlgorithm, Mapping[str, str]]]

    def as_jwks(self) -> dict[str, object]:
        """Return the JSON Web Key Set that clients read (RFC 7517 §5)."""
        return {"keys": [dict(jwk) for _, jwk in self.published.values()]}


@dataclass(frozen=True, slots=True)
class ProviderKeys:
    """Reads the key set, from memory where it has not changed."""

    cache: ConfigurationCache
    key_ring: KeyRing

    def load(self) -> KeySet:
        """Return the key set; raises CannotOpen where the secret keys do not fit."""
        return self.cache.get(ConfigurationKind.SIGNING_KEYS, "all", self._read)

    def _read(self, work: UnitOfWork) -> KeySet:
        current: dict[SigningAlgorithm, KeyPair] = {}
        published: dict[str, tuple[SigningAlgorithm, Mapping[str, str]]] = {}
        # What signs comes first: some clients try the first key alone.
        listed = work.signing_keys.list()
        for key in sorted(listed, key=lambda each: each.state is not SigningKeyState.CURRENT):
            if key.is_published:
                published[key.kid] = (key.algorithm, key.public_jwk)
            if key.state is SigningKeyState.CURRENT:
                der = self.key_ring.open(key.sealed_private_key, seal_label(key.kid))
                current[key.algorithm] = KeyPair(key.kid, key.algorithm, open_private_key(der))
        return KeySet(current, published)
