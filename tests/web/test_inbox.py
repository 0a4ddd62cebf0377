import re
from collections.abc import Callable

import pytest

from tests.flows.browsing import Visit
from tests.journeys.mail_walks import eventually
from tests.support.provider import Provider

ADA = "ada@example.com"
BOB = "bob@example.com"
PATHS = ("/dev/mail", "/dev/mail.json", f"/dev/mail.json?to={ADA}")
ProviderWith = Callable[..., Provider]


@pytest.fixture
def with_mail(provider: Provider) -> Provider:
    for email in (BOB, ADA):
        Visit.begin(provider).code_for(email)
    return provider


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"])
def test_the_inbox_shows_this_machine_every_mail(with_mail: Provider, source: str) -> None:
    browser = with_mail.http(source=source)

    page, document = browser.get("/dev/mail"), browser.get("/dev/mail.json")

    code = with_mail.mails(ADA)[0]["code"]
    assert code
    assert code in page.text
    assert [mail["to"] for mail in document.json()] == [ADA, BOB]
    assert set(document.json()[0]) == {
        "to",
        "usage_type",
        "subject",
        "text",
        "html",
        "code",
        "sent_at",
        "timeline",
    }


def test_the_inbox_tells_what_became_of_each_mail(with_mail: Provider) -> None:
    browser = with_mail.http()

    def steps() -> list[list[str]]:
        mails = browser.get("/dev/mail.json").json()
        return [[step["name"] for step in mail["timeline"]] for mail in mails]

    # A mail lies in its folder a moment before the dispatcher notes it.
    told = eventually(lambda: found if all(found := steps()) else None, "timelines")
    page = browser.get("/dev/mail").text

    assert told == [["queued", "sending", "accepted"]] * 2
    assert page.count("<code>accepted</code>") == 2


def test_the_html_of_a_mail_is_shown_in_a_sandbox_and_to_this_machine_alone(
    with_mail: Provider,
) -> None:
    browser = with_mail.http()
    [link] = set(
        re.findall(r'href="(/dev/mail/[0-9a-f]{24}/html)"', browser.get(PATHS[0]).text)[:1]
    )

    answer = browser.get(link)

    assert answer.text == with_mail.mails(ADA)[0]["html"]
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert with_mail.http(source="192.0.2.1").get(link).status_code == 404
    for other in ("*", "%2e%2e%2f", "0" * 24, "0" * 23 + "*"):
        assert browser.get(f"/dev/mail/{other}/html").status_code == 404


def test_the_inbox_shows_the_mails_to_one_address(with_mail: Provider) -> None:
    browser = with_mail.http()

    def to(address: str) -> list[str]:
        mails = browser.get("/dev/mail.json", params={"to": address}).json()
        return [mail["to"] for mail in mails]

    assert to("ADA@example.com") == [ADA]
    assert to("nobody@example.com") == []
    assert to("*") == []
    assert to("../" * 5) == []


@pytest.mark.parametrize("source", ["192.0.2.1", "10.0.0.1", "::2", "", "localhost"])
def test_other_machines_see_no_inbox(with_mail: Provider, source: str) -> None:
    for path in PATHS:
        answer = with_mail.http(source=source).get(path)
        assert answer.status_code == 404
        assert "There is no such page" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:3001"},
        {"Host": "127.0.0.1:3001"},
        {"Host": "localhost"},
        {"Host": "localhost:3000"},
        {"Host": "localhost.:3001"},
        {"Host": ""},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Host": "localhost:3001"},
        {"X-Forwarded-Proto": "http"},
        {"X-Real-IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
)
def test_pages_of_other_names_and_proxies_see_no_inbox(
    with_mail: Provider, headers: dict[str, str]
) -> None:
    for path in PATHS:
        assert with_mail.http().get(path, headers=headers).status_code == 404


def test_there_is_no_inbox_where_mail_is_really_sent(provider_with: ProviderWith) -> None:
    provider = provider_with(
        MAIL__SENDERS="smtp", MAIL__SMTP__HOST="127.0.0.1", MAIL__SMTP__FROM="a@example.com"
    )

    for path in PATHS:
        assert provider.http().get(path).status_code == 404


def test_a_closed_test_network_may_open_the_inbox(secure_provider: Provider) -> None:
    Visit.begin(secure_provider).code_for(ADA)

    answer = secure_provider.http(source="192.0.2.1").get("/dev/mail.json")

    assert [mail["to"] for mail in answer.json()] == [ADA]


def test_the_inbox_cannot_be_scripted_by_what_a_mail_says(provider: Provider) -> None:
    client = provider.server.clients.create(
        name="<script>alert(1)</script>",
        kind=provider.new_client().client.kind,
        redirect_uris=["http://localhost:3000/callback"],
        post_logout_redirect_uris=[],
        requires_pkce=False,
    ).client
    visit = Visit.begin(
        provider,
        f"/oidc/auth?client_id={client.id}&response_type=code&scope=openid"
        "&redirect_uri=http://localhost:3000/callback",
    )
    visit.code_for(ADA)

    for page in (visit.page(), visit.http.get("/dev/mail")):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert" in page.text
    assert "<script>alert" not in provider.mails(ADA)[0]["html"]
