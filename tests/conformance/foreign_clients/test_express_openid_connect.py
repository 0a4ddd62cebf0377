"""An unchanged application on express-openid-connect: the person's browser walks through it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.foreign_clients.node_scripts import NodeScript, RunScript
from tests.conformance.foreign_clients.providers import (
    Authentication,
    Provider,
    RegisteredClient,
    silent_answer,
)
from tests.support.person import Person
from tests.support.server_process import free_port


@pytest.fixture
def script(run_script: RunScript, tmp_path: Path) -> Iterator[NodeScript]:
    with run_script("express_openid_connect_app.mjs", tmp_path) as script:
        yield script


def listening(
    provider: Provider, script: NodeScript, authentication: Authentication
) -> tuple[str, RegisteredClient]:
    port = free_port()
    has_keys = authentication == "private_key_jwt"
    client = provider.register(
        redirect_uri=f"http://localhost:{port}/callback",
        post_logout_redirect_uri=f"http://localhost:{port}/signed-out",
        authentication=authentication,
        jwks=script.ask("make_keys") if has_keys else None,
    )
    application = script.ask(
        "listen",
        port=port,
        endpoint=provider.endpoint,
        client_id=client.client_id,
        client_secret=None if has_keys else client.client_secret,
    )
    return application, client


@pytest.mark.parametrize("authentication", ["basic", "private_key_jwt"])
def test_an_express_application_signs_in_refreshes_and_signs_out(
    provider: Provider, person: Person, script: NodeScript, authentication: Authentication
) -> None:
    email = f"express-openid-connect-{authentication}@example.com"
    application, client = listening(provider, script, authentication)

    callback = person.sign_in(f"{application}/login", email)
    home = person.visit(callback).json()
    userinfo = person.visit(f"{application}/userinfo").json()
    refreshed = person.visit(f"{application}/refresh").json()
    again = person.visit(f"{application}/").json()
    signed_out = person.sign_out(f"{application}/logout")
    left = person.visit(f"{application}/").json()

    assert home["is_authenticated"] is True
    assert home["claims"]["aud"] == client.client_id
    assert userinfo["sub"] == home["claims"]["sub"]
    assert userinfo["email"] == email
    assert refreshed["access_token"] != home["access_token"]
    assert again["access_token"] == refreshed["access_token"]
    assert signed_out == client.post_logout_redirect_uri
    assert left["is_authenticated"] is False
    assert silent_answer(person, provider.endpoint, client)["error"] == "login_required"
