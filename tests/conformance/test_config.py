"""Config: the one module of the certification plan."""

import re

from tests.conformance.suite.checks import checked_key_set, json_of
from tests.conformance.suite.discovery import checked_metadata
from tests.conformance.suite.server import TestedServer


def test_oidcc_discovery_endpoint_verification(server: TestedServer) -> None:
    answer = server.discovered()

    assert str(answer.url) == f"{server.issuer}/.well-known/openid-configuration"
    metadata = json_of(answer)
    assert metadata["issuer"] == server.issuer
    assert re.fullmatch(r"https://[^?#@]+", metadata["issuer"])
    checked_metadata(metadata)
    checked_key_set(json_of(server.http.get(metadata["jwks_uri"])))
