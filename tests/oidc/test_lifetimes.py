"""How long tokens live: as the API says, else as the client says, else as the settings say."""

from datetime import timedelta

import pytest

from authserver.administration.api_resources import ApiChanges
from authserver.administration.clients import ClientChanges
from tests.oidc.relying_party import RelyingParty, body_of, refusal

BOOKS = "https://books.example/api"
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
OF_API, OF_CLIENT = timedelta(minutes=2), timedelta(minutes=10)


def lives(client: RelyingParty, **lifetimes: timedelta) -> None:
    client.provider.server.clients.update(client.id, ClientChanges(metadata=lifetimes))


def is_live(client: RelyingParty, token: str) -> bool:
    answer = body_of(client.post("/oidc/token/introspection", token=token))
    return bool(answer["active"])


def test_a_clients_access_tokens_live_as_long_as_it_says(client: RelyingParty) -> None:
    lives(client, access_token_lifetime=OF_CLIENT)

    tokens = client.tokens()
    statuses = []
    for step in (OF_CLIENT - SECOND, SECOND):
        client.provider.clock.advance(step)
        statuses.append(client.userinfo(tokens["access_token"]).status_code)

    assert tokens["expires_in"] == OF_CLIENT.total_seconds()
    assert statuses == [200, 401]
    again = body_of(client.refresh(tokens["refresh_token"]))
    assert again["expires_in"] == OF_CLIENT.total_seconds()


def test_a_clients_id_tokens_live_as_long_as_it_says(client: RelyingParty) -> None:
    lives(client, id_token_lifetime=OF_CLIENT)

    tokens = client.tokens()
    again = body_of(client.refresh(tokens["refresh_token"]))

    for each in (tokens, again):
        claims = client.claims(each["id_token"])
        assert claims["exp"] - claims["iat"] == OF_CLIENT.total_seconds()
    assert tokens["expires_in"] == HOUR.total_seconds()


def test_a_clients_refresh_tokens_run_out_when_they_are_not_used_for_as_long_as_it_says(
    client: RelyingParty,
) -> None:
    lives(client, refresh_token_lifetime=DAY)
    tokens = client.tokens()

    for _ in range(3):
        client.provider.clock.advance(DAY - SECOND)
        tokens = body_of(client.refresh(tokens["refresh_token"]))
    client.provider.clock.advance(DAY)

    assert refusal(client.refresh(tokens["refresh_token"])) == "invalid_grant"


def test_no_client_prolongs_a_family_beyond_the_setting(client: RelyingParty) -> None:
    longest = client.provider.server.loaded.settings.lifetimes.refresh_max
    lives(client, refresh_token_lifetime=longest)
    tokens = client.tokens()
    client.provider.clock.advance(longest - SECOND)
    tokens = body_of(client.refresh(tokens["refresh_token"]))

    client.provider.clock.advance(SECOND)

    assert refusal(client.refresh(tokens["refresh_token"])) == "invalid_grant"


@pytest.mark.parametrize(
    ("of_api", "of_client", "expected"),
    [
        (None, None, HOUR),
        (None, OF_CLIENT, OF_CLIENT),
        (OF_API, None, OF_API),
        (OF_API, OF_CLIENT, OF_API),
        (OF_CLIENT, OF_API, OF_CLIENT),
    ],
)
def test_an_apis_lifetime_goes_before_the_clients_and_that_before_the_setting(
    client: RelyingParty,
    of_api: timedelta | None,
    of_client: timedelta | None,
    expected: timedelta,
) -> None:
    apis = client.provider.server.apis
    apis.create(BOOKS, ApiChanges(access_token_lifetime=of_api))
    if of_client is not None:
        lives(client, access_token_lifetime=of_client)
    code = client.sign_in(resource=BOOKS)

    for_api = body_of(client.exchange(code, resource=BOOKS))
    for_userinfo = body_of(client.refresh(for_api["refresh_token"]))

    claims = client.claims(for_api["access_token"])
    assert for_api["expires_in"] == claims["exp"] - claims["iat"] == expected.total_seconds()
    assert for_userinfo["expires_in"] == (of_client or HOUR).total_seconds()
    client.provider.clock.advance(expected - SECOND)
    assert is_live(client, for_api["access_token"])
    client.provider.clock.advance(SECOND)
    assert not is_live(client, for_api["access_token"])
