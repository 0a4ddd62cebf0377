"""A client that is told of ended sessions, at a site of its own on this machine."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.jwk import KeySet

from authserver.domain.clients import ClientId
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.logout_notices import LogoutNotice
from tests.oidc.relying_party import RelyingParty, header_of
from tests.support.certificates import loopback_certificate
from tests.support.provider import PATIENCE_SECONDS, Provider, running_provider
from tests.support.tls_site import Reply, TlsSite

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(slots=True)
class ToldSite:
    """Where logout tokens arrive; `statuses` are answered in turn, the last one for good."""

    site: TlsSite
    statuses: list[int] = field(default_factory=lambda: [200])

    @property
    def url(self) -> str:
        return f"{self.site.origin}/told"

    def tokens(self, count: int) -> list[str]:
        """Wait for so many posts and return the token of each, which is all that they hold."""
        eventually(lambda: len(self.site.bodies) >= count)
        found = [dict(parse_qsl(body.decode(), strict_parsing=True)) for body in self.site.bodies]
        assert all(form.keys() == {"logout_token"} for form in found)
        assert {(method, path) for method, path, _ in self.site.asked} == {("POST", "/told")}
        return [form["logout_token"] for form in found]


@contextmanager
def told_site(folder: Path) -> Iterator[tuple[ToldSite, Path]]:
    """Yield a site that takes logout tokens, and the file to trust."""
    trusted, context = loopback_certificate(folder)
    statuses = [200]

    def reply(_: str, __: str) -> Reply:
        return (statuses.pop(0) if len(statuses) > 1 else statuses[0]), {}, b""

    with TlsSite(context, reply) as site:
        yield ToldSite(site, statuses), trusted


@contextmanager
def telling_provider(folder: Path, database_url: str) -> Iterator[tuple[Provider, ToldSite]]:
    """Yield a server that may call the site although it is on this machine."""
    with told_site(folder) as (site, trusted):
        settings = {
            "AUTHSERVER_OUTGOING__CA_FILE": str(trusted),
            "AUTHSERVER_OUTGOING__ALLOW": site.site.origin,
        }
        with running_provider(folder, database_url, settings=settings) as provider:
            yield provider, site


def register(provider: Provider, client_id: str, **metadata: Any) -> None:
    """Give a client more metadata."""
    with provider.server.storage.writing() as work:
        client = work.clients.find(client_id)
        assert client is not None
        work.clients.change(replace(client, metadata=replace(client.metadata, **metadata)))
        work.configuration_changed(ConfigurationKind.CLIENTS)
        work.commit()


def told_client(provider: Provider, url: str) -> RelyingParty:
    """Return a client with an address for logout tokens."""
    client = RelyingParty.registered(provider)
    register(provider, client.id, backchannel_logout_uri=url)
    return client


def verified(client: RelyingParty, token: str) -> dict[str, Any]:
    """Verify a logout token as a library of a client does (OIDC Back-Channel Logout §2.6)."""
    header = header_of(token)
    assert header["typ"] == "logout+jwt"
    keys = KeySet.import_key_set(client.http.get("/oidc/jwks").json())
    claims: dict[str, Any] = jwt.decode(token, keys, algorithms=[header["alg"]]).claims
    assert claims["iss"] == client.provider.issuer
    assert claims["aud"] == client.id
    assert claims["iat"] == int(client.provider.clock.now().timestamp())
    assert 0 < claims["exp"] - claims["iat"] <= 120
    assert claims["events"] == {LOGOUT_EVENT: {}}
    assert claims["jti"]
    assert "nonce" not in claims
    return claims


def audience_of(token: str) -> str:
    """Return for whom a token is, unverified: only then its verifier is known."""
    part = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["aud"])


def notices(provider: Provider, client: RelyingParty | None = None) -> list[LogoutNotice]:
    """Return what the operator sees."""
    wanted = None if client is None else ClientId(client.id)
    return list(provider.server.logout_notices.recent(wanted))


def eventually(condition: Any) -> None:
    """Wait for what the loops of the server do."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
