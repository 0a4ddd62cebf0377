"""A code that is sent by itself, where the instance wants it, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from authserver.administration.branding import BrandChanges
from tests.browser.axe import violations
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import watched
from tests.support.stage import Stage
from tests.support.tour import Visit, wrong

ANNA = "anna@example.com"
HINT = "It is sent by itself once it is complete."


@pytest.fixture
def eager(stage: Stage) -> Stage:
    """Return a stage whose codes are sent by themselves."""
    stage.provider.server.brands.set(BrandChanges(values={"auto_submit_code": True}))
    return stage


def code_page(stage: Stage, page: Page) -> str:
    """Go as far as the code page and return the right code."""
    return Visit(stage, page).code_page(ANNA)


def test_a_complete_code_is_sent_without_a_press(eager: Stage, open_page: OpenPage) -> None:
    page = open_page()
    complaints = watched(page)
    code = code_page(eager, page)
    expect(page.get_by_text(HINT)).to_be_visible()
    assert list(violations(page)) == []
    field = page.locator("#code")

    field.press_sequentially(f"{code[:3]} {code[3:5]}")
    assert page.url.endswith("/code")
    field.press_sequentially(code[5])

    page.wait_for_url("**/create-account")
    assert complaints == []


def test_a_field_that_is_filled_twice_is_sent_once(eager: Stage, open_page: OpenPage) -> None:
    page = open_page()
    code = code_page(eager, page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))

    page.locator("#code").evaluate(
        """(field, code) => {
          field.value = code;
          for (let number = 0; number < 2; number += 1) field.dispatchEvent(new Event("input"));
        }""",
        code,
    )

    page.wait_for_url("**/create-account")
    assert sent.count("POST") == 1


def test_each_page_sends_once_and_a_pasted_code_at_once(eager: Stage, open_page: OpenPage) -> None:
    page = open_page()
    code = code_page(eager, page)

    page.locator("#code").fill(wrong(code))
    expect(page.locator("#code-error")).to_be_visible()
    page.locator("#code").fill(f"{code[:3]}-{code[3:]}")

    page.wait_for_url("**/create-account")


def test_without_script_people_press_and_are_told_nothing_else(
    eager: Stage, open_page: OpenPage
) -> None:
    page = open_page(java_script_enabled=False)
    code = code_page(eager, page)
    expect(page.get_by_text(HINT)).to_be_hidden()

    Visit(eager, page).enter_code(code)

    assert page.url.endswith("/create-account")


def test_nothing_is_sent_by_itself_unless_the_instance_wants_it(
    stage: Stage, open_page: OpenPage
) -> None:
    page = open_page()
    code = code_page(stage, page)

    page.locator("#code").fill(code)

    page.wait_for_timeout(300)
    assert page.url.endswith("/code")
    expect(page.get_by_text(HINT)).to_have_count(0)
