"""@logto/node: raw Basic authentication on every request, sign-out by client_id alone."""

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
    RunningServer,
    silent_answer,
)
from tests.support.person import Person


@pytest.fixture
def logto(run_script: RunScript, tmp_path: Path) -> Iterator[NodeScript]:
    with run_script("logto_node_rp.mjs", tmp_path) as script:
        yield script


def configured(
    provider: Provider, logto: NodeScript, authentication: Authentication
) -> RegisteredClient:
    client = provider.register(
        redirect_uri="http://localhost:3998/callback",
        post_logout_redirect_uri="http://localhost:3998",
        authentication=authentication,
    )
    secret = {"appSecret": client.client_secret} if client.client_secret else {}
    logto.ask(
        "configure",
        endpoint=provider.endpoint,
        appId=client.client_id,
        scopes=["email"],
        **secret,
    )
    return client


def sign_in_url(logto: NodeScript, client: RegisteredClient, **options: object) -> str:
    url: str = logto.ask("sign_in", options={"redirectUri": client.redirect_uri, **options})
    return url


@pytest.mark.parametrize("authentication", ["basic", "none"])
def test_logto_for_node_signs_in_reads_userinfo_refreshes_and_signs_out(
    provider: Provider, person: Person, logto: NodeScript, authentication: Authentication
) -> None:
    email = f"logto-node-{authentication}@example.com"
    client = configured(provider, logto, authentication)

    callback = person.sign_in(sign_in_url(logto, client), email)
    first = logto.ask("exchange", callback_url=callback)
    userinfo = logto.ask("userinfo")
    second = logto.ask("refresh")
    third = logto.ask("refresh")
    left = logto.ask("sign_out", post_logout_redirect_uri=client.post_logout_redirect_uri)

    assert first["claims"]["aud"] == client.client_id
    assert userinfo["sub"] == first["claims"]["sub"]
    assert userinfo["email"] == email
    assert second["access_token"] != third["access_token"]
    assert left["is_authenticated"] is False
    # The stand-in writes a bare origin with a slash; a test of its own below is stricter with us.
    assert person.sign_out(left["url"]).rstrip("/") == client.post_logout_redirect_uri
    assert silent_answer(person, provider.endpoint, client)["error"] == "login_required"


def test_the_extras_of_logtos_sign_in_are_no_errors(
    provider: Provider, person: Person, logto: NodeScript
) -> None:
    client = configured(provider, logto, "basic")
    url = sign_in_url(
        logto,
        client,
        firstScreen="identifier:sign_in",
        identifiers=["email", "username"],
        loginHint="somebody-else@example.com",
        extraParams={"ui_locales": "fr", "organization_id": "none"},
    )

    callback = person.sign_in(url, "logto-node-extras@example.com")

    assert logto.ask("exchange", callback_url=callback)["claims"]["aud"] == client.client_id


def test_logto_for_node_reads_the_error_of_a_dead_code(
    our_server: RunningServer, our_visitor: Person, logto: NodeScript
) -> None:
    client = configured(our_server, logto, "basic")
    callback = our_visitor.sign_in(sign_in_url(logto, client), "logto-node-dead-code@example.com")
    dead = callback.replace("code=", "code=x")

    with pytest.raises(ClientRefusedError, match=r"oidc\.invalid_grant"):
        logto.ask("exchange", callback_url=dead)


def test_the_address_after_sign_out_comes_back_byte_for_byte(
    our_server: RunningServer, our_visitor: Person, logto: NodeScript
) -> None:
    client = configured(our_server, logto, "basic")
    callback = our_visitor.sign_in(sign_in_url(logto, client), "logto-node-bytes@example.com")
    logto.ask("exchange", callback_url=callback)
    left = logto.ask("sign_out", post_logout_redirect_uri=client.post_logout_redirect_uri)

    assert our_visitor.sign_out(left["url"]) == "http://localhost:3998"
