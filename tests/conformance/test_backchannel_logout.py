"""Back-channel logout: a test for each module of the certification plan."""

from collections.abc import Iterator

import pytest

from tests.conformance.suite.checks import checked_jws, seconds_now
from tests.conformance.suite.flow import Flow
from tests.conformance.suite.logout import AFTER, STATE, checked_sent_back, is_signed_in, logged_out
from tests.conformance.suite.party import Party, leaving
from tests.conformance.suite.server import TestedServer

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TOLD = "/told-by-the-server"


@pytest.fixture
def party(server: TestedServer) -> Iterator[Party]:
    yield from leaving(
        Party.registered(
            server,
            post_logout_redirect_uris=[server.site.origin + AFTER],
            backchannel_logout_uri=server.site.origin + TOLD,
            backchannel_logout_session_required=True,
        )
    )


def test_oidcc_backchannel_logout_discovery_endpoint_verification(server: TestedServer) -> None:
    assert server.metadata["backchannel_logout_supported"] is True
    assert server.metadata["backchannel_logout_session_supported"] is True
    assert server.metadata["end_session_endpoint"].startswith("https://")


def test_oidcc_backchannel_rp_initiated_logout(flow: Flow) -> None:
    done = flow.complete()
    back = flow.server.site.origin + AFTER

    page = logged_out(flow, id_token_hint=done.id_token, post_logout_redirect_uri=back, state=STATE)

    posted = flow.server.site.posted(TOLD)
    assert posted.keys() == {"logout_token"}
    claims = checked_jws(posted["logout_token"], flow.server.key_set())
    assert claims["iss"] == flow.server.issuer
    assert claims["aud"] in (flow.party.id, [flow.party.id])
    assert abs(claims["iat"] - seconds_now()) < 60
    assert claims["jti"]
    assert claims["events"] == {EVENT: {}}
    assert (claims["sub"], claims["sid"]) == (done.claims["sub"], done.claims["sid"])
    assert "nonce" not in claims
    checked_sent_back(flow, page, {"state": STATE})
    assert not is_signed_in(flow)
