"""The page at the end of a session lets the browser tell clients, and then goes on."""

from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.oidc.logout import by_hint, is_signed_in, location
from tests.oidc.relying_party import RelyingParty, answer_in, body_of
from tests.oidc.told_client import register
from tests.support.person import Person, forms_of
from tests.support.provider import HOME, Provider

BYE = "https://shop.example:8443/bye?tenant=a%20b"


class Frames(HTMLParser):
    """Collects what a page loads in frames, and where it leads without a script."""

    def __init__(self, page: httpx.Response) -> None:
        super().__init__()
        self.told: list[str] = []
        self.refresh = ""
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "iframe":
            self.told.append(attributes["src"])
        elif tag == "meta" and attributes.get("http-equiv") == "refresh":
            self.refresh = attributes["content"]


@pytest.fixture
def anna(shared_client: RelyingParty) -> Person:
    return shared_client.provider.person()


def told(provider: Provider, uri: str = BYE) -> RelyingParty:
    client = RelyingParty.registered(provider)
    register(provider, client.id, frontchannel_logout_uri=uri)
    return client


def policy_of(page: httpx.Response) -> dict[str, str]:
    directives = page.headers["Content-Security-Policy"].split("; ")
    return dict(each.split(" ", maxsplit=1) for each in directives)


def test_the_browser_tells_each_client_and_goes_on_to_the_one_that_asked(
    shared_provider: Provider, anna: Person
) -> None:
    client, neighbour = told(shared_provider), told(shared_provider, "https://b.example/out")
    deaf, stranger = RelyingParty.registered(shared_provider), told(shared_provider)
    tokens = client.tokens(anna)
    for party in (neighbour, deaf):
        party.silent_code(anna)
    sid = client.claims(tokens["id_token"])["sid"]

    page = anna.follow(by_hint(client, tokens, state="<s>"))

    frames = Frames(page)
    assert page.status_code == 200
    assert sorted(url.partition("?")[0] for url in frames.told) == [
        "https://b.example/out",
        "https://shop.example:8443/bye",
    ]
    for url in frames.told:
        query = dict(parse_qsl(urlsplit(url).query))
        assert (query["iss"], query["sid"]) == (shared_provider.issuer, sid)
    assert next(url for url in frames.told if "shop" in url).startswith(BYE + "&")
    seconds, _, target = frames.refresh.partition(";url=")
    assert 0 < int(seconds) < 10
    assert target.startswith(f"{HOME}?")
    assert answer_in(target) == {"state": "<s>"}
    assert policy_of(page)["frame-src"] == "https://b.example https://shop.example:8443"
    assert "'unsafe" not in page.headers["Content-Security-Policy"]
    assert not is_signed_in(deaf, anna)
    assert stranger.id


def test_without_anybody_to_tell_the_answer_is_a_redirect(
    shared_client: RelyingParty, anna: Person
) -> None:
    tokens = shared_client.tokens(anna)

    assert location(anna.follow(by_hint(shared_client, tokens))) == HOME


def test_without_a_way_back_the_page_stays(shared_provider: Provider, anna: Person) -> None:
    client = told(shared_provider)
    tokens = client.tokens(anna)

    page = anna.follow(by_hint(client, tokens, post_logout_redirect_uri=None))

    assert len(Frames(page).told) == 1
    assert Frames(page).refresh == ""


def test_who_signs_out_at_the_account_page_tells_clients_too(
    shared_provider: Provider, anna: Person
) -> None:
    client = told(shared_provider)
    client.tokens(anna)
    account = anna.follow(f"{shared_provider.endpoint}/account")

    page = anna.submit(
        next(form for form in forms_of(account) if form.action.path == "/account/sign-out")
    )

    assert [url.startswith(BYE) for url in Frames(page).told] == [True]


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "https://shop.example;script-src/x",
        "https://*/x",
        "https://user@shop.example/x",
        "https://shop.example'/x",
        "https:///x",
        "https://[::1/x",
    ],
)
def test_what_is_no_plain_address_is_never_framed(
    shared_provider: Provider, anna: Person, uri: str
) -> None:
    client = told(shared_provider, uri)
    tokens = client.tokens(anna)

    answer = anna.follow(by_hint(client, tokens))

    assert location(answer) == HOME


def test_markup_in_an_address_stays_an_address(shared_provider: Provider, anna: Person) -> None:
    client = told(shared_provider, 'https://shop.example/"><script>alert(1)</script>')
    tokens = client.tokens(anna)

    page = anna.follow(by_hint(client, tokens))

    assert "<script>alert" not in page.text
    assert "<script>alert" in unescape(page.text)


def test_no_other_page_frames_anything(shared_provider: Provider, anna: Person) -> None:
    page = anna.follow(f"{shared_provider.endpoint}/sign-in")

    assert "frame-src" not in policy_of(page)
    assert policy_of(page)["default-src"] == "'none'"


def test_the_metadata_say_so(shared_client: RelyingParty) -> None:
    metadata = body_of(shared_client.http.get("/oidc/.well-known/openid-configuration"))

    assert metadata["frontchannel_logout_supported"] is True
    assert metadata["frontchannel_logout_session_supported"] is True
