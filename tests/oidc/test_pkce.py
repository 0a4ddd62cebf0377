"""Proof Key for Code Exchange: who must use it, and what a wrong proof costs."""

import pytest

from authserver.administration.clients import ClientChanges
from authserver.administration.mistakes import ClientInvalid
from authserver.domain.clients import ClientKind
from tests.oidc.relying_party import (
    OTHER_VERIFIER,
    VERIFIER,
    RelyingParty,
    body_of,
    challenge_of,
    redirected,
    refusal,
)
from tests.support.provider import Provider

NONE_AT_ALL: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
S256 = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
PLAIN = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}


@pytest.fixture(scope="module")
def exempt(shared_provider: Provider) -> RelyingParty:
    return RelyingParty.registered(shared_provider, requires_pkce=False)


@pytest.mark.parametrize("kind", [ClientKind.WEB, ClientKind.SPA, ClientKind.NATIVE])
def test_without_an_exemption_every_kind_of_client_must_send_a_challenge(
    shared_provider: Provider, kind: ClientKind
) -> None:
    client = RelyingParty.registered(shared_provider, kind=kind)

    answer = redirected(client.http.get(client.url(**NONE_AT_ALL)))

    assert answer["error"] == "invalid_request"
    assert "code_challenge" in answer["error_description"]


@pytest.mark.parametrize("kind", [ClientKind.SPA, ClientKind.NATIVE])
def test_a_public_client_can_never_be_exempt(shared_provider: Provider, kind: ClientKind) -> None:
    public = RelyingParty.registered(shared_provider, kind=kind)

    with pytest.raises(ClientInvalid):
        RelyingParty.registered(shared_provider, kind=kind, requires_pkce=False)
    with pytest.raises(ClientInvalid):
        shared_provider.server.clients.update(public.id, ClientChanges(requires_pkce=False))


@pytest.mark.parametrize(
    "changes",
    [
        PLAIN,
        {"code_challenge": VERIFIER, "code_challenge_method": None},
        {**S256, "code_challenge_method": "s256"},
        {**S256, "code_challenge_method": "S512"},
        {"code_challenge": None, "code_challenge_method": "S256"},
        {**S256, "code_challenge": "too-short"},
        {**S256, "code_challenge": "a" * 44},
        {**S256, "code_challenge": "a" * 42 + "="},
        {**S256, "code_challenge": "a" * 42 + "\n"},
        {**S256, "code_challenge": "ä" * 43},
    ],
    ids=str,
)
@pytest.mark.parametrize("is_exempt", [False, True])
def test_a_challenge_that_is_not_s256_is_refused(
    shared_client: RelyingParty,
    exempt: RelyingParty,
    changes: dict[str, str | None],
    *,
    is_exempt: bool,
) -> None:
    client = exempt if is_exempt else shared_client

    answer = redirected(client.http.get(client.url(**changes)))

    assert answer["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("challenge", "verifier", "is_right"),
    [
        (NONE_AT_ALL, None, True),
        (S256, VERIFIER, True),
        (NONE_AT_ALL, VERIFIER, False),
        (S256, None, False),
        (S256, "", False),
        (S256, OTHER_VERIFIER, False),
        (S256, challenge_of(VERIFIER), False),
        (S256, VERIFIER + "\n", False),
        (S256, VERIFIER.upper(), False),
        (S256, "short", False),
        (S256, "v" * 129, False),
        (S256, "ä" * 43, False),
    ],
)
def test_for_an_exempt_client_challenge_and_verifier_belong_together(
    exempt: RelyingParty,
    challenge: dict[str, str | None],
    verifier: str | None,
    *,
    is_right: bool,
) -> None:
    code = exempt.sign_in(**challenge)

    answer = exempt.exchange(code, code_verifier=verifier)

    if is_right:
        assert body_of(answer)["access_token"]
    else:
        assert refusal(answer) == "invalid_grant"


@pytest.mark.parametrize("length", [43, 128])
def test_the_verifier_may_have_from_43_to_128_characters(
    shared_client: RelyingParty, length: int
) -> None:
    verifier = ("aZ0-._~" * 19)[:length]
    code = shared_client.sign_in(code_challenge=challenge_of(verifier))

    assert body_of(shared_client.exchange(code, code_verifier=verifier))


@pytest.mark.parametrize("wrong", [OTHER_VERIFIER, None, "short"])
def test_a_wrong_verifier_costs_the_code(either_client: RelyingParty, wrong: str | None) -> None:
    code = either_client.sign_in()

    first = either_client.exchange(code, code_verifier=wrong)
    second = either_client.exchange(code)

    assert (refusal(first), refusal(second)) == ("invalid_grant", "invalid_grant")


@pytest.mark.parametrize("kind", [ClientKind.SPA, ClientKind.NATIVE])
def test_a_public_client_redeems_its_code_by_the_verifier_alone(
    provider: Provider, kind: ClientKind
) -> None:
    client = RelyingParty.registered(provider, kind=kind)

    tokens = client.tokens()

    assert client.userinfo(tokens["access_token"]).status_code == 200
    assert body_of(client.refresh(tokens["refresh_token"]))["refresh_token"]


def test_the_exemption_can_be_taken_back(provider: Provider) -> None:
    client = RelyingParty.registered(provider, requires_pkce=False)
    provider.server.clients.update(client.id, ClientChanges(requires_pkce=True))

    answer = redirected(client.http.get(client.url()))

    assert answer["error"] == "invalid_request"
