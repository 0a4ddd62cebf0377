"""Some hundred cases of each property; `dev.py campaign properties` runs them by the thousand."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.properties.claims import CLAIMS
from tests.properties.property import Property
from tests.properties.redirects import REDIRECTS
from tests.properties.tokens import Tokens
from tests.properties.world import World
from tests.support.databases import sqlite_url

PURE = {**REDIRECTS, **CLAIMS}
OF_TOKENS = ["client assertion", "ID token as a hint at logout", "JWT access token"]
CASES = 200
CASES_BY_SEED = 600


@pytest.fixture(scope="module")
def tokens(
    prepared_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Property]]:
    folder = tmp_path_factory.mktemp("world")
    world = World(folder, sqlite_url(Path(shutil.copy(prepared_sqlite, folder / "authserver.db"))))
    yield Tokens(world).properties()
    world.close()


@pytest.mark.parametrize("name", PURE)
def test_nothing_is_taken_or_released_that_should_not_be(name: str) -> None:
    assert PURE[name].check(CASES).total() >= CASES
    assert len(PURE[name].run(CASES_BY_SEED, seed=1)) == 2


@pytest.mark.parametrize("name", OF_TOKENS)
def test_a_token_is_believed_where_nothing_is_wrong_with_it_and_nowhere_else(
    tokens: dict[str, Property], name: str
) -> None:
    assert tokens[name].check(CASES).total() >= CASES
    assert tokens[name].run(CASES_BY_SEED, seed=1).keys() == {"accepted", "refused"}


def test_every_property_of_tokens_is_tried(tokens: dict[str, Property]) -> None:
    assert list(tokens) == OF_TOKENS
