"""Clients that register with a `sector_identifier_uri` (OIDC Registration §5)."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.oidc.relying_party import body_of, refusal
from tests.support.certificates import loopback_certificate
from tests.support.databases import sqlite_url
from tests.support.provider import CALLBACK, Provider, running_provider
from tests.support.tls_site import Reply, TlsSite

OTHER = "https://app.example/cb"


class SectorSite:
    """A site whose answer a test chooses, and the provider that may call it."""

    def __init__(self) -> None:
        self.answer: Callable[[], Reply] = lambda: (404, {}, b"")
        self.uri = ""
        self.site: TlsSite

    def lists(self, *uris: str) -> None:
        self.answers((200, {}, json.dumps(uris).encode()))

    def answers(self, reply: Reply) -> None:
        self.answer = lambda: reply


@pytest.fixture(scope="module")
def sited(
    prepared_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Provider, SectorSite]]:
    """Return a server at which holders of a token may register, and the site of a sector."""
    folder = tmp_path_factory.mktemp("sector")
    trusted, context = loopback_certificate(folder)
    sector = SectorSite()
    sector.site = TlsSite(context, lambda _, __: sector.answer())
    sector.uri = f"{sector.site.origin}/sector.json"
    url = sqlite_url(Path(shutil.copy(prepared_sqlite, folder / "authserver.db")))
    settings = {
        "AUTHSERVER_REGISTRATION__DYNAMIC": "token",
        "AUTHSERVER_OUTGOING__CA_FILE": str(trusted),
        "AUTHSERVER_OUTGOING__ALLOW": sector.site.origin,
    }
    with sector.site, running_provider(folder, url, settings=settings) as provider:
        yield provider, sector


@pytest.fixture
def sector(sited: tuple[Provider, SectorSite]) -> SectorSite:
    sited[1].site.asked.clear()
    return sited[1]


@pytest.fixture
def register(sited: tuple[Provider, SectorSite]) -> Callable[..., httpx.Response]:
    """Return what registers by a token of a single use."""
    provider = sited[0]
    token = provider.server.registration_tokens.create(uses=1).token.reveal()
    headers = {"Authorization": f"Bearer {token}"}

    def post(**metadata: object) -> httpx.Response:
        document = {"redirect_uris": [CALLBACK, OTHER], **metadata}
        return provider.http().post("/oidc/reg", json=document, headers=headers)

    return post


def test_a_sector_that_lists_every_redirect_uri_is_registered_and_told(
    sited: tuple[Provider, SectorSite],
    sector: SectorSite,
    register: Callable[..., httpx.Response],
) -> None:
    sector.lists(OTHER, "https://another.example/cb", CALLBACK)

    answer = register(sector_identifier_uri=sector.uri)
    told: dict[str, Any] = answer.json()
    read = (
        sited[0]
        .http()
        .get(
            told["registration_client_uri"],
            headers={"Authorization": f"Bearer {told['registration_access_token']}"},
        )
    )

    assert answer.status_code == 201
    assert told["sector_identifier_uri"] == body_of(read)["sector_identifier_uri"] == sector.uri
    assert told["subject_type"] == "public"
    assert [(method, path) for method, path, _ in sector.site.asked] == [("GET", "/sector.json")]


def unfit(sector: SectorSite) -> list[Reply]:
    """Return answers of which nothing can be made."""
    both = json.dumps([CALLBACK, OTHER]).encode()
    lists: list[object] = [[], [CALLBACK], [CALLBACK, OTHER + "/"], [CALLBACK, OTHER, 1], None]
    bodies = [json.dumps(each).encode() for each in [*lists, {CALLBACK: OTHER, OTHER: CALLBACK}]]
    bodies += [b"", b"\xff", b"[" * 60_000, both + b" " * 70_000]
    led_on = {"location": sector.uri}
    return [*((200, {}, body) for body in bodies), (404, {}, both), (302, led_on, both)]


def test_a_sector_that_does_not_vouch_for_every_address_is_refused_and_costs_no_token(
    sector: SectorSite, register: Callable[..., httpx.Response]
) -> None:
    for reply in unfit(sector):
        sector.answers(reply)
        answer = register(sector_identifier_uri=sector.uri)
        assert refusal(answer) == "invalid_client_metadata"
        assert "sector_identifier_uri" in answer.json()["error_description"]

    sector.lists(CALLBACK, OTHER)
    assert register(sector_identifier_uri=sector.uri).status_code == 201


@pytest.mark.parametrize(
    "uri",
    [
        "http://app.example/sector.json",
        "https://10.1.2.3/sector.json",
        "https://[::1]/sector.json",
        "https://localhost:1/sector.json",
        "https://app.example/sector.json#a",
        "file:///etc/passwd",
        1,
    ],
)
def test_a_sector_that_must_not_be_called_is_refused(
    sector: SectorSite, register: Callable[..., httpx.Response], uri: object
) -> None:
    assert refusal(register(sector_identifier_uri=uri)) == "invalid_client_metadata"
    assert sector.site.asked == []


def test_without_a_good_token_no_sector_is_asked(
    sited: tuple[Provider, SectorSite], sector: SectorSite
) -> None:
    document = {"redirect_uris": [CALLBACK], "sector_identifier_uri": sector.uri}

    answer = (
        sited[0].http().post("/oidc/reg", json=document, headers={"Authorization": "Bearer wrong"})
    )

    assert refusal(answer, 401) == "invalid_token"
    assert sector.site.asked == []


def test_a_sector_is_asked_again_when_a_registration_is_replaced(
    sited: tuple[Provider, SectorSite],
    sector: SectorSite,
    register: Callable[..., httpx.Response],
) -> None:
    sector.lists(CALLBACK, OTHER)
    told = register(sector_identifier_uri=sector.uri).json()

    def replaced(*uris: str) -> httpx.Response:
        document = {"client_id": told["client_id"], "redirect_uris": uris}
        return (
            sited[0]
            .http()
            .put(
                told["registration_client_uri"],
                json={**document, "sector_identifier_uri": sector.uri},
                headers={"Authorization": f"Bearer {told['registration_access_token']}"},
            )
        )

    refused = replaced(CALLBACK, "https://elsewhere.example/cb")
    taken = replaced(OTHER)

    assert refusal(refused) == "invalid_client_metadata"
    assert body_of(taken)["redirect_uris"] == [OTHER]
