"""Third-party-initiated login: a test for each module of the certification plan."""

from tests.conformance.suite.browser import Browser
from tests.conformance.suite.checks import checked_error
from tests.conformance.suite.flow import Flow
from tests.conformance.suite.party import Party
from tests.conformance.suite.server import TestedServer


def test_oidcc_3rd_party_init_login(server: TestedServer, browser: Browser) -> None:
    uri = f"{server.site.origin}/initiate-login"

    party = Party.registered(server, initiate_login_uri=uri)

    assert party.document["initiate_login_uri"] == uri
    assert party.registration()["initiate_login_uri"] == uri
    Flow(party, browser).complete()
    party.unregister()


def test_oidcc_3rd_party_init_login_nohttps(server: TestedServer) -> None:
    plain = f"{server.site.origin}/initiate-login".replace("https:", "http:")

    refused = Party.asked(server, initiate_login_uri=plain)

    checked_error(refused, "invalid_client_metadata")
