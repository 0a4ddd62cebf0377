"""What clients say of themselves on the pages: their logo from our origin, and their links."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from authserver.administration.branding import BrandChanges
from authserver.administration.clients import ClientChanges
from authserver.composition.server import assemble
from authserver.settings.sources import load
from tests.oidc.relying_party import EMAIL, RelyingParty, body_of
from tests.oidc.test_registration import managed, party_of, registered
from tests.support.certificates import loopback_certificate
from tests.support.databases import sqlite_url
from tests.support.images import GIF, JPEG, MOVING_GIF, WEBP, png
from tests.support.known_randomness import KnownRandomness
from tests.support.person import Form, forms_of
from tests.support.provider import CALLBACK, SECRET_KEY, Provider, running_provider
from tests.support.tls_site import Reply, TlsSite

LOGO = re.compile(r'<img class="client-logo" src="(/client-logos/[0-9a-f]{40}\.\w+)" alt="">')
POLICY = "https://app.example/policy?a=1&b=2"
TERMS = "https://app.example/terms"
NO_HEADERS: Mapping[str, str] = {}
FOR_EVER = "public, max-age=31536000, immutable"


class LogoSite:
    """A client's site; a test says what lies at each path, and may change it."""

    def __init__(self, folder: Path) -> None:
        self.answers: dict[str, Callable[[], Reply]] = {}
        self.trusted, context = loopback_certificate(folder)
        self.tls = TlsSite(context, lambda _, path: self.answers[path]())

    def put(
        self, path: str, body: bytes, status: int = 200, headers: Mapping[str, str] = NO_HEADERS
    ) -> str:
        """Answer so at a path from now on, and return the address."""
        self.answers[path] = lambda: (status, {**headers}, body)
        return self.tls.origin + path

    @property
    def paths_asked(self) -> list[str]:
        return [path for _, path, _ in self.tls.asked]


@dataclass(frozen=True)
class Surroundings:
    """A server at which anybody may register, and a site that it may call."""

    provider: Provider
    site: LogoSite


@contextmanager
def surroundings(folder: Path, database_url: str) -> Iterator[Surroundings]:
    site = LogoSite(folder)
    settings = {
        "AUTHSERVER_REGISTRATION__DYNAMIC": "open",
        "AUTHSERVER_OUTGOING__CA_FILE": str(site.trusted),
        "AUTHSERVER_OUTGOING__ALLOW": site.tls.origin,
        "AUTHSERVER_LIMITS__REQUESTS_PER_SOURCE_MINUTE": "1000000",
    }
    with site.tls, running_provider(folder, database_url, settings=settings) as provider:
        yield Surroundings(provider, site)


@pytest.fixture(scope="module")
def shared(
    prepared_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Surroundings]:
    """Return surroundings in which nobody moves the clock."""
    folder = tmp_path_factory.mktemp("logos")
    copied = Path(shutil.copy(prepared_sqlite, folder / "authserver.db"))
    with surroundings(folder, sqlite_url(copied)) as each:
        yield each


@pytest.fixture
def either(any_database: str, tmp_path: Path) -> Iterator[Surroundings]:
    """Return surroundings of one test, on either database in turn."""
    with surroundings(tmp_path, any_database) as each:
        yield each


def sign_in_page(client: RelyingParty, **changes: str | None) -> httpx.Response:
    page = client.provider.person().follow(client.url(**changes))
    assert page.status_code == 200
    return page


def logo_on(page: httpx.Response) -> str | None:
    match = LOGO.search(page.text)
    return None if match is None else match[1]


def logo_of(provider: Provider, told: dict[str, Any]) -> str | None:
    return logo_on(sign_in_page(party_of(provider, told)))


def form_with(page: httpx.Response, field: str) -> Form:
    return next(form for form in forms_of(page) if field in form.fields)


def look_around(provider: Provider) -> None:
    """Do what the errand does every minute."""
    provider.run(provider.server.logos.run)


def test_the_first_page_shows_what_the_client_has_just_registered(either: Surroundings) -> None:
    provider, site = either.provider, either.site
    told = registered(provider, logo_uri=site.put("/logo", png()), policy_uri=POLICY, tos_uri=TERMS)

    page = sign_in_page(party_of(provider, told))
    path = logo_on(page)

    assert path is not None
    logo = provider.http().get(path)
    assert (logo.content, logo.headers["content-type"]) == (png(), "image/png")
    assert logo.headers["x-content-type-options"] == "nosniff"
    assert logo.headers["cache-control"] == FOR_EVER
    assert logo.headers["content-security-policy"] == "default-src 'none'; sandbox"
    # The browser is told nothing of the client's host but where the links lead.
    assert site.tls.origin not in page.text
    assert "img-src 'self';" in page.headers["content-security-policy"]
    assert f'href="{POLICY.replace("&", "&amp;")}" rel="noopener noreferrer nofollow"' in page.text
    assert f'href="{TERMS}"' in page.text
    assert site.paths_asked == ["/logo"]


def test_every_page_on_the_way_shows_them(shared: Surroundings) -> None:
    provider, site = shared.provider, shared.site
    told = registered(provider, logo_uri=site.put("/logo", GIF), policy_uri=POLICY, tos_uri=TERMS)
    client, anna = party_of(provider, told), provider.person()

    pages = [anna.follow(client.url(prompt="create")), anna.follow(client.url())]
    pages.append(anna.submit(form_with(pages[-1], "email"), email=EMAIL))
    code = provider.code_for(EMAIL)
    pages.append(anna.submit(form_with(pages[-1], "code"), code=code))
    pages.append(anna.submit(forms_of(pages[-1])[0]))

    titles = [re.findall(r"<h1>(.*?)</h1>", page.text)[0] for page in pages]
    assert titles == [
        "Create an account",
        "Sign in",
        "Enter your code",
        "Create an account?",
        "Allow access?",
    ]
    for page in pages:
        assert logo_on(page) is not None
        assert f'href="{TERMS}"' in page.text


@pytest.mark.parametrize("picture", [JPEG, WEBP])
def test_the_kind_is_told_by_the_content_whatever_the_site_says(
    shared: Surroundings, picture: bytes
) -> None:
    provider, site = shared.provider, shared.site
    told = registered(
        provider, logo_uri=site.put("/logo.svg", picture, 200, {"content-type": "image/svg+xml"})
    )

    path = logo_of(provider, told)

    assert path is not None
    served = provider.http().get(path)
    assert served.content == picture
    assert served.headers["content-type"] in {"image/jpeg", "image/webp"}


@pytest.mark.parametrize(
    ("body", "status", "headers"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 200, {"content-type": "image/png"}),
        (b"<script>alert(1)</script>", 200, {"content-type": "image/png"}),
        (png() + b"<script>alert(1)</script>", 200, {}),
        (png()[:-12] + bytes(100_001), 200, {}),
        (MOVING_GIF, 200, {}),
        (png(5000, 1), 200, {}),
        (b"", 302, {"location": "/other"}),
        (png(), 404, {}),
        (png(), 500, {}),
    ],
)
def test_what_is_no_fit_picture_leaves_the_page_without_one(
    shared: Surroundings, body: bytes, status: int, headers: dict[str, str]
) -> None:
    provider, site = shared.provider, shared.site
    site.put("/other", png())
    before = len(site.paths_asked)

    told = registered(provider, logo_uri=site.put("/logo", body, status, headers))

    assert logo_of(provider, told) is None
    # Nothing was followed, and no page makes us try again.
    assert site.paths_asked[before:] == ["/logo"]


def test_a_host_that_nobody_may_call_costs_the_page_its_logo_alone(shared: Surroundings) -> None:
    provider, site = shared.provider, shared.site
    inner = site.put("/inner", png()).replace("localhost", "127.0.0.1")

    for uri in (inner, "https://10.0.0.1/logo.png", "https://no-such-host.invalid/logo.png"):
        told = registered(provider, logo_uri=uri)
        assert told["logo_uri"] == uri
        assert logo_of(provider, told) is None

    assert "/inner" not in site.paths_asked


def test_a_new_address_is_looked_at_at_once_and_the_old_picture_goes(either: Surroundings) -> None:
    provider, site = either.provider, either.site
    told = registered(provider, logo_uri=site.put("/old", png()))
    old = logo_of(provider, told)
    document = {"client_id": told["client_id"], "redirect_uris": [CALLBACK]}

    def update(**changes: object) -> str | None:
        body_of(managed(provider, told, "PUT", **document, **changes))
        return logo_of(provider, told)

    assert update(logo_uri=site.put("/old", GIF)) == old
    assert update(logo_uri=site.put("/gone", b"", 404)) is None
    # Asking again for a picture that was missing is a change, too.
    assert update(logo_uri=site.put("/gone", JPEG)) not in {old, None}
    assert update() is None
    assert site.paths_asked == ["/old", "/gone", "/gone"]
    assert old is not None
    assert provider.http().get(old).status_code == 404


def test_a_picture_is_looked_at_once_a_day(either: Surroundings) -> None:
    provider, site = either.provider, either.site
    told = registered(provider, logo_uri=site.put("/logo", png()))
    first = logo_of(provider, told)
    site.put("/logo", WEBP)

    provider.clock.advance(timedelta(hours=23))
    look_around(provider)
    assert logo_of(provider, told) == first
    assert len(site.paths_asked) == 1
    provider.clock.advance(timedelta(hours=2))
    look_around(provider)
    look_around(provider)

    second = logo_of(provider, told)
    assert second is not None
    assert second.endswith(".webp")
    assert len(site.paths_asked) == 2


def test_a_site_that_is_away_keeps_its_picture_and_one_that_removed_it_does_not(
    either: Surroundings,
) -> None:
    provider, site = either.provider, either.site
    told = registered(provider, logo_uri=site.put("/logo", png()))

    for status, is_shown in ((503, True), (404, False)):
        site.put("/logo", b"", status)
        provider.clock.advance(timedelta(hours=25))
        look_around(provider)
        assert (logo_of(provider, told) is not None) is is_shown


def test_a_client_of_the_operator_is_looked_at_by_the_errand(shared: Surroundings) -> None:
    provider, site = shared.provider, shared.site
    client = RelyingParty.registered(provider)
    changes = ClientChanges(metadata={"logo_uri": site.put("/logo", png())})
    provider.server.clients.update(client.id, changes)
    assert logo_on(sign_in_page(client)) is None

    look_around(provider)

    assert logo_on(sign_in_page(client)) is not None


def test_another_process_shows_and_serves_what_one_has_fetched(
    either: Surroundings, any_database: str
) -> None:
    provider, site = either.provider, either.site
    told = registered(provider, logo_uri=site.put("/logo", png()))
    path = logo_of(provider, told)
    environment = {
        "AUTHSERVER_ENDPOINT": provider.endpoint,
        "AUTHSERVER_DATABASE_URL": any_database,
        "AUTHSERVER_SECRET_KEYS": SECRET_KEY,
    }
    other = assemble(load(environment=environment), provider.clock, KnownRandomness(9))

    try:
        found = other.logos.delivery.find(str(path).rpartition("/")[2])
        assert other.clients.show(told["client_id"]).client.logo == str(path).rpartition("/")[2]
    finally:
        other.close()

    assert found is not None
    assert found.content == png()


def test_a_logo_that_the_operator_chose_stands_instead(shared: Surroundings) -> None:
    provider, site = shared.provider, shared.site
    told = registered(provider, logo_uri=site.put("/logo", png()))
    instance = BrandChanges(values={}, images={"logo": png(7, 7)})
    provider.server.brands.set(instance, None)
    # The instance's own stays at the top, the client's beside its name.
    page = sign_in_page(party_of(provider, told))
    assert re.findall(r'<img class="(logo|client-logo)', page.text) == ["logo", "client-logo"]

    own = BrandChanges(values={}, images={"logo": png(9, 9)})
    provider.server.brands.set(own, told["client_id"])

    page = sign_in_page(party_of(provider, told))
    assert re.findall(r'<img class="(logo|client-logo)', page.text) == ["logo"]


def test_pages_of_other_clients_and_our_own_show_nothing_of_it(shared: Surroundings) -> None:
    provider, site = shared.provider, shared.site
    registered(provider, logo_uri=site.put("/logo", png()), policy_uri=POLICY, tos_uri=TERMS)

    pages = [sign_in_page(RelyingParty.registered(provider))]
    pages.append(provider.person().follow(f"{provider.endpoint}/account"))

    for page in pages:
        assert "of the application" not in page.text
        assert "at the application" not in page.text
        assert logo_on(page) is None


@pytest.mark.parametrize("name", ["x.png", "a" * 40 + ".svg", "a" * 40 + ".png", "%2e%2e"])
def test_other_names_lead_nowhere(shared_provider: Provider, name: str) -> None:
    assert shared_provider.http().get(f"/client-logos/{name}").status_code == 404
