import re

import pytest

from authserver.domain.randomness import SystemRandomness, new_identifier, new_token
from tests.support.known_randomness import KnownRandomness


class Constant:
    """Implements `Randomness` with one octet only."""

    def __init__(self, octet: int) -> None:
        self.octet = octet

    def draw(self, size: int) -> bytes:
        return bytes([self.octet]) * size


def test_the_system_draws_as_many_octets_as_asked_for_and_never_the_same() -> None:
    randomness = SystemRandomness()

    drawn = {randomness.draw(32) for _ in range(100)}

    assert len(drawn) == 100
    assert {len(octets) for octets in drawn} == {32}


def test_a_token_is_unpadded_base64url_of_256_bits() -> None:
    token = new_token(KnownRandomness())

    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)


def test_a_token_of_another_size_is_as_long_as_it_takes() -> None:
    assert len(new_token(KnownRandomness(), 16)) == 22


@pytest.mark.parametrize("length", [1, 10, 25, 40])
def test_an_identifier_is_letters_and_digits_of_the_length_asked_for(length: int) -> None:
    assert re.fullmatch(rf"[0-9a-z]{{{length}}}", new_identifier(KnownRandomness(), length))


@pytest.mark.parametrize("octet", [0, 255])
def test_extreme_draws_still_make_identifiers(octet: int) -> None:
    assert re.fullmatch(r"[0-9a-z]{25}", new_identifier(Constant(octet)))


def test_every_symbol_comes_equally_often_at_every_place() -> None:
    randomness = KnownRandomness()
    identifiers = [new_identifier(randomness) for _ in range(3600)]

    for place in (0, 12, 24):
        counts = [0] * 36
        for identifier in identifiers:
            counts["0123456789abcdefghijklmnopqrstuvwxyz".index(identifier[place])] += 1
        assert min(counts) > 60
        assert max(counts) < 145


def test_different_draws_make_different_identifiers() -> None:
    randomness = KnownRandomness()

    assert len({new_identifier(randomness) for _ in range(1000)}) == 1000
