"""What people do in a real browser, with and without JavaScript."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from authserver.domain.clients import ClientKind
from tests.browser.conftest import OpenPage
from tests.demo.loopback import Host
from tests.support.stage import Stage
from tests.support.tour import Visit, wrong

ANNA = "anna@example.com"


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def either_visit(stage: Stage, open_page: OpenPage, request: pytest.FixtureRequest) -> Visit:
    return Visit(stage, open_page(java_script_enabled=request.param))


def greeting(visit: Visit) -> str:
    return visit.page.locator("[data-greeting]").inner_text()


def test_from_the_shop_to_the_code_and_back_refresh_and_out_again(either_visit: Visit) -> None:
    visit, page = either_visit, either_visit.page

    visit.open(visit.stage.shop)
    page.get_by_role("link", name="Sign in").first.click()
    visit.enter_address(ANNA)
    visit.enter_code(visit.provider.code_for(ANNA))
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("[data-greeting]")).to_have_text(ANNA)
    page.get_by_role("button", name="Refresh tokens").click()
    expect(page.get_by_role("status")).to_have_text("The tokens are new.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You have signed out")

    visit.sign_in_page()
    expect(page.get_by_label("E-mail address")).to_have_value("")


def test_an_account_is_created_from_the_shop(either_visit: Visit) -> None:
    visit, page = either_visit, either_visit.page

    visit.open(visit.stage.shop)
    page.get_by_role("link", name="Create an account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Create an account")
    visit.enter_address(ANNA)
    visit.enter_code(visit.provider.code_for(ANNA))

    assert greeting(visit) == ANNA


def test_a_wrong_code_moves_the_focus_to_the_summary_that_leads_into_the_field(
    visit: Visit,
) -> None:
    page = visit.page
    code = visit.code_page(ANNA)

    visit.enter_code(wrong(code))

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("This code is not right. You can try 4 more times.")
    expect(page).to_have_title(re.compile("^Error: "))
    summary.get_by_role("link").click()
    expect(page.locator("#code")).to_be_focused()
    visit.enter_code(code)
    assert page.url.endswith("/create-account")


def test_a_code_that_was_pasted_with_its_blanks_is_taken(visit: Visit) -> None:
    code = visit.code_page(ANNA)

    visit.enter_code(f" {code[:3]} {code[3:]} ")

    assert visit.page.url.endswith("/create-account")


def test_a_language_chosen_on_one_page_holds_for_the_next_and_for_the_mail(
    either_visit: Visit,
) -> None:
    visit, page = either_visit, either_visit.page
    visit.sign_in_page()

    page.locator(".languages summary").click()
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    visit.enter_address(ANNA)

    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    assert re.search(r"[\u4e00-\u9fff]", visit.provider.next_mail(ANNA)["subject"])


def test_the_wait_for_another_mail_counts_down_to_its_button(visit: Visit) -> None:
    page = visit.page
    page.clock.install()
    visit.code_page(ANNA)
    visit.unfold()
    button = page.get_by_role("button", name="Send again")
    wait = page.locator("[data-until-resend]")

    expect(wait).to_have_text("You can ask for another mail in 30 seconds.")
    expect(button).to_be_hidden()
    page.clock.fast_forward(10_000)
    expect(wait).to_have_text("You can ask for another mail in 20 seconds.")
    page.clock.fast_forward(21_000)
    expect(wait).to_be_hidden()
    expect(page.locator("#announcement")).to_have_text("You can ask for the mail again now.")
    visit.provider.clock.advance(timedelta(seconds=31))
    button.click()

    expect(page.get_by_role("status").first).to_contain_text("We sent the same code again.")


def test_a_double_click_signs_in_like_a_single_one(either_visit: Visit) -> None:
    visit, page = either_visit, either_visit.page
    visit.sign_in(ANNA)
    page.get_by_role("button", name="Sign out").click()
    code = visit.code_page(ANNA)

    page.locator("#code").fill(code)
    page.get_by_role("button", name="Continue", exact=True).dblclick()

    expect(page.locator("[data-greeting]")).to_have_text(ANNA)
    # One for each sign-in: a double click on the address, too, would have cost a second one.
    assert len(visit.provider.mails(ANNA)) == 2


def test_a_double_click_on_the_address_costs_one_mail(either_visit: Visit) -> None:
    visit, page = either_visit, either_visit.page
    visit.sign_in_page()

    page.locator("#email").fill(ANNA)
    page.get_by_role("button", name="Continue", exact=True).dblclick()
    visit.enter_code(visit.provider.code_for(ANNA))

    assert page.url.endswith("/create-account")
    assert len(visit.provider.mails(ANNA)) == 1


def test_the_back_button_after_a_sign_in_leads_to_a_page_with_the_way_on(
    either_visit: Visit,
) -> None:
    visit, page = either_visit, either_visit.page
    visit.sign_in(ANNA)

    page.go_back()
    # The provider gives its answer again for a while; the shop has no more use for it.
    expect(page.locator("[data-greeting]")).to_have_text(ANNA)
    visit.provider.clock.advance(timedelta(minutes=2))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("This sign-in is finished")
    page.get_by_role("link", name="Continue to Bookstore").click()

    assert greeting(visit) == ANNA


@pytest.fixture
def client(stage: Stage) -> Iterator[tuple[str, str]]:
    """Yield the callback of an application that takes posted answers, and its client's id."""

    async def take(request: Request) -> Response:
        body = await request.body()
        kind = request.headers["content-type"]
        return JSONResponse({"body": body.decode(), "kind": kind})

    application = Starlette(routes=[Route("/callback", take, methods=["POST"])])
    with Host() as host, host.hosting(application):
        callback = f"{host.url}/callback"
        made = stage.provider.server.clients.create(
            name="Posted to", kind=ClientKind.WEB, redirect_uris=[callback], requires_pkce=False
        )
        yield callback, str(made.client.id)


def test_an_answer_is_posted_to_the_client_by_itself_or_by_its_button(
    stage: Stage, open_page: OpenPage, client: tuple[str, str]
) -> None:
    callback, client_id = client
    request = (
        f"{stage.provider.issuer}/auth?client_id={client_id}&redirect_uri={callback}"
        "&response_type=code&scope=openid&response_mode=form_post&state=a%20state"
    )
    answers: list[dict[str, Any]] = []
    for has_script in (True, False):
        visit = Visit(stage, open_page(java_script_enabled=has_script))
        visit.open(request)
        visit.enter_address(ANNA)
        visit.enter_code(visit.provider.code_for(ANNA))
        if visit.page.url.endswith("/create-account"):
            visit.press("/create-account")
        if not has_script:
            visit.page.get_by_role("button", name="Continue").click()
        visit.page.wait_for_url(callback)
        answers.append(visit.page.evaluate("JSON.parse(document.body.innerText)"))

    for answer in answers:
        assert answer["kind"] == "application/x-www-form-urlencoded"
        assert re.fullmatch(r"code=[\w-]{43,}&state=a\+state&iss=[^&]+", answer["body"])
