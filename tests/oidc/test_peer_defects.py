"""Defects of other providers that no other test here is about; `docs/peer-defects.md` lists all."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.oidc.relying_party import EMAIL, RelyingParty, answer_in, body_of
from tests.storage.racing import race_of
from tests.support.person import forms_of
from tests.support.provider import Provider

REFRESHES = 6


def test_a_refresh_beside_a_revocation_leaves_nothing_alive(either_client: RelyingParty) -> None:
    client = either_client
    person = client.provider.person()
    client.tokens(person)
    for _ in range(3):
        first = body_of(client.exchange(client.silent_code(person)))["refresh_token"]
        refreshing = partial(client.refresh, first)

        revoked, *refreshed = race_of([partial(client.revoke, first), *[refreshing] * REFRESHES])

        assert revoked.status_code == 200
        issued = [body_of(answer) for answer in refreshed if answer.status_code == 200]
        assert {answer.status_code for answer in refreshed} <= {200, 400}
        for tokens in issued:
            assert client.userinfo(tokens["access_token"]).status_code == 401
            assert client.refresh(tokens["refresh_token"]).status_code == 400


def test_a_mailed_code_stands_in_no_answer(client: RelyingParty) -> None:
    answers: list[str] = []
    person = client.provider.person()
    person.http.event_hooks["response"].append(
        lambda answer: answers.append(f"{answer.url} {answer.headers} {answer.read().decode()}")
    )

    page = person.follow(client.url())
    page = person.submit(next(f for f in forms_of(page) if "email" in f.fields), email=EMAIL)
    code = client.provider.code_for(EMAIL)
    entry = next(form for form in forms_of(page) if "code" in form.fields)
    person.submit(entry, code="not this one")
    person.submit(entry, code=code)

    assert len(answers) > 4
    assert not [answer for answer in answers if code in answer]


@pytest.mark.parametrize("scope", ["openid " * 5000, "x" * 30000, "openid\t" * 3000 + "email"])
def test_scopes_of_any_length_are_answered_at_once(client: RelyingParty, scope: str) -> None:
    answer = client.http.get(client.url(scope=scope, prompt="none"))

    assert answer_in(answer.headers["Location"])["error"] == "invalid_request"


def test_an_address_for_a_request_object_is_never_called(provider: Provider) -> None:
    with counting_site() as (url, calls):
        client = RelyingParty.registered(provider)

        for address in (url, url + "#fragment", "file:///etc/hostname"):
            answer = client.http.get(client.url(request_uri=address))
            told = answer_in(answer.headers["Location"])
            assert told["error"] == "request_uri_not_supported"

        assert calls == []


@contextmanager
def counting_site() -> Iterator[tuple[str, list[str]]]:
    """Listen on this machine; yield the address and the paths that were asked for."""
    calls: list[str] = []

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_error(404)

    with closing_server(ThreadingHTTPServer(("127.0.0.1", 0), Counting)) as server:
        yield f"http://127.0.0.1:{server.server_port}/request", calls


@contextmanager
def closing_server(server: ThreadingHTTPServer) -> Iterator[ThreadingHTTPServer]:
    """Serve until the end."""
    with closing(server.socket):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
