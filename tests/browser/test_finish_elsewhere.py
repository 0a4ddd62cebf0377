"""A mail that is read on another device, in two real browsers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_pages import faults, watched
from tests.flows.browsing import wrong
from tests.flows.links import link_in
from tests.support.stage import Stage, open_stage
from tests.support.tour import Visit

ANNA = "anna@example.com"
SECONDS_BETWEEN_QUESTIONS = 3
MOST_WAITS = 50


@pytest.fixture
def offering(sqlite_database: str, tmp_path: Path) -> Iterator[Stage]:
    """Yield a stage whose mails have links."""
    settings = {"AUTHSERVER_CODES__FINISH_ELSEWHERE": "true"}
    with open_stage(tmp_path, sqlite_database, settings=settings) as stage:
        yield stage


class Elsewhere:
    """The first tab at its code page, and the page of the link in another browser."""

    def __init__(self, stage: Stage, first: Page, other: Page) -> None:
        self.first = first
        self.other = other
        self.visit = Visit(stage, first)
        self.visit.sign_in_page()
        self.visit.enter_address(ANNA)
        mail = stage.provider.next_mail(ANNA)
        other.goto(stage.provider.endpoint + link_in(mail["text"]))

    @property
    def number(self) -> str:
        return self.first.locator(".number").inner_text()

    def enter(self, number: str) -> None:
        self.other.get_by_label("Number", exact=True).fill(number)
        self.other.get_by_role("button", name="Continue", exact=True).click()


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_the_first_tab_goes_on_once_its_number_is_typed_on_the_other_device(
    offering: Stage, open_page: OpenPage, *, has_script: bool
) -> None:
    offering.provider.server.accounts.create(ANNA)
    first, other = (open_page(java_script_enabled=has_script) for _ in range(2))
    complaints = watched(first)
    elsewhere = Elsewhere(offering, first, other)

    elsewhere.enter(elsewhere.number)
    expect(other.get_by_role("heading", level=1)).to_have_text("Confirmed")
    if not has_script:
        first.get_by_role("button", name="I have typed it: continue").click()

    expect(first.locator("[data-greeting]")).to_have_text(ANNA)
    assert other.context.cookies() == []
    assert complaints == []


def test_a_reload_of_the_first_tab_leads_to_a_button_too(
    offering: Stage, open_page: OpenPage
) -> None:
    offering.provider.server.accounts.create(ANNA)
    first, other = (open_page(java_script_enabled=False) for _ in range(2))
    elsewhere = Elsewhere(offering, first, other)
    elsewhere.enter(elsewhere.number)

    first.reload()
    expect(first.get_by_role("heading", level=1)).to_have_text("Your address is confirmed")
    first.get_by_role("button", name="Continue").click()

    expect(first.locator("[data-greeting]")).to_have_text(ANNA)


def test_whoever_has_no_account_is_asked_in_the_first_tab(
    offering: Stage, open_page: OpenPage
) -> None:
    elsewhere = Elsewhere(offering, open_page(), open_page())

    elsewhere.enter(elsewhere.number)

    expect(elsewhere.first.get_by_role("heading", level=1)).to_have_text("Create an account?")
    elsewhere.visit.press("/create-account")
    expect(elsewhere.first.locator("[data-greeting]")).to_have_text(ANNA)


def test_nobody_is_sent_on_before_the_number_is_typed(offering: Stage, open_page: OpenPage) -> None:
    first = open_page()
    elsewhere = Elsewhere(offering, first, open_page())

    with first.expect_response("**/news") as answer:
        elsewhere.enter(wrong(elsewhere.number))
    with first.expect_response("**/news") as later:
        expect(elsewhere.other.get_by_role("alert")).to_contain_text("This number is not right.")

    assert answer.value.json() == later.value.json() == {"news": "waiting"}
    expect(first.get_by_role("heading", level=1)).to_have_text("Enter your code")


def test_the_script_stops_asking_once_the_code_is_dead(
    offering: Stage, open_page: OpenPage
) -> None:
    first = open_page()
    first.clock.install()
    elsewhere = Elsewhere(offering, first, open_page())
    number = elsewhere.number
    answers: list[Response] = []
    first.on("response", lambda answer: answers.append(answer) if "/news" in answer.url else None)
    told = [told_next(first, answers)]
    for by in range(1, 6):
        elsewhere.enter(wrong(number, by))
    expect(elsewhere.other.locator("[data-outcome=exhausted]")).to_be_visible()
    while told[-1] == "waiting":
        told.append(told_next(first, answers))

    first.clock.run_for(60_000)
    first.wait_for_timeout(500)

    assert told[-1] == "over"
    assert answers == []


def told_next(page: Page, answers: list[Response]) -> str:
    """Let time pass in the page, and take the first answer that its script got and nobody read."""
    for _ in range(MOST_WAITS):
        if answers:
            return str(answers.pop(0).json()["news"])
        page.clock.run_for(SECONDS_BETWEEN_QUESTIONS * 1000)
        page.wait_for_timeout(200)
    raise AssertionError("the script does not ask")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_pages_are_accessible_and_fit_a_window_of_320_pixels(
    offering: Stage, open_page: OpenPage, scheme: str
) -> None:
    first, other = (open_page(width=320, color_scheme=scheme) for _ in range(2))
    complaints = watched(other)
    offering.provider.server.accounts.create(ANNA)
    elsewhere = Elsewhere(offering, first, other)
    number = elsewhere.number
    found = {"code": list(faults(first)), "asked": list(faults(other))}

    elsewhere.enter(wrong(number))
    found["wrong"] = list(faults(other))
    elsewhere.enter(number)
    expect(other.get_by_role("heading", level=1)).to_have_text("Confirmed")
    found["done"] = list(faults(other))

    assert found == {"code": [], "asked": [], "wrong": [], "done": []}
    assert complaints == []
