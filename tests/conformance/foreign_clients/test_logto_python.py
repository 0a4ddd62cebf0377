"""logto, the Python SDK: secret in the body, endpoint joined without a look at its slashes."""

import asyncio

import pytest
from logto import (  # type: ignore[import-untyped]  # the package carries no type marker
    LogtoClient,
    LogtoConfig,
    LogtoException,
    Storage,
    UserInfoScope,
)

from tests.conformance.foreign_clients.providers import (
    Provider,
    RegisteredClient,
    RunningServer,
    silent_answer,
)
from tests.support.person import Person


class Session(Storage):  # type: ignore[misc]  # its base class is untyped
    """The storage an application brings: one person's session."""

    def __init__(self) -> None:
        self.kept: dict[str, str | None] = {}

    def get(self, key: str) -> str | None:
        return self.kept.get(key)

    def set(self, key: str, value: str | None) -> None:
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


def registered(provider: Provider) -> RegisteredClient:
    return provider.register(
        redirect_uri="http://localhost:3997/callback",
        post_logout_redirect_uri="http://localhost:3997/",
        authentication="post",
    )


def logto(
    endpoint: str, client: RegisteredClient, session: Session, *scopes: UserInfoScope
) -> LogtoClient:
    config = LogtoConfig(
        endpoint=endpoint,
        appId=client.client_id,
        appSecret=client.client_secret,
        scopes=list(scopes),
    )
    return LogtoClient(config, session)


@pytest.mark.parametrize("slash", ["", "/"])
def test_logto_for_python_signs_in_reads_userinfo_refreshes_and_signs_out(
    provider: Provider, person: Person, slash: str
) -> None:
    email = f"logto-python-{len(slash)}@example.com"
    client = registered(provider)
    session = Session()
    sdk = logto(provider.endpoint + slash, client, session, UserInfoScope.email)

    async def walk() -> None:
        callback = person.sign_in(await sdk.signIn(client.redirect_uri), email)
        await sdk.handleSignInCallback(callback)
        claims = sdk.getIdTokenClaims()
        userinfo = await sdk.fetchUserInfo()
        first = await sdk.getAccessToken()
        session.delete("accessTokenMap")
        second = await sdk.getAccessToken()

        assert claims.aud == client.client_id
        assert userinfo.sub == claims.sub
        assert userinfo.email == email
        assert userinfo.email_verified is True
        assert second != first
        assert sdk.getIdTokenClaims().sub == claims.sub

        signed_out = person.sign_out(await sdk.signOut(client.post_logout_redirect_uri))

        assert signed_out == client.post_logout_redirect_uri
        assert sdk.isAuthenticated() is False

    asyncio.run(walk())
    assert silent_answer(person, provider.endpoint, client)["error"] == "login_required"


def test_logto_for_python_cannot_use_a_code_twice(provider: Provider, person: Person) -> None:
    client = registered(provider)
    session = Session()
    sdk = logto(provider.endpoint, client, session)

    async def walk() -> None:
        url = await sdk.signIn(client.redirect_uri)
        started = session.get("signInSession")
        callback = person.sign_in(url, "logto-python-replay@example.com")
        await sdk.handleSignInCallback(callback)
        session.set("signInSession", started)

        with pytest.raises(LogtoException, match="invalid_grant"):
            await sdk.handleSignInCallback(callback)

    asyncio.run(walk())


def test_logtos_own_scopes_and_its_organizations_resource_are_served_with_empty_lists(
    our_server: RunningServer, our_visitor: Person
) -> None:
    client = registered(our_server)
    sdk = logto(
        our_server.endpoint,
        client,
        Session(),
        *(UserInfoScope.custom_data, UserInfoScope.identities),
        *(UserInfoScope.organizations, UserInfoScope.organization_roles),
    )

    async def walk() -> None:
        url = await sdk.signIn(client.redirect_uri, interactionMode="signUp")
        callback = our_visitor.sign_in(url, "logto-python-organizations@example.com")
        await sdk.handleSignInCallback(callback)
        userinfo = await sdk.fetchUserInfo()

        assert userinfo.organizations == []
        assert userinfo.organization_roles == []

    asyncio.run(walk())
