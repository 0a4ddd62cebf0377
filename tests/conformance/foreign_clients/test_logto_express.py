"""An unchanged @logto/express application: the person's browser walks through it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.foreign_clients.node_scripts import NodeScript, RunScript
from tests.conformance.foreign_clients.providers import Provider, RegisteredClient, silent_answer
from tests.support.person import Person
from tests.support.server_process import free_port


@pytest.fixture
def script(run_script: RunScript, tmp_path: Path) -> Iterator[NodeScript]:
    with run_script("logto_express_app.mjs", tmp_path) as script:
        yield script


def listening(provider: Provider, script: NodeScript) -> tuple[str, RegisteredClient]:
    port = free_port()
    client = provider.register(
        redirect_uri=f"http://localhost:{port}/logto/sign-in-callback",
        post_logout_redirect_uri=f"http://localhost:{port}",
        authentication="basic",
    )
    application = script.ask(
        "listen",
        port=port,
        endpoint=provider.endpoint,
        appId=client.client_id,
        appSecret=client.client_secret,
        scopes=["email"],
    )
    return application, client


def test_an_express_application_with_logto_signs_in_refreshes_and_signs_out(
    provider: Provider, person: Person, script: NodeScript
) -> None:
    email = "logto-express@example.com"
    application, client = listening(provider, script)

    callback = person.sign_in(f"{application}/logto/sign-in", email)
    home = person.visit(callback).json()
    userinfo = person.visit(f"{application}/user-info").json()
    first = person.visit(f"{application}/access-token").json()
    person.visit(f"{application}/let-access-token-expire")
    second = person.visit(f"{application}/access-token").json()

    assert home["isAuthenticated"] is True
    assert home["claims"]["aud"] == client.client_id
    assert userinfo["sub"] == home["claims"]["sub"]
    assert userinfo["email"] == email
    assert second
    assert second != first

    signed_out = person.sign_out(f"{application}/logto/sign-out")

    # The stand-in writes a bare origin with a slash.
    assert signed_out.rstrip("/") == client.post_logout_redirect_uri
    assert person.visit(application).json()["isAuthenticated"] is False
    assert silent_answer(person, provider.endpoint, client)["error"] == "login_required"


def test_a_person_with_a_session_enters_a_second_express_application_without_a_page(
    provider: Provider, person: Person, script: NodeScript, run_script: RunScript, tmp_path: Path
) -> None:
    first, _ = listening(provider, script)
    person.visit(person.sign_in(f"{first}/logto/sign-in", "logto-express-sso@example.com"))
    subject = person.visit(first).json()["claims"]["sub"]

    with run_script("logto_express_app.mjs", tmp_path) as another_script:
        second, _ = listening(provider, another_script)
        person.http.cookies.delete("connect.sid")
        home = person.visit(person.pass_through(f"{second}/logto/sign-in")).json()

    assert home["claims"]["sub"] == subject
