"""oauth4webapi, the bare functions below openid-client: keys of the client, and JWTs for an API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.foreign_clients.node_scripts import (
    ClientRefusedError,
    NodeScript,
    RunScript,
)
from tests.conformance.foreign_clients.providers import (
    Authentication,
    Provider,
    RegisteredClient,
    silent_answer,
)
from tests.support.person import Person


@pytest.fixture
def library(run_script: RunScript, tmp_path: Path) -> Iterator[NodeScript]:
    with run_script("oauth4webapi_rp.mjs", tmp_path) as script:
        yield script


def registered(
    provider: Provider, library: NodeScript, authentication: Authentication
) -> RegisteredClient:
    has_keys = authentication == "private_key_jwt"
    client = provider.register(
        redirect_uri="http://localhost:3995/callback",
        post_logout_redirect_uri="http://localhost:3995/signed-out",
        authentication=authentication,
        jwks=library.ask("make_keys") if has_keys else None,
    )
    library.ask(
        "discover",
        endpoint=provider.endpoint,
        client_id=client.client_id,
        client_secret=client.client_secret,
        authentication=authentication,
    )
    return client


def authorization_url(library: NodeScript, client: RegisteredClient, **more: str) -> str:
    url: str = library.ask(
        "authorize",
        redirect_uri=client.redirect_uri,
        scope="openid email offline_access",
        prompt="consent",
        **more,
    )
    return url


@pytest.mark.parametrize("authentication", ["private_key_jwt", "basic"])
def test_oauth4webapi_walks_from_sign_in_to_sign_out(
    provider: Provider, person: Person, library: NodeScript, authentication: Authentication
) -> None:
    email = f"oauth4webapi-{authentication}@example.com"
    client = registered(provider, library, authentication)
    api = f"https://{authentication}.example.com/oauth4webapi"
    provider.register_api(api)

    callback = person.sign_in(authorization_url(library, client, resource=api), email)
    first = library.ask("exchange", callback_url=callback)
    userinfo = library.ask("userinfo")
    introspected = library.ask("introspect")
    second = library.ask("refresh", resource=api)
    read = library.ask("read_access_token", audience=api)
    end_session = library.ask(
        "end_session_url", post_logout_redirect_uri=client.post_logout_redirect_uri
    )

    assert userinfo["email"] == email
    assert introspected["active"] is True
    assert introspected["client_id"] == client.client_id
    assert second["claims"]["sub"] == first["claims"]["sub"]
    assert read["aud"] == api
    assert read["sub"] == first["claims"]["sub"]
    assert read["client_id"] == client.client_id
    assert person.sign_out(end_session) == client.post_logout_redirect_uri
    assert silent_answer(person, provider.endpoint, client)["error"] == "login_required"


def test_oauth4webapi_revokes_with_its_key_and_finds_the_tokens_dead(
    provider: Provider, person: Person, library: NodeScript
) -> None:
    client = registered(provider, library, "private_key_jwt")
    url = authorization_url(library, client)
    callback = person.sign_in(url, "oauth4webapi-revocation@example.com")
    library.ask("exchange", callback_url=callback)

    library.ask("revoke")

    assert library.ask("introspect") == {"active": False}
    with pytest.raises(ClientRefusedError, match="invalid_grant"):
        library.ask("refresh")


def test_oauth4webapi_refuses_an_answer_that_another_issuer_signed_for(
    provider: Provider, person: Person, library: NodeScript
) -> None:
    client = registered(provider, library, "basic")
    url = authorization_url(library, client)
    callback = person.sign_in(url, "oauth4webapi-mix-up@example.com")
    assert "&iss=" in callback

    with pytest.raises(ClientRefusedError, match="iss"):
        library.ask("exchange", callback_url=callback.replace("&iss=http", "&iss=https"))
    with pytest.raises(ClientRefusedError, match="iss"):
        library.ask("exchange", callback_url=callback.partition("&iss=")[0])
