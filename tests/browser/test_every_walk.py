"""Every walk in a real browser: to its end, past pages that always offer a way on."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.test_pages import watched
from tests.support.stage import open_stage
from tests.support.tour import Visit
from tests.support.walks import ACCOUNT, DOUBLE_CLICKS, FLOWS, REFUSALS, Walk, by_server

Group = tuple[Mapping[str, str], Sequence[Walk]]

WITH_EITHER = by_server((*FLOWS, *ACCOUNT, *DOUBLE_CLICKS))
WITH_SCRIPT = by_server(REFUSALS)
MAILED_CODE = by_server(FLOWS[:1])


def named(group: Group) -> str:
    return group[1][0].name


def walk_all(open_page: OpenPage, folder: Path, database: str, group: Group, **how: object) -> None:
    """Take the walks of a group one after the other, each in a browser of its own."""
    settings, walks = group
    with open_stage(folder, database, settings=settings) as stage:
        for walk in walks:
            page = open_page(**how)
            complaints = watched(page)
            assert list(walk.states(Visit(stage, page))), walk.name
            assert complaints == [], walk.name
            page.context.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Walk without script only where every state is asked for: other tests have none anyway."""
    if "has_script" in metafunc.fixturenames:
        ways = [True, False] if metafunc.config.getoption("every_state") else [True]
        metafunc.parametrize("has_script", ways, ids=["with script", "without script"][: len(ways)])


@pytest.mark.parametrize("group", WITH_EITHER, ids=map(named, WITH_EITHER))
def test_every_flow_leads_to_its_end_with_and_without_script(
    open_page: OpenPage, tmp_path: Path, sqlite_database: str, group: Group, *, has_script: bool
) -> None:
    walk_all(open_page, tmp_path, sqlite_database, group, java_script_enabled=has_script)


@pytest.mark.parametrize("group", WITH_SCRIPT, ids=map(named, WITH_SCRIPT))
def test_every_refusal_names_the_way_on(
    open_page: OpenPage, tmp_path: Path, sqlite_database: str, group: Group
) -> None:
    walk_all(open_page, tmp_path, sqlite_database, group)


@pytest.mark.parametrize("locale", ["zh-CN", "ar"])
def test_a_flow_leads_to_its_end_in_other_languages(
    open_page: OpenPage, tmp_path: Path, sqlite_database: str, locale: str
) -> None:
    (group,) = MAILED_CODE

    walk_all(open_page, tmp_path, sqlite_database, group, locale=locale)
