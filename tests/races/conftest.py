"""One server process for each kind of database, shared by all races."""

from collections.abc import Iterator

import pytest

from tests.races.arena import Arena, opened_arena


@pytest.fixture(scope="session", params=["sqlite", "postgres", "postgres, two processes"])
def arena(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Arena]:
    folder = tmp_path_factory.mktemp("arena")
    if request.param == "sqlite":
        with opened_arena(folder) as opened:
            yield opened
        return
    workers = 2 if request.param.endswith("two processes") else 1
    with opened_arena(
        folder, request.getfixturevalue("postgres").create_database(), workers=workers
    ) as opened:
        yield opened
