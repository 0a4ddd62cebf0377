"""A real browser, and in front of it the provider with the Bookstore."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.gallery import ONE_OF_EACH, SAMPLES
from tests.support.chromium import NAMES, installed_chromium, open_chromium
from tests.support.stage import Stage, open_stage
from tests.support.tour import Visit

PATIENCE_MILLISECONDS = 10_000

OpenPage = Callable[..., Page]


# For one module at a time: while it is open, no other test could run an event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Yield the browser, or skip; where `CI` is set, fail instead."""
    executable = installed_chromium()
    if executable is None:
        reason = f"none of {', '.join(NAMES)} is installed"
        if os.environ.get("CI"):  # noqa: TID251 - the one switch that turns skips into failures
            pytest.fail(f"NO CHROMIUM: {reason}")
        pytest.skip(f"NO CHROMIUM, nothing is tried in a real browser: {reason}")
    with open_chromium(executable) as browser:
        yield browser


@pytest.fixture(scope="session")
def shown_samples(request: pytest.FixtureRequest) -> Sequence[str]:
    """Return the names of the samples to look at: one of each page, or all that there are."""
    return list(SAMPLES) if request.config.getoption("every_state") else ONE_OF_EACH


@pytest.fixture
def stage(sqlite_database: str, tmp_path: Path) -> Iterator[Stage]:
    with open_stage(tmp_path, sqlite_database) as stage:
        yield stage


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Return what opens a page in a browser of its own."""
    contexts: list[BrowserContext] = []

    def opened(*, width: int = 1280, **options: object) -> Page:
        options = {"locale": "en-GB", "viewport": {"width": width, "height": 800}, **options}
        context = chromium.new_context(**options)  # type: ignore[arg-type]  # Playwright's own names
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def visit(stage: Stage, open_page: OpenPage) -> Visit:
    return Visit(stage, open_page())
