"""RP-initiated logout: a test for each module of the certification plan."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.oidc.logout import DONE, STATE, by_hint, confirmed, is_signed_in, location
from tests.oidc.relying_party import EMAIL, RelyingParty, answer_in, body_of
from tests.support.person import Person
from tests.support.provider import HOME, Provider


@pytest.fixture
def client(shared_provider: Provider) -> RelyingParty:
    return RelyingParty.registered(shared_provider)


@pytest.fixture
def anna(client: RelyingParty) -> Person:
    return client.provider.person()


@pytest.fixture
def tokens(client: RelyingParty, anna: Person) -> dict[str, str]:
    """Return the tokens of Anna, who has just signed in."""
    return client.tokens(anna)


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(client: RelyingParty) -> None:
    metadata = body_of(client.http.get("/oidc/.well-known/openid-configuration"))

    assert metadata["end_session_endpoint"] == f"{client.provider.issuer}/session/end"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_oidcc_rp_initiated_logout(
    client: RelyingParty, anna: Person, tokens: dict[str, str], method: str
) -> None:
    url = by_hint(client, tokens, state=STATE)
    if method == "POST":
        posted = dict(parse_qsl(urlsplit(url).query))
        url = location(anna.http.post("/oidc/session/end", data=posted))

    answer = location(anna.follow(url))

    assert answer.startswith(HOME + "?")
    assert answer_in(answer) == {"state": STATE}
    assert not is_signed_in(client, anna)


def test_oidcc_rp_initiated_logout_no_state(
    client: RelyingParty, anna: Person, tokens: dict[str, str]
) -> None:
    assert location(anna.follow(by_hint(client, tokens))) == HOME
    assert not is_signed_in(client, anna)


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/",
        "http://localhost:3000/",
        "http://localhost:3000/callback",
        "http://localhost:3000#",
        "http://localhost:3000@evil.example",
        "http://localhost:3000.evil.example",
        "http://LOCALHOST:3000",
        "//localhost:3000",
        "javascript:alert(1)",
    ],
)
def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(
    client: RelyingParty, anna: Person, tokens: dict[str, str], uri: str
) -> None:
    for url in (
        by_hint(client, tokens, post_logout_redirect_uri=uri),
        client.logout_url(post_logout_redirect_uri=uri),
    ):
        answer = anna.follow(url)

        assert answer.status_code == 400
        assert "evil.example" not in answer.text
        assert is_signed_in(client, anna)


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(
    client: RelyingParty, anna: Person, tokens: dict[str, str]
) -> None:
    answer = anna.follow(by_hint(client, tokens, post_logout_redirect_uri=HOME + "?foo=bar"))

    assert answer.status_code == 400


@pytest.mark.parametrize("change", ["modified", "bad"])
def test_oidcc_rp_initiated_logout_modified_and_bad_id_token_hint(
    client: RelyingParty, anna: Person, tokens: dict[str, str], change: str
) -> None:
    header, claims, signature = tokens["id_token"].split(".")
    forged = {
        "modified": f"eyJhbGciOiJub25lIn0.{claims}.",
        "bad": f"{header}.{claims}.{signature[::-1]}",
    }
    page = anna.follow(by_hint(client, {"id_token": forged[change]}))

    assert is_signed_in(client, anna)
    done = confirmed(anna, page)

    assert DONE in done.text
    assert HOME not in done.text
    assert not is_signed_in(client, anna)


@pytest.mark.parametrize(
    "sent",
    [
        {"post_logout_redirect_uri": HOME},
        {"post_logout_redirect_uri": "https://evil.example"},
        {"post_logout_redirect_uri": None},
        {"post_logout_redirect_uri": None, "state": STATE},
    ],
    ids=["no-id-token-hint", "no-id-token-hint, foreign", "no-params", "only-state"],
)
@pytest.mark.usefixtures("tokens")
def test_oidcc_rp_initiated_logout_without_any_client_asks_and_stays_here(
    client: RelyingParty, anna: Person, sent: dict[str, str | None]
) -> None:
    page = anna.follow(client.logout_url(client_id=None, **sent))
    assert EMAIL in page.text
    assert is_signed_in(client, anna)

    done = confirmed(anna, page)

    assert done.status_code == 200
    assert DONE in done.text
    assert not is_signed_in(client, anna)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(
    client: RelyingParty, anna: Person, tokens: dict[str, str]
) -> None:
    done = anna.follow(by_hint(client, tokens, post_logout_redirect_uri=None))

    assert done.status_code == 200
    assert DONE in done.text
    assert not is_signed_in(client, anna)
