"""Every walk in a real browser, with and without JavaScript."""

import shutil
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.test_pages import watched
from tests.support.databases import sqlite_url
from tests.support.stage import open_stage
from tests.support.tour import Visit
from tests.support.walks.flows import FLOWS
from tests.support.walks.walk import Walk, by_server

GROUPS = by_server(FLOWS)
NAMES = [" ".join(walk.name for walk in group[:2]) for _, group in GROUPS]


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize(("settings", "walks"), GROUPS, ids=NAMES)
def test_every_walk_leads_to_its_end(
    sqlite_database: str,
    tmp_path: Path,
    open_page: OpenPage,
    settings: Mapping[str, str],
    walks: list[Walk],
    *,
    has_script: bool,
) -> None:
    with open_stage(tmp_path, sqlite_database, settings=settings) as stage:
        for walk in walks:
            page = open_page(java_script_enabled=has_script)
            complaints = watched(page)
            seen = list(walk.states(Visit(stage, page)))
            assert seen, walk.name
            assert complaints == []
            page.context.close()
