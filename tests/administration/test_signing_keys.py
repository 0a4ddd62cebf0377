"""The life of signing keys in an operator's hands."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from authserver.administration.mistakes import SigningKeyInUse, SigningKeyUnknown
from authserver.administration.signing_keys import SigningKeyAdministration
from authserver.crypto.key_ring import CannotOpen, KeyRing
from authserver.domain.clock import SystemClock
from authserver.domain.secret import Secret
from authserver.domain.signing_keys import SigningAlgorithm, SigningKeyState
from authserver.storage.unit_of_work import Storage
from tests.support.known_randomness import KnownRandomness
from tests.support.stopped_clock import StoppedClock


def states(keys: SigningKeyAdministration) -> dict[str, SigningKeyState]:
    return {key.kid: key.state for key in keys.list()}


def next_kid(keys: SigningKeyAdministration) -> str:
    [kid] = [kid for kid, state in states(keys).items() if state is SigningKeyState.NEXT]
    return kid


def test_the_first_key_and_the_next_one_are_made_once(
    signing_keys: SigningKeyAdministration,
) -> None:
    first = signing_keys.ensure()
    made = states(signing_keys)

    assert signing_keys.ensure() == first
    assert first.algorithm is SigningAlgorithm.RS256
    assert states(signing_keys) == made
    assert made[first.kid] is SigningKeyState.CURRENT
    assert sorted(made.values()) == ["current", "next"]


def test_processes_that_start_at_once_agree_on_one_key(storage: Storage, key_ring: KeyRing) -> None:
    keys = SigningKeyAdministration(storage=storage, key_ring=key_ring, clock=SystemClock())

    with ThreadPoolExecutor(4) as threads:
        made = [threads.submit(keys.ensure, SigningAlgorithm.ES256) for _ in range(4)]
        kids = {each.result().kid for each in made}

    assert len(kids) == 1
    assert sorted(states(keys).values()) == ["current", "next"]


def test_processes_that_start_at_once_on_keys_of_former_times_agree_on_one_next_key(
    any_storage: Storage, key_ring: KeyRing
) -> None:
    keys = SigningKeyAdministration(storage=any_storage, key_ring=key_ring, clock=SystemClock())
    current = keys.ensure(SigningAlgorithm.ES256)
    with any_storage.writing() as work:
        work.connection.execute(text("DELETE FROM signing_keys WHERE is_next"))
        work.commit()

    with ThreadPoolExecutor(4) as threads:
        for each in [threads.submit(keys.ensure_next_ones) for _ in range(4)]:
            each.result()

    assert sorted(states(keys).values()) == ["current", "next"]
    assert states(keys)[current.kid] is SigningKeyState.CURRENT


def test_a_rotation_lets_a_key_sign_that_was_published_before(
    signing_keys: SigningKeyAdministration, clock: StoppedClock
) -> None:
    signing_keys.ensure()
    published = next_kid(signing_keys)
    clock.advance(timedelta(minutes=2))

    current = signing_keys.rotate()

    assert current.kid == published
    assert current.was_known_before
    assert states(signing_keys)[published] is SigningKeyState.CURRENT
    assert next_kid(signing_keys) != published


def test_a_key_that_signs_as_soon_as_it_is_published_is_told_apart(
    signing_keys: SigningKeyAdministration, clock: StoppedClock
) -> None:
    signing_keys.ensure()
    clock.advance(timedelta(minutes=2))
    signing_keys.rotate()

    assert not signing_keys.rotate().was_known_before
    assert not signing_keys.rotate(SigningAlgorithm.ES512).was_known_before


def test_rotations_at_once_leave_one_current_and_one_next_key(
    any_storage: Storage, key_ring: KeyRing
) -> None:
    keys = SigningKeyAdministration(storage=any_storage, key_ring=key_ring, clock=SystemClock())
    keys.ensure(SigningAlgorithm.EDDSA)

    def rotated() -> bool:
        try:
            keys.rotate(SigningAlgorithm.EDDSA)
        except SigningKeyInUse:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        done = [each.result() for each in [threads.submit(rotated) for _ in range(4)]]

    found = sorted(states(keys).values())
    assert found == ["current", "next", *["previous"] * sum(done)]
    assert any(done)


def test_a_rotation_seals_what_signs_under_the_newest_secret_key(
    signing_keys: SigningKeyAdministration,
) -> None:
    signing_keys.ensure()
    old = Secret("a secret key of the tests, long enough")
    new = Secret("the secret key that was put in front of it")
    both = replace(signing_keys, key_ring=KeyRing([new, old], KnownRandomness(8)))
    alone = replace(signing_keys, key_ring=KeyRing([new], KnownRandomness(9)))

    both.rotate()

    assert alone.sealed_elsewhere() == ()


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

    assert {states(signing_keys)[key.kid] for key in made} == {SigningKeyState.CURRENT}
    assert len({key.kid for key in made}) == len(SigningAlgorithm)


def test_only_a_previous_key_can_be_retired(signing_keys: SigningKeyAdministration) -> None:
    former = signing_keys.ensure()
    with pytest.raises(SigningKeyInUse, match="Rotate first"):
        signing_keys.retire(former.kid)
    with pytest.raises(SigningKeyInUse, match="rotate twice"):
        signing_keys.retire(next_kid(signing_keys))
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
    sealed = {each.kid for each in elsewhere.sealed_elsewhere()}
    assert sealed == {key.kid, next_kid(signing_keys)}
    with pytest.raises(CannotOpen):
        elsewhere.rotate()
    assert signing_keys.sealed_elsewhere() == ()
