"""One server process for each kind of database, shared by all races."""

from collections.abc import Iterator, Mapping

import pytest

from tests.races.arena import Arena, opened_arena
from tests.races.mails import LOW_CEILING

DATABASES = ["sqlite", "postgres", "postgres, two processes"]
# Smaller crowds than in a campaign, so that every check can run all races; the same must hold.
SHARE = 0.2


@pytest.fixture(scope="session", params=DATABASES)
def arena(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Arena]:
    yield from open_arena(request, tmp_path_factory)


@pytest.fixture(scope="session", params=DATABASES)
def low_arena(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Arena]:
    """Yield an arena with a low ceiling of mails."""
    yield from open_arena(request, tmp_path_factory, LOW_CEILING)


def open_arena(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Arena]:
    url = None
    if request.param != "sqlite":
        template = request.getfixturevalue("postgres_template")
        url = request.getfixturevalue("postgres").create_database(template)
    workers = 2 if request.param.endswith("two processes") else 1
    folder = tmp_path_factory.mktemp("arena")
    with opened_arena(folder, url, workers=workers, share=SHARE, settings=settings) as opened:
        yield opened
