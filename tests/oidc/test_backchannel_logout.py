"""Clients are told when a session ends, once, and again until they have answered."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from authserver.administration.clients import ClientChanges
from authserver.domain.logout_notices import LogoutNoticeState
from authserver.domain.signing_keys import SigningAlgorithm
from tests.oidc.logout import by_hint, location
from tests.oidc.relying_party import EMAIL, RelyingParty, header_of
from tests.oidc.told_client import (
    ToldSite,
    audience_of,
    eventually,
    notices,
    register,
    telling_provider,
    told_client,
    verified,
)
from tests.support.person import Person, forms_of
from tests.support.provider import HOME, Provider

STATE = LogoutNoticeState


@pytest.fixture
def telling(any_database: str, tmp_path: Path) -> Iterator[tuple[Provider, ToldSite]]:
    with telling_provider(tmp_path, any_database) as both:
        yield both


@pytest.fixture
def site(telling: tuple[Provider, ToldSite]) -> ToldSite:
    return telling[1]


@pytest.fixture
def client(telling: tuple[Provider, ToldSite]) -> RelyingParty:
    return told_client(telling[0], telling[1].url)


def settled(client: RelyingParty, state: LogoutNoticeState) -> None:
    eventually(lambda: [each.state for each in notices(client.provider, client)] == [state])


def test_the_leaving_client_and_its_neighbour_get_a_token_each(
    client: RelyingParty, site: ToldSite
) -> None:
    anna = client.provider.person()
    neighbour = told_client(client.provider, site.url)
    deaf = RelyingParty.registered(client.provider)
    stranger = told_client(client.provider, site.url)
    tokens = client.tokens(anna)
    for party in (neighbour, deaf):
        party.silent_code(anna)

    assert location(anna.follow(by_hint(client, tokens))) == HOME

    signed_in = client.claims(tokens["id_token"])
    by_audience = {audience_of(token): token for token in site.tokens(2)}
    assert by_audience.keys() == {client.id, neighbour.id}
    for party in (client, neighbour):
        claims = verified(party, by_audience[party.id])
        assert (claims["sub"], claims["sid"]) == (signed_in["sub"], signed_in["sid"])
    settled(client, STATE.DELIVERED)
    settled(neighbour, STATE.DELIVERED)
    assert notices(client.provider, stranger) == notices(client.provider, deaf) == []


def sign_out_at_account(provider: Provider, person: Person) -> None:
    page = person.follow(f"{provider.endpoint}/account")
    person.submit(next(f for f in forms_of(page) if f.action.path == "/account/sign-out"))


def end_all(provider: Provider, person: Person) -> None:
    page = person.follow(f"{provider.endpoint}/account/sessions")
    person.submit(next(f for f in forms_of(page) if f.action.path.endswith("/end-all")))


WAYS: dict[str, Callable[[Provider, Person], object]] = {
    "sign-out at the account page": sign_out_at_account,
    "sign-out everywhere at the account page": end_all,
    "suspension": lambda provider, _: provider.server.accounts.suspend(EMAIL),
    "deletion": lambda provider, _: provider.server.accounts.delete(EMAIL),
}


@pytest.mark.parametrize("way", WAYS)
def test_however_a_session_ends_its_clients_are_told(
    client: RelyingParty, site: ToldSite, way: str
) -> None:
    anna = client.provider.person()
    signed_in = client.claims(client.tokens(anna)["id_token"])

    WAYS[way](client.provider, anna)

    claims = verified(client, site.tokens(1)[0])
    assert (claims["sub"], claims["sid"]) == (signed_in["sub"], signed_in["sid"])
    settled(client, STATE.DELIVERED)


def test_a_session_that_ended_before_is_not_told_of_again(
    client: RelyingParty, site: ToldSite
) -> None:
    anna = client.provider.person()
    client.tokens(anna)
    sign_out_at_account(client.provider, anna)
    settled(client, STATE.DELIVERED)

    client.provider.server.accounts.suspend(EMAIL)

    assert len(notices(client.provider)) == 1
    assert len(site.tokens(1)) == 1


def test_the_token_is_signed_as_the_clients_id_tokens_are(
    client: RelyingParty, site: ToldSite
) -> None:
    anna = client.provider.person()
    client.tokens(anna)
    client.provider.server.signing_keys.rotate(SigningAlgorithm.ES384)
    changes = ClientChanges(id_token_algorithm=SigningAlgorithm.ES384)
    client.provider.server.clients.update(client.id, changes)

    sign_out_at_account(client.provider, anna)

    token = site.tokens(1)[0]
    assert header_of(token)["alg"] == "ES384"
    assert verified(client, token)


def test_a_broken_client_is_told_again_with_another_token(
    client: RelyingParty, site: ToldSite
) -> None:
    site.statuses[:] = [500, 302, 204]
    anna = client.provider.person()
    client.tokens(anna)

    sign_out_at_account(client.provider, anna)
    seen = [verified(client, site.tokens(1)[0])]
    for number, (wait, outcome) in enumerate(((2, "status_500"), (10, "status_302")), 2):
        eventually(lambda wanted=outcome: notices(client.provider)[0].last_outcome == wanted)
        client.provider.clock.advance(timedelta(seconds=wait))
        seen.append(verified(client, site.tokens(number)[-1]))

    settled(client, STATE.DELIVERED)
    assert len({claims["jti"] for claims in seen}) == 3
    assert notices(client.provider)[0].last_outcome == "status_204"


def test_a_client_that_refuses_is_left_alone(client: RelyingParty, site: ToldSite) -> None:
    site.statuses[:] = [400]
    anna = client.provider.person()
    client.tokens(anna)

    sign_out_at_account(client.provider, anna)

    settled(client, STATE.REFUSED)
    assert notices(client.provider)[0].finished_at is not None


def test_a_client_that_never_answers_is_given_up_after_five_tries(
    client: RelyingParty, site: ToldSite
) -> None:
    site.statuses[:] = [503]
    anna = client.provider.person()
    client.tokens(anna)

    sign_out_at_account(client.provider, anna)
    for tries in range(1, 6):
        site.tokens(tries)
        eventually(lambda: notices(client.provider)[0].state is not STATE.SENDING)
        client.provider.clock.advance(timedelta(minutes=5))

    settled(client, STATE.GIVEN_UP)
    assert notices(client.provider)[0].claims == 5


@pytest.mark.parametrize("url", ["https://127.0.0.1:1/told", "http://localhost:9/told"])
def test_an_address_in_a_private_network_is_never_called(client: RelyingParty, url: str) -> None:
    register(client.provider, client.id, backchannel_logout_uri=url)
    anna = client.provider.person()
    client.tokens(anna)

    sign_out_at_account(client.provider, anna)

    eventually(lambda: notices(client.provider)[0].last_outcome == "forbidden")


def test_a_client_that_wants_no_notice_any_more_gets_none(
    client: RelyingParty, site: ToldSite
) -> None:
    site.statuses[:] = [503]
    anna = client.provider.person()
    client.tokens(anna)
    sign_out_at_account(client.provider, anna)
    eventually(lambda: notices(client.provider)[0].last_outcome == "status_503")
    register(client.provider, client.id, backchannel_logout_uri=None)

    client.provider.clock.advance(timedelta(seconds=2))

    settled(client, STATE.GIVEN_UP)
    assert notices(client.provider)[0].last_outcome == "no_address"
