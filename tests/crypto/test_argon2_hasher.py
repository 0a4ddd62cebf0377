"""Argon2id: what is stored, what is compared, and what it costs."""

import time

import pytest

from authserver.crypto.argon2_hasher import Argon2Hasher
from authserver.domain.secret import Secret

HASHER = Argon2Hasher(memory_kib=7168, iterations=1, parallelism=1)
PASSWORD = "violet tractors hum at dusk"


def test_a_hash_says_how_it_was_made_and_is_salted() -> None:
    first, second = HASHER.hash(PASSWORD), HASHER.hash(PASSWORD)

    assert first.reveal().startswith("$argon2id$v=19$m=7168,t=1,p=1$")
    assert first != second
    assert HASHER.matches(first, PASSWORD)
    assert HASHER.matches(second, PASSWORD)


@pytest.mark.parametrize(
    "other",
    ["", PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD, PASSWORD[:-1], PASSWORD + "\0"],
)
def test_nothing_but_the_very_password_matches(other: str) -> None:
    assert not HASHER.matches(HASHER.hash(PASSWORD), other)


def test_nothing_is_cut_from_a_long_password() -> None:
    hashed = HASHER.hash("a" * 255 + "b")

    assert HASHER.matches(hashed, "a" * 255 + "b")
    assert not HASHER.matches(hashed, "a" * 255 + "c")


def test_two_ways_of_writing_one_letter_are_one() -> None:
    assert HASHER.matches(HASHER.hash("caf\u00e9"), "cafe\u0301")


@pytest.mark.parametrize("text", ["", "secret", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$"])
def test_what_is_no_hash_matches_nothing(text: str) -> None:
    assert not HASHER.matches(Secret(text), "secret")
    assert HASHER.is_aged(Secret(text))


def test_a_hash_is_aged_once_the_parameters_have_changed() -> None:
    hashed = HASHER.hash(PASSWORD)
    stronger = Argon2Hasher(memory_kib=8192, iterations=1, parallelism=1)

    assert not HASHER.is_aged(hashed)
    assert stronger.is_aged(hashed)
    assert stronger.matches(hashed, PASSWORD)


def test_the_decoy_matches_nothing_and_costs_as_much() -> None:
    hasher = Argon2Hasher(memory_kib=65536, iterations=2, parallelism=1)
    real = hasher.hash(PASSWORD)

    assert not hasher.is_aged(hasher.decoy)
    assert not hasher.matches(hasher.decoy, PASSWORD)
    assert took(hasher, hasher.decoy) > took(hasher, real) / 3


def took(hasher: Argon2Hasher, hashed: Secret) -> float:
    """Return the processor's seconds of the quickest of three comparisons."""

    def once() -> float:
        began = time.thread_time()
        hasher.matches(hashed, "wrong")
        return time.thread_time() - began

    return min(once() for _ in range(3))


def test_a_hasher_shows_no_secret() -> None:
    assert PASSWORD not in repr(HASHER.hash(PASSWORD))
