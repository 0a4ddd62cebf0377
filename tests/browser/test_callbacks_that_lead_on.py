"""Where Chromium follows a form that was sent: to each hop, also to those after the callback."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from authserver.domain.clients import ClientKind
from tests.demo.loopback import Host
from tests.flows.browsing import request_of_client
from tests.support.tour import Visit

ANNA = "anna@example.com"


@pytest.fixture
def home() -> Iterator[str]:
    """Yield the origin of an application's pages."""

    async def welcome(_: Request) -> Response:
        return PlainTextResponse("welcome home")

    with Host() as host, host.hosting(Starlette(routes=[Route("/", welcome)])):
        yield host.url


@pytest.fixture
def callback(home: str) -> Iterator[str]:
    """Yield its redirect URI, at another origin, from which it leads on to its pages."""

    async def lead_on(_: Request) -> Response:
        return RedirectResponse(f"{home}/")

    with Host() as host, host.hosting(Starlette(routes=[Route("/callback", lead_on)])):
        yield f"{host.url}/callback"


@pytest.mark.parametrize("is_named", [True, False])
def test_a_callback_leads_on_to_an_origin_that_the_client_has_named(
    visit: Visit, home: str, callback: str, *, is_named: bool
) -> None:
    made = visit.provider.server.clients.create(
        name="Books",
        kind=ClientKind.WEB,
        redirect_uris=[callback],
        post_logout_redirect_uris=[f"{home}/bye"] if is_named else [],
        requires_pkce=False,
    )
    path = request_of_client(made.client.id, redirect_uri=callback)
    visit.open(f"{visit.provider.endpoint}{path}")
    visit.enter_address(ANNA)
    visit.enter_code(visit.provider.code_for(ANNA))
    button = visit.page.locator("form[action$='/create-account'] button[type=submit]").first

    if is_named:
        button.click()
        visit.page.wait_for_url(f"{home}/")
        expect(visit.page.locator("body")).to_have_text("welcome home")
    else:
        with visit.page.expect_console_message(lambda message: "form-action" in message.text):
            button.click()
        expect(button).to_be_visible()
