"""The life of signing keys in an operator's hands."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from authserver.administration.mistakes import SigningKeyInUse, SigningKeyUnknown
from authserver.administration.signing_keys import SigningKeyAdministration
from authserver.crypto.key_ring import KeyRing
from authserver.domain.clock import SystemClock
from authserver.domain.secret import Secret
from authserver.domain.signing_keys import SigningAlgorithm, SigningKeyState
from authserver.storage.unit_of_work import Storage
from tests.support.known_randomness import KnownRandomness


def states(keys: SigningKeyAdministration) -> dict[str, SigningKeyState]:
    return {key.kid: key.state for key in keys.list()}


def test_the_first_key_is_made_once(signing_keys: SigningKeyAdministration) -> None:
    first = signing_keys.ensure()

    assert signing_keys.ensure() == first
    assert first.algorithm is SigningAlgorithm.RS256
    assert states(signing_keys) == {first.kid: SigningKeyState.CURRENT}


def test_processes_that_start_at_once_agree_on_one_key(storage: Storage, key_ring: KeyRing) -> None:
    keys = SigningKeyAdministration(storage=storage, key_ring=key_ring, clock=SystemClock())

    with ThreadPoolExecutor(4) as threads:
        made = [threads.submit(keys.ensure, SigningAlgorithm.ES256) for _ in range(4)]
        kids = {each.result().kid for each in made}

    assert len(kids) == len(keys.list()) == 1


def test_rotation_makes_the_former_key_a_published_one_that_may_be_retired(
    signing_keys: SigningKeyAdministration,
) -> None:
    former = signing_keys.ensure()

    current = signing_keys.rotate()

    assert states(signing_keys)[former.kid] is SigningKeyState.PREVIOUS
    assert states(signing_keys)[current.kid] is SigningKeyState.CURRENT
    signing_keys.retire(former.kid)
    assert states(signing_keys)[former.kid] is SigningKeyState.RETIRED


def test_keys_of_different_algorithms_are_current_side_by_side(
    signing_keys: SigningKeyAdministration,
) -> None:
    made = [signing_keys.rotate(algorithm) for algorithm in SigningAlgorithm]

    assert set(states(signing_keys).values()) == {SigningKeyState.CURRENT}
    assert len({key.kid for key in made}) == len(SigningAlgorithm)


def test_only_a_previous_key_can_be_retired(signing_keys: SigningKeyAdministration) -> None:
    former = signing_keys.ensure()
    with pytest.raises(SigningKeyInUse, match="Rotate first"):
        signing_keys.retire(former.kid)
    signing_keys.rotate()
    signing_keys.retire(former.kid)

    with pytest.raises(SigningKeyInUse, match="retired already"):
        signing_keys.retire(former.kid)
    with pytest.raises(SigningKeyUnknown, match="no signing key"):
        signing_keys.retire("unknown")


def test_a_key_sealed_under_another_secret_is_named_and_never_replaced(
    signing_keys: SigningKeyAdministration, storage: Storage
) -> None:
    key = signing_keys.ensure()
    others = KeyRing([Secret("another secret key, as long as needed")], KnownRandomness(9))
    elsewhere = SigningKeyAdministration(storage=storage, key_ring=others, clock=signing_keys.clock)

    assert elsewhere.ensure() == key
    assert elsewhere.sealed_elsewhere() == (key,)
    assert signing_keys.sealed_elsewhere() == ()
