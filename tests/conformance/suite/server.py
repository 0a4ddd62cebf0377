"""The provider under test: a server process that speaks TLS, set up as for certification."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from tests.conformance.suite.checks import JsonObject, checked_key_set, json_of
from tests.conformance.suite.site import PartySite
from tests.support.certificates import loopback_certificate
from tests.support.server_process import ServerProcess

EMAIL = "jane@example.com"
# Everything that OIDC Core §5.1 knows, beside the address that proves itself.
CLAIMS: Mapping[str, Any] = {
    "name": "Jane Middle Doe",
    "given_name": "Jane",
    "family_name": "Doe",
    "middle_name": "Middle",
    "nickname": "Janie",
    "preferred_username": "jane",
    "profile": "https://example.com/jane",
    "picture": "https://example.com/jane.png",
    "website": "https://jane.example.com/",
    "gender": "female",
    "birthdate": "0000-10-31",
    "zoneinfo": "Europe/Berlin",
    "locale": "en-US",
    "phone_number": "+49 30 123456",
    "phone_number_verified": False,
    "address": {
        "formatted": "1 Main Street\nSpringfield 12345",
        "street_address": "1 Main Street",
        "locality": "Springfield",
        "region": "IL",
        "postal_code": "12345",
        "country": "US",
    },
}
SETTINGS = {
    "AUTHSERVER_REGISTRATION__DYNAMIC": "open",
    "AUTHSERVER_REGISTRATION__PER_SOURCE_HOUR": "1000000",
    "AUTHSERVER_REGISTRATION__PER_DAY": "10000000",
    "AUTHSERVER_REGISTRATION__REQUIRE_PKCE": "false",
    "AUTHSERVER_LIMITS__REQUESTS_PER_SOURCE_MINUTE": "1000000",
    "AUTHSERVER_CODES__STARTS__PER_SOURCE_HOUR": "100000",
    "AUTHSERVER_CODES__MAILS__PER_ADDRESS_DAY": "1000",
    "AUTHSERVER_CODES__MAILS__PER_SOURCE_AND_ADDRESS": "1000",
}


@dataclass(frozen=True)
class TestedServer:
    """The process, the relying party's site that it may call, and a line to the process."""

    process: ServerProcess
    site: PartySite
    http: httpx.Client

    __test__ = False

    @property
    def issuer(self) -> str:
        return f"{self.process.endpoint}/oidc"

    def next_code(self) -> str:
        """Return what has just been mailed to Jane, and empty the outbox: reading it takes time."""
        code = self.process.inbox(EMAIL)
        for mail in (self.process.data_dir / "outbox").glob("*.json"):
            mail.unlink(missing_ok=True)
        return code

    def discovered(self) -> httpx.Response:
        """Ask for the provider metadata."""
        return self.http.get(f"{self.issuer}/.well-known/openid-configuration")

    @cached_property
    def metadata(self) -> JsonObject:
        """Return the provider metadata, which do not change while the server runs."""
        return json_of(self.discovered())

    def key_set(self) -> JsonObject:
        """Return the keys of the provider, having looked at them."""
        key_set = json_of(self.http.get(self.metadata["jwks_uri"]))
        checked_key_set(key_set)
        return key_set


@contextmanager
def tested_server(folder: Path) -> Iterator[TestedServer]:
    """Yield a server with Jane's account; its certificate is the site's as well."""
    _, context = loopback_certificate(folder)
    claims = folder / "claims.json"
    claims.write_text(json.dumps(CLAIMS))
    with PartySite(context) as site:
        settings = {
            **SETTINGS,
            "AUTHSERVER_OUTGOING__CA_FILE": str(folder / "trusted.pem"),
            "AUTHSERVER_OUTGOING__ALLOW": site.origin,
        }
        process = ServerProcess(folder / "server", settings=settings, certificate=folder)
        with process, httpx.Client(verify=process.trust, trust_env=False, timeout=20.0) as http:
            process.authserver("account", "create", EMAIL, "--claims", str(claims))
            yield TestedServer(process, site, http)
