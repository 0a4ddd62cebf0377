"""A shop of somebody else in a real browser, with and without JavaScript."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.oidc.told_client import register
from tests.support.stage import Stage
from tests.support.tour import Visit

ANNA = "anna@example.com"


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def visit(stage: Stage, open_page: OpenPage, request: pytest.FixtureRequest) -> Visit:
    """Return somebody in front of the consent page, who came from the shop."""
    [client] = stage.provider.server.clients.list()
    bye = f"{stage.shop}/bye"
    register(stage.provider, client.id, is_third_party=True, frontchannel_logout_uri=bye)
    visit = Visit(stage, open_page(java_script_enabled=request.param))
    visit.open(stage.shop)
    visit.page.get_by_role("link", name="Sign in").first.click()
    visit.enter_address(ANNA)
    visit.enter_code(stage.provider.code_for(ANNA))
    visit.page.get_by_role("button", name="Create account").click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Allow access?")
    return visit


def test_who_allows_it_is_led_into_the_shop_and_out_again_through_the_frames(
    visit: Visit,
) -> None:
    page = visit.page
    told: list[str] = []
    page.on("request", lambda request: told.append(request.url))

    page.get_by_role("button", name="Allow").click()
    expect(page.locator("[data-greeting]")).to_have_text(ANNA)
    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("status")).to_contain_text("You have signed out")
    assert page.url.startswith(visit.stage.shop)
    [bye] = [url for url in told if urlsplit(url).path == "/bye"]
    assert parse_qs(urlsplit(bye).query)["iss"] == [visit.provider.issuer]


def test_who_denies_it_is_back_in_the_shop_and_not_signed_in(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Deny").click()

    visit.page.wait_for_url(f"{visit.stage.shop}/**")
    expect(visit.page.locator("[data-greeting]")).to_have_count(0)


def test_somebody_else_may_go_on(visit: Visit) -> None:
    page = visit.page

    page.get_by_role("button", name="Use another account").click()

    expect(page.get_by_label("E-mail address")).to_be_visible()
    visit.enter_address("bela@example.com")
    visit.enter_code(visit.provider.code_for("bela@example.com"))
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("bela@example.com")).to_be_visible()
    page.get_by_role("button", name="Allow").click()
    expect(page.locator("[data-greeting]")).to_have_text("bela@example.com")
