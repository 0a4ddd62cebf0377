"""What strangers tried once and must never get again."""

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from authserver.domain.clients import ClientKind
from tests.flows.browsing import OWN_FORM, Visit, request_of_bookstore, signed_in
from tests.support.person import forms_of
from tests.support.provider import Provider

ANNA = "anna@example.com"


def use_link(http: httpx.Client, token: str) -> httpx.Response:
    """Press the button of a one-time link."""
    form = forms_of(http.get(f"/sign-in-link/{token}"))[0]
    return http.post(form.action, data=form.fields, headers=OWN_FORM)


def test_the_first_proof_of_a_mailbox_ends_what_somebody_else_began(
    either_provider: Provider,
) -> None:
    either_provider.server.accounts.create(ANNA)
    link = either_provider.server.accounts.make_sign_in_link(ANNA)
    stranger = either_provider.http()
    use_link(stranger, link.token.reveal())
    assert stranger.get("/account").status_code == 200

    signed_in(either_provider, ANNA)

    assert stranger.get("/account").status_code == 303


def test_a_sign_in_link_does_not_survive_a_suspension(provider: Provider) -> None:
    accounts = provider.server.accounts
    accounts.create(ANNA)
    link = accounts.make_sign_in_link(ANNA)

    accounts.suspend(ANNA)
    accounts.resume(ANNA)

    assert provider.http().get(f"/sign-in-link/{link.token.reveal()}").status_code == 410


def test_two_browsers_that_register_one_address_at_once_both_get_on(
    either_provider: Provider,
) -> None:
    visits = [Visit.begin(either_provider, "/register", source=f"192.0.2.{n}") for n in (1, 2)]
    codes = [visit.code_for(ANNA) for visit in visits]
    start = Barrier(2)

    def enter(visit: Visit, code: str) -> int:
        start.wait()
        return visit.enter(code).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(enter, visits, codes))

    assert answers == [303, 303]
    assert len(either_provider.server.accounts.list()) == 1


@pytest.mark.parametrize("client_id", ["all origins", "a\x00b", "x" * 9000])
def test_a_client_id_that_is_none_is_refused_plainly(
    either_provider: Provider, client_id: str
) -> None:
    http = either_provider.http()
    http.get("/oidc/me", headers={"Origin": "http://elsewhere.example"})
    basic = b64encode(f"{client_id}:secret".encode()).decode()
    grant = {"grant_type": "authorization_code"}

    answers = [
        http.get("/oidc/auth", params={"client_id": client_id, "redirect_uri": "x"}),
        http.get("/oidc/session/end", params={"client_id": client_id}),
        http.post("/oidc/token", data=grant | {"client_id": client_id}),
        http.post("/oidc/token", data=grant, headers={"Authorization": f"Basic {basic}"}),
    ]

    assert all(httpx.codes.is_client_error(answer.status_code) for answer in answers)


def test_cookie_names_that_no_server_would_set_do_no_harm(provider: Provider) -> None:
    planted = "; ".join(f"authserver-interaction-({number})=x" for number in range(12))

    answer = provider.http().get(request_of_bookstore(provider), headers={"Cookie": planted})

    assert answer.status_code == 303


def test_pages_let_native_clients_listen_on_any_port(provider: Provider) -> None:
    client = provider.server.clients.create(
        name="Desktop",
        kind=ClientKind.NATIVE,
        redirect_uris=["http://127.0.0.1/callback"],
        post_logout_redirect_uris=[],
        requires_pkce=True,
    ).client
    query = {
        "client_id": client.id,
        "redirect_uri": "http://127.0.0.1:51234/callback",
        "response_type": "code",
        "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    http = provider.http()

    page = http.get(http.get("/oidc/auth", params=query).headers["location"])

    assert "http://127.0.0.1:*" in page.headers["content-security-policy"]
