"""RP-initiated logout: a test for each module of the certification plan."""

from collections.abc import Iterator

import httpx
import pytest
from joserfc import jwt

from tests.conformance.suite.flow import Flow, SignedIn
from tests.conformance.suite.logout import AFTER, STATE, checked_sent_back, is_signed_in, logged_out
from tests.conformance.suite.party import Party, leaving
from tests.conformance.suite.server import TestedServer
from tests.oidc.logout import DONE
from tests.oidc.signing_client import new_key, part


@pytest.fixture
def party(server: TestedServer) -> Iterator[Party]:
    after = server.site.origin + AFTER
    yield from leaving(Party.registered(server, post_logout_redirect_uris=[after]))


@pytest.fixture
def done(flow: Flow) -> SignedIn:
    """Sign Jane in."""
    return flow.complete()


def checked_own_page(page: httpx.Response) -> None:
    """Look at an answer that leads nowhere: an error, a question or the end, all our own."""
    assert page.status_code in {200, 400}
    assert "Location" not in page.headers
    assert page.headers["Content-Type"].startswith("text/html")


def checked_nowhere(flow: Flow, **parameters: str | None) -> None:
    """Send a request that may end the session, after a question or not, and lead nowhere."""
    question = flow.browser.open(flow.party.logout_url(**parameters))
    checked_own_page(question)
    page = flow.browser.confirmed(question)
    checked_own_page(page)
    assert AFTER not in page.text


def checked_ended_here(flow: Flow, **parameters: str | None) -> None:
    """Send a request that ends the session on our own page."""
    page = logged_out(flow, **parameters)
    checked_own_page(page)
    assert DONE in page.text
    assert not is_signed_in(flow)


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(server: TestedServer) -> None:
    assert server.metadata["end_session_endpoint"].startswith("https://")


def test_oidcc_rp_initiated_logout(flow: Flow, done: SignedIn) -> None:
    back = flow.server.site.origin + AFTER

    page = logged_out(flow, id_token_hint=done.id_token, post_logout_redirect_uri=back, state=STATE)

    checked_sent_back(flow, page, {"state": STATE})
    assert not is_signed_in(flow)


def test_oidcc_rp_initiated_logout_no_state(flow: Flow, done: SignedIn) -> None:
    back = flow.server.site.origin + AFTER

    page = logged_out(flow, id_token_hint=done.id_token, post_logout_redirect_uri=back)

    checked_sent_back(flow, page, {})
    assert not is_signed_in(flow)


def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(flow: Flow, done: SignedIn) -> None:
    uri = f"{flow.server.site.origin}{AFTER}/unregistered"

    checked_nowhere(flow, id_token_hint=done.id_token, post_logout_redirect_uri=uri, state=STATE)


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(
    flow: Flow, done: SignedIn
) -> None:
    uri = f"{flow.server.site.origin}{AFTER}?foo=bar"

    checked_nowhere(flow, id_token_hint=done.id_token, post_logout_redirect_uri=uri, state=STATE)


def test_oidcc_rp_initiated_logout_modified_id_token_hint(flow: Flow, done: SignedIn) -> None:
    _, claims, _ = done.id_token.split(".")
    unsigned = f"{part({'alg': 'none'})}.{claims}."

    checked_nowhere(
        flow,
        id_token_hint=unsigned,
        post_logout_redirect_uri=flow.server.site.origin + AFTER,
        state=STATE,
    )


def test_oidcc_rp_initiated_logout_bad_id_token_hint(flow: Flow, done: SignedIn) -> None:
    foreign = new_key("RS256")
    header = {"alg": "RS256", "kid": foreign.kid}
    forged = jwt.encode(header, done.claims, foreign, algorithms=["RS256"])

    checked_nowhere(
        flow,
        id_token_hint=forged,
        post_logout_redirect_uri=flow.server.site.origin + AFTER,
        state=STATE,
    )


@pytest.mark.usefixtures("done")
def test_oidcc_rp_initiated_logout_no_id_token_hint(flow: Flow) -> None:
    back = flow.server.site.origin + AFTER

    checked_nowhere(flow, post_logout_redirect_uri=back, state=STATE)


@pytest.mark.usefixtures("done")
def test_oidcc_rp_initiated_logout_no_params(flow: Flow) -> None:
    checked_ended_here(flow)


@pytest.mark.usefixtures("done")
def test_oidcc_rp_initiated_logout_only_state(flow: Flow) -> None:
    checked_ended_here(flow, state=STATE)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(flow: Flow, done: SignedIn) -> None:
    checked_ended_here(flow, id_token_hint=done.id_token, state=STATE)
