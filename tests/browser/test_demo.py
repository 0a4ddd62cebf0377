"""The demo as people start it, in a real browser."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.support.server_process import PROJECT, free_port

PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the shop of a running demo."""
    port, shop_port = free_port(), free_port()
    url = f"http://localhost:{shop_port}"
    inherited = os.environ  # noqa: TID251 - handed on to the child
    process = subprocess.Popen(  # noqa: S603 - the command is spelled out here
        [
            *(sys.executable, "-m", "authserver", "demo"),
            *("--port", str(port), "--rp-port", str(shop_port)),
        ],
        cwd=tmp_path_factory.mktemp("demo"),
        env={**inherited, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(url)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECONDS)


def wait_for(url: str) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nobody answers at {url}")


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_a_guest_signs_in_with_the_code_of_the_inbox(
    open_page: OpenPage, shop: str, *, has_script: bool
) -> None:
    address = f"{'anna' if has_script else 'ben'}@example.com"
    page = open_page(java_script_enabled=has_script)
    page.goto(shop)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="demo inbox").click()
    inbox = opened.value
    page.get_by_role("link", name="Sign in").first.click()
    page.get_by_label("E-mail address").fill(address)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")

    page.get_by_label("Code").fill(code_for(address, inbox))
    page.get_by_role("button", name="Continue").click()
    if page.url.endswith("/create-account"):
        page.get_by_role("button", name="Create account").click()

    expect(page.locator("[data-greeting]")).to_have_text(address)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You have signed out")


def code_for(address: str, inbox: Page) -> str:
    """Look again until the mail is there: without a script the page does not do so itself."""
    code = inbox.locator("article", has_text=address).locator(".mailed-code code")
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not code.count() and time.monotonic() < give_up_at:
        inbox.get_by_role("link", name="Look again").click()
        inbox.wait_for_load_state()
    return code.first.inner_text()
