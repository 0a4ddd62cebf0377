"""The sections of the account page in a real browser: accessible, and not too wide."""

from datetime import timedelta

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.test_pages import faults, watched
from tests.support.stage import Stage
from tests.support.tour import Visit

ADA = "ada@example.com"
SECTIONS = (
    "profile",
    "language",
    "address",
    "password",
    "second-factor",
    "sessions",
    "browsers",
    "applications",
    "export",
    "deletion",
)


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "ar")])
def test_every_section_is_accessible_and_fits_a_window_of_320_pixels(
    stage: Stage, open_page: OpenPage, scheme: str, locale: str
) -> None:
    page = open_page(width=320, color_scheme=scheme, locale=locale)
    complaints = watched(page)
    visit = Visit(stage, page)
    visit.sign_in(ADA)
    stage.provider.server.experience.set(
        {"signIn": {"methods": [{"identifier": "email", "password": True}]}}
    )
    stage.provider.clock.advance(timedelta(seconds=1))  # until the server looks for changes

    found = {}
    for section in ("", *SECTIONS):
        visit.open(f"{stage.provider.endpoint}/account/{section}".rstrip("/"))
        assert page.locator("main.account").count() == 1, section
        found[section] = list(faults(page))

    assert {section: problems for section, problems in found.items() if problems} == {}
    assert complaints == []
