"""openid-client, the strict reader: every check it offers is switched on."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

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

SCOPE = "openid email offline_access"


@pytest.fixture
def openid_client(run_script: RunScript, tmp_path: Path) -> Iterator[NodeScript]:
    with run_script("openid_client_rp.mjs", tmp_path) as script:
        yield script


def registered(
    provider: Provider, script: NodeScript, authentication: Authentication
) -> RegisteredClient:
    client = provider.register(
        redirect_uri="http://localhost:3999/callback",
        post_logout_redirect_uri="http://localhost:3999/signed-out",
        authentication=authentication,
    )
    script.ask(
        "discover",
        endpoint=provider.endpoint,
        client_id=client.client_id,
        client_secret=client.client_secret,
        authentication=authentication,
    )
    return client


def authorization_url(script: NodeScript, client: RegisteredClient, **more: str) -> str:
    parameters = {"redirect_uri": client.redirect_uri, "scope": SCOPE, "prompt": "consent"}
    url: str = script.ask("authorize", **(parameters | more))
    return url


@pytest.mark.parametrize("authentication", ["basic", "post", "none"])
def test_openid_client_signs_in_reads_userinfo_refreshes_and_signs_out(
    provider: Provider,
    person: Person,
    openid_client: NodeScript,
    authentication: Authentication,
) -> None:
    email = f"openid-client-{authentication}@example.com"
    client = registered(provider, openid_client, authentication)
    url = authorization_url(openid_client, client)

    callback = person.sign_in(url, email)
    first = openid_client.ask("exchange", callback_url=callback)
    userinfo = openid_client.ask("userinfo")
    second = openid_client.ask("refresh")
    end_session = openid_client.ask(
        "end_session_url", post_logout_redirect_uri=client.post_logout_redirect_uri
    )
    signed_out = person.sign_out(end_session)

    assert first["claims"]["aud"] == client.client_id
    assert userinfo["email"] == email
    assert userinfo["email_verified"] is True
    assert second["claims"]["sub"] == first["claims"]["sub"]
    assert second["tokens"]["access_token"] != first["tokens"]["access_token"]
    assert signed_out.startswith(f"{client.post_logout_redirect_uri}?state=")
    assert parse_qs(urlsplit(signed_out).query) == {"state": ['signed out & "done"']}
    assert silent_answer(person, provider.endpoint, client)["error"] == "login_required"


def test_openid_client_signs_in_again_silently_and_sees_the_same_moment_of_authentication(
    provider: Provider, person: Person, openid_client: NodeScript
) -> None:
    client = registered(provider, openid_client, "basic")
    url = authorization_url(openid_client, client, max_age="3600")
    person_url = person.sign_in(url, "openid-client-silent@example.com")
    first = openid_client.ask("exchange", callback_url=person_url)

    url = authorization_url(openid_client, client, max_age="3600", prompt="none")
    second = openid_client.ask("exchange", callback_url=person.pass_through(url))

    assert second["claims"]["sub"] == first["claims"]["sub"]
    assert second["claims"]["auth_time"] == first["claims"]["auth_time"]


def test_openid_client_finds_a_revoked_refresh_token_dead(
    provider: Provider, person: Person, openid_client: NodeScript
) -> None:
    client = registered(provider, openid_client, "basic")
    url = authorization_url(openid_client, client)
    callback = person.sign_in(url, "openid-client-revocation@example.com")
    openid_client.ask("exchange", callback_url=callback)
    before = openid_client.ask("introspect")

    openid_client.ask("revoke")

    assert before["active"] is True
    assert before["client_id"] == client.client_id
    assert openid_client.ask("introspect") == {"active": False}
    with pytest.raises(ClientRefusedError, match="invalid_grant"):
        openid_client.ask("refresh")


def test_openid_client_finds_a_code_dead_once_it_was_used(
    provider: Provider, person: Person, openid_client: NodeScript
) -> None:
    client = registered(provider, openid_client, "basic")
    url = authorization_url(openid_client, client)
    callback = person.sign_in(url, "openid-client-replay@example.com")
    openid_client.ask("exchange", callback_url=callback)

    with pytest.raises(ClientRefusedError, match="invalid_grant"):
        openid_client.ask("exchange", callback_url=callback)

    with pytest.raises(ClientRefusedError, match="invalid_grant"):
        openid_client.ask("refresh")


def test_openid_client_may_refresh_twice_at_once_and_both_answers_hold(
    our_server: RunningServer, our_visitor: Person, openid_client: NodeScript
) -> None:
    client = registered(our_server, openid_client, "none")
    url = authorization_url(openid_client, client)
    callback = our_visitor.sign_in(url, "openid-client-parallel@example.com")
    openid_client.ask("exchange", callback_url=callback)

    answers = openid_client.ask("refresh_in_parallel", times=4)

    assert len({answer["refresh_token"] for answer in answers}) == 1
    assert openid_client.ask("refresh")["claims"]["aud"] == client.client_id


def test_signing_out_ends_the_refresh_token_that_openid_client_holds(
    our_server: RunningServer, our_visitor: Person, openid_client: NodeScript
) -> None:
    client = registered(our_server, openid_client, "basic")
    url = authorization_url(openid_client, client)
    callback = our_visitor.sign_in(url, "openid-client-sign-out@example.com")
    openid_client.ask("exchange", callback_url=callback)
    end_session = openid_client.ask(
        "end_session_url", post_logout_redirect_uri=client.post_logout_redirect_uri
    )

    our_visitor.sign_out(end_session)

    with pytest.raises(ClientRefusedError, match="invalid_grant"):
        openid_client.ask("refresh")
