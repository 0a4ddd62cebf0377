"""Passwords in a real browser: at sign-up, at sign-in, shown and hidden."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.flows.with_passwords import GOOD, OTHER, choose, experience
from tests.support.stage import Stage
from tests.support.tour import Visit

ANNA = "anna@example.com"


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_an_account_is_made_with_a_password_that_then_signs_in(
    stage: Stage, open_page: OpenPage, *, has_script: bool
) -> None:
    choose(stage.provider, experience(signUp={"password": True}))
    first = Visit(stage, open_page(java_script_enabled=has_script))
    first.sign_in_page()
    first.page.locator("#email").fill(ANNA)
    first.page.get_by_role("button", name="Mail me a code").click()
    first.enter_code(stage.provider.code_for(ANNA))
    first.page.get_by_label("New password", exact=True).fill("too short")
    first.press("/create-account")
    expect(first.page.locator("#summary")).to_contain_text("at least 15 symbols")
    first.page.get_by_label("New password", exact=True).fill(GOOD)
    first.press("/create-account")
    expect(first.page.locator("body")).to_contain_text(ANNA)

    again = Visit(stage, open_page(java_script_enabled=has_script))
    again.sign_in_page()
    again.page.locator("#email").fill(ANNA)
    again.page.get_by_role("button", name="Continue", exact=True).click()
    again.page.get_by_label("Password", exact=True).fill(OTHER)
    again.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(again.page.locator("#summary")).to_contain_text("do not match")
    again.page.get_by_label("Password", exact=True).fill(GOOD)
    again.page.get_by_role("button", name="Sign in", exact=True).click()

    expect(again.page.locator("body")).to_contain_text(ANNA)
    assert again.page.url.startswith(stage.shop)


def test_a_password_is_shown_and_hidden_and_sent_hidden(stage: Stage, open_page: OpenPage) -> None:
    choose(stage.provider, experience())
    visit = Visit(stage, open_page())
    visit.sign_in_page()
    visit.page.locator("#email").fill(ANNA)
    visit.page.get_by_role("button", name="Continue", exact=True).click()
    field = visit.page.get_by_label("Password", exact=True)
    field.fill(OTHER)

    visit.page.get_by_role("button", name="Show password").click()
    expect(field).to_have_attribute("type", "text")
    visit.page.get_by_role("button", name="Hide password").click()
    expect(field).to_have_attribute("type", "password")
    visit.page.get_by_role("button", name="Show password").click()
    field.press("Enter")

    expect(visit.page.locator("#summary")).to_contain_text("do not match")
    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_value("")
