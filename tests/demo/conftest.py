"""A shop and a stand-in for its provider, each on a port of its own."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from authserver.demo.application import create_bookstore
from tests.demo.loopback import Host
from tests.demo.stand_in_provider import CLIENT_ID, CLIENT_SECRET, StandInProvider

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


class Visitor:
    """A browser at the shop."""

    def __init__(self, shop: str) -> None:
        self.shop = shop
        self.http = httpx.Client(base_url=shop, trust_env=False)

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def walk(self, path: str) -> httpx.Response:
        """Open a page and go wherever it leads."""
        return self.http.get(path, follow_redirects=True)

    def press(self, path: str, **headers: str) -> httpx.Response:
        """Press a button of the home page, without following the answer."""
        fields = {"form_token": self.form_token()}
        return self.http.post(path, data=fields, headers=headers)

    def form_token(self) -> str:
        found = re.search(r'name="form_token" value="([^"]+)"', self.get("/").text)
        assert found is not None
        return found[1]

    def callback_url(self) -> str:
        """Begin a sign-in and return the answer of the provider, not yet delivered."""
        at_provider = self.get("/sign-in").headers["location"]
        answer = httpx.get(at_provider, trust_env=False)
        return str(answer.headers["location"])

    @property
    def cookie(self) -> str | None:
        return self.http.cookies.get("bookstore_session")


@pytest.fixture(scope="session")
def provider_host() -> Iterator[Host]:
    with Host() as host:
        yield host


@pytest.fixture(scope="session")
def shop_host() -> Iterator[Host]:
    with Host() as host:
        yield host


@pytest.fixture
def provider(provider_host: Host) -> Iterator[StandInProvider]:
    stand_in = StandInProvider(provider_host.url)
    with provider_host.hosting(stand_in.application()):
        yield stand_in


@pytest.fixture
def shop(provider: StandInProvider, shop_host: Host) -> Iterator[str]:
    application = create_bookstore(
        provider=provider.url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        base_url=shop_host.url,
        templates=TEMPLATES,
        inbox_url=f"{provider.url}/dev/mail",
    )
    with shop_host.hosting(application):
        yield shop_host.url


@pytest.fixture
def visitor(shop: str) -> Iterator[Visitor]:
    browser = Visitor(shop)
    with browser.http:
        yield browser
