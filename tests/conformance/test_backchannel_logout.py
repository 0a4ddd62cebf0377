"""Back-channel logout: a test for each module of the certification plan."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.oidc.logout import STATE, by_hint, is_signed_in, location
from tests.oidc.relying_party import RelyingParty, answer_in, body_of
from tests.oidc.told_client import ToldSite, telling_provider, told_client, verified
from tests.support.provider import HOME, Provider


@pytest.fixture
def telling(sqlite_database: str, tmp_path: Path) -> Iterator[tuple[Provider, ToldSite]]:
    with telling_provider(tmp_path, sqlite_database) as both:
        yield both


def test_oidcc_backchannel_logout_discovery_endpoint_verification(
    shared_client: RelyingParty,
) -> None:
    metadata = body_of(shared_client.http.get("/oidc/.well-known/openid-configuration"))

    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True
    assert metadata["end_session_endpoint"] == f"{shared_client.provider.issuer}/session/end"


def test_oidcc_backchannel_rp_initiated_logout(telling: tuple[Provider, ToldSite]) -> None:
    provider, site = telling
    client, anna = told_client(provider, site.url), provider.person()
    tokens = client.tokens(anna)
    signed_in = client.claims(tokens["id_token"])

    answer = location(anna.follow(by_hint(client, tokens, state=STATE)))

    claims = verified(client, site.tokens(1)[0])
    assert (claims["sub"], claims["sid"]) == (signed_in["sub"], signed_in["sid"])
    assert answer.startswith(HOME + "?")
    assert answer_in(answer) == {"state": STATE}
    assert not is_signed_in(client, anna)
