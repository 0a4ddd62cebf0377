"""Every page and state in a real browser: accessible, not too wide, without complaints."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page

from tests.browser.axe import violations
from tests.browser.conftest import OpenPage
from tests.support.stage import Stage
from tests.support.tour import Visit, tour

NARROWEST = 320


def watched(page: Page) -> list[str]:
    """Return a list that fills with what the page complains about."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A page with a status of 4xx is reported, too; that is no complaint.
        is_status = "Failed to load resource" in message.text
        if message.type in {"error", "warning"} and not is_status:
            complaints.append(f"{page.url} {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(f"{page.url} {error}"))
    return complaints


def faults(page: Page) -> Iterator[str]:
    """Yield what axe finds, and what the window is too narrow for."""
    yield from violations(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > NARROWEST:
        yield f"{width} px wide"


@pytest.mark.parametrize(("scheme", "locale"), [("light", "ar"), ("dark", "zh-CN")])
def test_every_page_is_accessible_and_fits_a_window_of_320_pixels(
    stage: Stage, open_page: OpenPage, scheme: str, locale: str
) -> None:
    page = open_page(width=NARROWEST, color_scheme=scheme, locale=locale)
    complaints = watched(page)

    found = {state: list(faults(page)) for state in tour(Visit(stage, page))}

    assert {state: problems for state, problems in found.items() if problems} == {}
    assert complaints == []
    # So that a tour that ends early does not pass for a clean one.
    assert "ended-expired" in found
