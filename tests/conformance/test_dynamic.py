"""Dynamic: the modules of the certification plan, all but the one that demands implicit flows."""

import re
import time
from collections.abc import Iterator
from html import unescape

import pytest

from tests.conformance.suite.browser import Browser
from tests.conformance.suite.checks import (
    ID_TOKEN_CLAIMS,
    checked_claims,
    checked_error,
    checked_error_page,
    checked_jws,
)
from tests.conformance.suite.flow import Flow, checked_refresh
from tests.conformance.suite.party import KEY_JWT, WITH_REFRESH, Party, leaving, new_callback
from tests.conformance.suite.request_objects import (
    checked_object_with_redirect_uri,
    checked_unsigned_request_uri,
)
from tests.conformance.suite.server import TestedServer
from tests.oidc.relying_party import header_of
from tests.oidc.signing_client import new_key, public_set
from tests.support.images import png

PATIENCE_SECONDS = 10.0
CLIENT_LOGO = re.compile(r'<img class="client-logo" src="([^"]+)"')


def registered(server: TestedServer, **metadata: object) -> Party:
    """Register a client as this plan has them."""
    return Party.registered(server, **{"token_endpoint_auth_method": KEY_JWT, **metadata})


@pytest.fixture
def party(server: TestedServer) -> Iterator[Party]:
    yield from leaving(registered(server, grant_types=WITH_REFRESH))


@pytest.fixture
def other_party(server: TestedServer) -> Iterator[Party]:
    yield from leaving(registered(server, grant_types=WITH_REFRESH))


def test_oidcc_idtoken_rs256(server: TestedServer, browser: Browser) -> None:
    flow = Flow(registered(server, id_token_signed_response_alg="RS256"), browser)

    header = header_of(flow.complete().id_token)

    assert header["alg"] == "RS256"
    assert header["kid"]


def test_oidcc_idtoken_unsigned(server: TestedServer) -> None:
    # The suite skips this module unless unsigned ID tokens are offered.
    assert "none" not in server.metadata["id_token_signing_alg_values_supported"]


def test_oidcc_refresh_token(flow: Flow, other_party: Party) -> None:
    checked_refresh(flow, other_party)


def test_oidcc_ensure_request_object_with_redirect_uri(flow: Flow) -> None:
    checked_object_with_redirect_uri(flow)


def test_oidcc_userinfo_rs256(server: TestedServer, browser: Browser) -> None:
    assert "RS256" in server.metadata["userinfo_signing_alg_values_supported"]
    flow = Flow(registered(server, userinfo_signed_response_alg="RS256"), browser)
    done = flow.redeem(flow.answer())

    answer = flow.ask_userinfo(done, "GET")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].partition(";")[0] == "application/jwt"
    assert header_of(answer.text)["alg"] == "RS256"
    claims = checked_jws(answer.text, server.key_set())
    assert claims["sub"] == done.claims["sub"]
    assert (claims["iss"], claims["aud"]) == (server.issuer, flow.party.id)
    assert "nonce" not in claims
    checked_claims(claims)


def test_oidcc_ensure_redirect_uri_in_authorization_request(
    server: TestedServer, browser: Browser
) -> None:
    both = [new_callback(server), new_callback(server)]

    flow = Flow(registered(server, redirect_uris=both), browser)

    checked_error_page(flow.page(redirect_uri=None))


def with_query(server: TestedServer, browser: Browser) -> Flow:
    """Return a client whose redirect URI has a query."""
    return Flow(registered(server, redirect_uris=[new_callback(server) + "?bar=foo"]), browser)


def test_oidcc_redirect_uri_query_OK(  # noqa: N802 - the module's name
    server: TestedServer, browser: Browser
) -> None:
    flow = with_query(server, browser)

    assert flow.party.redirect_uri.endswith("?bar=foo")
    flow.complete()


def test_oidcc_redirect_uri_query_mismatch(server: TestedServer, browser: Browser) -> None:
    flow = with_query(server, browser)

    changed = flow.party.redirect_uri.replace("bar=foo", "bar=quux")

    checked_error_page(flow.page(redirect_uri=changed))


def test_oidcc_redirect_uri_query_added(flow: Flow) -> None:
    checked_error_page(flow.page(redirect_uri=f"{flow.party.redirect_uri}?foo=bar"))


def test_oidcc_redirect_uri_regfrag(server: TestedServer) -> None:
    refused = Party.asked(server, redirect_uris=[new_callback(server) + "#foobar"])

    checked_error(refused, "invalid_redirect_uri")


def test_oidcc_server(flow: Flow) -> None:
    assert flow.party.document["jwks"]["keys"]

    done = flow.complete()

    assert done.claims.keys() <= ID_TOKEN_CLAIMS


def test_oidcc_registration_logo_uri(server: TestedServer, browser: Browser) -> None:
    picture = png()
    uri = server.site.serve("/logo.png", picture, "image/png")
    flow = Flow(registered(server, logo_uri=uri), browser)

    logo = client_logo(flow)

    # Served by the provider, so that the relying party does not learn who looks at the page.
    assert logo.startswith(f"{server.process.endpoint}/")
    shown = server.http.get(logo)
    assert (shown.headers["Content-Type"], shown.content) == ("image/png", picture)


def test_oidcc_registration_policy_uri(server: TestedServer, browser: Browser) -> None:
    uri = f"{server.site.origin}/policy"
    flow = Flow(registered(server, policy_uri=uri), browser)

    assert f'<a href="{uri}"' in flow.page().text


def test_oidcc_registration_tos_uri(server: TestedServer, browser: Browser) -> None:
    uri = f"{server.site.origin}/terms"
    flow = Flow(registered(server, tos_uri=uri), browser)

    assert f'<a href="{uri}"' in flow.page().text


def test_oidcc_registration_jwks_uri(server: TestedServer, browser: Browser) -> None:
    party, path = at_jwks_uri(server)

    Flow(party, browser).complete()

    assert server.site.was_asked_for(path)


def test_oidcc_registration_sector_uri(server: TestedServer) -> None:
    # The suite skips this module and the next one unless there are pairwise subjects.
    assert server.metadata["subject_types_supported"] == ["public"]

    callback = new_callback(server)
    sector = at_sector(server, callback)
    party = registered(server, redirect_uris=[callback], sector_identifier_uri=sector)
    assert party.document["sector_identifier_uri"] == sector


def test_oidcc_registration_sector_bad(server: TestedServer) -> None:
    assert "pairwise" not in server.metadata["subject_types_supported"]

    refused = Party.asked(server, subject_type="pairwise")
    unlisted = Party.asked(server, sector_identifier_uri=at_sector(server, "https://a.example/"))

    checked_error(refused, "invalid_client_metadata")
    checked_error(unlisted, "invalid_client_metadata")


def test_oidcc_server_rotate_keys(flow: Flow) -> None:
    before = kids_of(flow.server)
    former = header_of(Flow(flow.party, flow.browser).complete().id_token)["kid"]

    flow.server.process.authserver("signing-key", "rotate")

    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while kids_of(flow.server) == before and time.monotonic() < give_up_at:
        time.sleep(0.05)
    after = kids_of(flow.server)
    assert after > before
    # What signs from now on was published before, so that no client is surprised by it.
    signing = header_of(flow.complete().id_token)["kid"]
    assert signing != former
    assert signing in before


def test_oidcc_refresh_token_rp_key_rotation(server: TestedServer, browser: Browser) -> None:
    party, path = at_jwks_uri(server, grant_types=WITH_REFRESH)
    flow = Flow(party, browser)
    done = flow.redeem(flow.answer(scope="openid offline_access", prompt="consent"))

    party.key = new_key("RS256", kid="two")
    server.site.serve_json(path, public_set(party.key))

    flow.renew(done)


def test_oidcc_request_uri_unsigned(flow: Flow) -> None:
    # Skipped by the module where unsigned objects are not listed; no address is ever fetched here.
    assert "none" not in flow.server.metadata["request_object_signing_alg_values_supported"]
    checked_unsigned_request_uri(flow)


def test_oidcc_request_uri_signed_rs256_is_refused(server: TestedServer, browser: Browser) -> None:
    # Likewise: refused in the open, where the answer may go, with the state that was sent.
    flow = Flow(registered(server, request_object_signing_alg="RS256"), browser)

    answer = flow.silent_answer(request_uri=f"{server.site.origin}/signed-request")

    assert server.metadata["request_uri_parameter_supported"] is False
    assert answer.error == "request_uri_not_supported"
    assert not server.site.was_asked_for("/signed-request")


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(flow: Flow) -> None:
    flow.party.audience = flow.server.issuer

    flow.complete()


def at_jwks_uri(server: TestedServer, **metadata: object) -> tuple[Party, str]:
    """Register a client whose keys are at its own site; return it with their path."""
    path = new_callback(server).removeprefix(server.site.origin) + "/jwks"
    party = registered(server, jwks_uri=server.site.origin + path, **metadata)
    assert party.key is not None
    server.site.serve_json(path, public_set(party.key))
    return party, path


def at_sector(server: TestedServer, *redirect_uris: str) -> str:
    """Serve the list of a sector and return its address."""
    path = new_callback(server).removeprefix(server.site.origin) + "/sector.json"
    server.site.serve_json(path, list(redirect_uris))
    return server.site.origin + path


def client_logo(flow: Flow) -> str:
    """Wait until the sign-in page shows the logo of the client, and return its address."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        page = flow.page()
        found = CLIENT_LOGO.search(page.text)
        if found is not None:
            return str(page.url.join(unescape(found[1])))
        time.sleep(0.05)
    raise AssertionError("the page shows no logo")


def kids_of(server: TestedServer) -> set[str]:
    """Return the names of the published keys."""
    return {key["kid"] for key in server.key_set()["keys"]}
