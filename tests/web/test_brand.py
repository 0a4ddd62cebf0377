"""Pages, style sheets and images of a brand; each process sees a change within a second."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx

from authserver.administration.branding import BrandChanges
from authserver.composition.server import assemble
from authserver.settings.sources import load
from tests.support.images import WEBP, png
from tests.support.known_randomness import KnownRandomness
from tests.support.person import forms_of
from tests.support.provider import CALLBACK, SECRET_KEY, Provider

SHEET = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
IMAGE = re.compile(r'<img class="([^"]*)" src="([^"]+)" alt="([^"]*)">')
FOR_EVER = "public, max-age=31536000, immutable"


def choose(provider: Provider, client_id: str | None = None, **values: object) -> None:
    images = {name: values.pop(name) for name in ("logo", "logo_dark", "favicon") if name in values}
    changes = BrandChanges(values=values, images=images)  # type: ignore[arg-type]  # octets
    provider.server.brands.set(changes, client_id)


def sign_in_page(http: httpx.Client, client_id: str) -> httpx.Response:
    query = {
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
    }
    return http.get(f"/oidc/auth?{urlencode(query)}", follow_redirects=True)


def sheet_of(page: httpx.Response) -> str:
    match = SHEET.search(page.text)
    assert match is not None
    return match[1]


def test_an_instance_without_a_choice_has_the_name_and_the_sheet_of_every_page(
    provider: Provider,
) -> None:
    http = provider.http()

    page = http.get("/sign-in", follow_redirects=True)
    sheet = http.get(sheet_of(page))

    assert "<bdi>authserver</bdi>" in page.text
    assert sheet.headers["content-type"] == "text/css; charset=utf-8"
    assert sheet.headers["cache-control"] == FOR_EVER
    assert sheet.headers["x-content-type-options"] == "nosniff"
    assert sheet.text == http.get("/static/app.css").text


def test_what_was_chosen_stands_on_the_next_page(provider: Provider) -> None:
    http = provider.http()
    before = sheet_of(http.get("/sign-in", follow_redirects=True))

    choose(
        provider,
        name="Fern & Co",
        color="#115e40",
        logo=png(),
        logo_dark=WEBP,
        support_url="mailto:help@example.com",
        custom_css=".card { letter-spacing: 0.01em }",
    )
    page = http.get("/sign-in", follow_redirects=True)
    sheet = http.get(sheet_of(page))

    assert "<title>Sign in \N{EN DASH} Fern &amp; Co</title>" in page.text
    assert '<a href="mailto:help@example.com">Help</a>' in page.text
    assert sheet_of(page) != before
    assert "--accent:#115e40" in sheet.text
    assert "letter-spacing: 0.01em" in sheet.text
    images = IMAGE.findall(page.text)
    assert [(css, alt) for css, _, alt in images] == [("logo", "Fern &amp; Co")]
    logo = http.get(images[0][1])
    assert (logo.content, logo.headers["content-type"]) == (png(), "image/png")
    assert logo.headers["cache-control"] == FOR_EVER
    assert logo.headers["x-content-type-options"] == "nosniff"
    assert logo.headers["content-security-policy"].startswith("default-src 'none'")
    dark = re.search(r'srcset="([^"]+)"', page.text)
    assert dark is not None
    assert http.get(dark[1]).headers["content-type"] == "image/webp"


def test_a_logo_for_light_pages_alone_keeps_a_light_ground(provider: Provider) -> None:
    choose(provider, name="Fern", logo=png())

    page = provider.http().get("/sign-in", follow_redirects=True)

    assert [css for css, _, _ in IMAGE.findall(page.text)] == ["logo on-white"]


def test_a_client_shows_its_own_name_and_colour_and_the_host_stays(provider: Provider) -> None:
    http = provider.http()
    client_id = str(provider.new_client(requires_pkce=False).client.id)
    choose(provider, name="Fern", logo=png(), color="#115e40")
    choose(provider, client_id, name="The Books", color="#7a1f5c")

    page = sign_in_page(http, client_id)
    sheet = http.get(sheet_of(page))

    assert "<title>Sign in \N{EN DASH} The Books</title>" in page.text
    assert "to continue to <bdi>The Books</bdi>" in page.text
    assert IMAGE.findall(page.text) == []
    assert '<bdi dir="ltr">localhost</bdi>' in page.text
    assert "--accent:#7a1f5c" in sheet.text
    assert sheet.headers["cache-control"] == FOR_EVER
    other = http.get("/sign-in", follow_redirects=True)
    assert "<title>Sign in \N{EN DASH} Fern</title>" in other.text


def test_who_has_to_wait_still_sees_the_client(provider: Provider) -> None:
    client_id = str(provider.new_client(requires_pkce=False).client.id)
    choose(provider, client_id, name="The Books")
    person = provider.person()
    page = sign_in_page(person.http, client_id)
    (address, *_) = forms_of(page)
    page = person.submit(address, email="ada@example.com")

    resend = next(form for form in forms_of(page) if form.action.path.endswith("/resend"))
    limited = person.submit(resend)

    assert limited.status_code == 429
    assert "<title>Please wait a little \N{EN DASH} The Books</title>" in limited.text


def test_the_mail_names_instance_and_client_as_they_want_to_be_named(provider: Provider) -> None:
    http = provider.http()
    client_id = str(provider.new_client(requires_pkce=False).client.id)
    choose(provider, name="Fern", color="#115e40", support_url="mailto:help@fern.example")
    choose(provider, client_id, name="The Books", color="#7a1f5c")
    person = provider.person()
    page = person.follow(str(sign_in_page(http, client_id).request.url))
    assert page.status_code == 410  # another browser than the one that began

    person.sign_in(
        f"{provider.issuer}/auth?"
        + urlencode(
            {
                "client_id": client_id,
                "redirect_uri": CALLBACK,
                "response_type": "code",
                "scope": "openid",
            }
        ),
        "ada@example.com",
    )

    mail = provider.mails("ada@example.com")[0]
    assert mail["subject"].endswith("is your Fern sign-in code")
    assert "sign in to The Books with Fern" in " ".join(mail["text"].split())
    assert "#7a1f5c" in mail["html"]
    assert "Help: help@fern.example" in mail["text"]
    assert "help@fern.example" in mail["html"]


def test_another_process_sees_a_change_within_a_second(
    provider: Provider, sqlite_database: str, tmp_path: Path
) -> None:
    http = provider.http()
    http.get("/sign-in", follow_redirects=True)
    loaded = load(
        environment={
            "AUTHSERVER_DATA_DIR": str(tmp_path),
            "AUTHSERVER_DATABASE_URL": sqlite_database,
            "AUTHSERVER_SECRET_KEYS": SECRET_KEY,
        }
    )
    other = assemble(loaded, provider.clock, KnownRandomness())
    other.brands.set(BrandChanges(values={"name": "Fern"}))
    other.close()

    provider.clock.advance(timedelta(seconds=1))

    assert "\N{EN DASH} Fern</title>" in http.get("/sign-in", follow_redirects=True).text


def test_a_sheet_under_an_outdated_path_is_the_present_one_and_is_not_kept(
    provider: Provider,
) -> None:
    http = provider.http()
    outdated = sheet_of(http.get("/sign-in", follow_redirects=True))
    choose(provider, color="#115e40")

    for path in (outdated, "/brand/nobody/0123.css"):
        sheet = http.get(path)
        assert "--accent:#115e40" in sheet.text
        assert sheet.headers["cache-control"] == "no-store"


def test_what_is_no_image_of_ours_is_not_found(provider: Provider) -> None:
    http = provider.http()

    for name in ("x", "0" * 40 + ".png", "..%2f..%2fetc", "%00.png", "a" * 5000):
        answer = http.get(f"/brand/{name}")
        assert answer.status_code == 404
        assert answer.headers["cache-control"] == "no-store"


def test_the_account_page_is_called_by_the_name_of_the_instance(provider: Provider) -> None:
    choose(provider, name="Fern")
    http = provider.http()
    page = http.get("/sign-in", follow_redirects=True)

    assert "to continue to" not in page.text
    assert "<title>Sign in \N{EN DASH} Fern</title>" in page.text
