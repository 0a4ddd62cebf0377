"""mod_auth_openidc, written in C: Apache as relying party, and as the server of an API."""

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from tests.conformance.foreign_clients.apache import found_apache, guarded_site
from tests.conformance.foreign_clients.providers import Provider, RegisteredClient, silent_answer
from tests.support.person import Person
from tests.support.server_process import free_port


@pytest.fixture(scope="module")
def apache() -> str:
    return found_apache()


@pytest.fixture
def site(apache: str, provider: Provider) -> Iterator[RegisteredClient]:
    """Run Apache with the client that it is."""
    port = free_port()
    origin = f"http://localhost:{port}"
    client = provider.register(
        redirect_uri=f"{origin}/callback",
        post_logout_redirect_uri=f"{origin}/signed-out/",
        authentication="basic",
    )
    with guarded_site(apache, port, provider.endpoint, client):
        yield client


def asked_api(site: RegisteredClient, token: str) -> int:
    url = httpx.URL(site.redirect_uri).join("/api/")
    answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    return answer.status_code


def test_apache_signs_people_in_refreshes_guards_an_api_and_signs_out(
    provider: Provider, person: Person, site: RegisteredClient
) -> None:
    email = "apache@example.com"
    home = str(httpx.URL(site.redirect_uri).join("/"))

    page = person.visit(person.sign_in(home, email))
    first = person.visit(f"{site.redirect_uri}?info=json").json()
    query = "info=json&access_token_refresh_interval=0"
    second = person.visit(f"{site.redirect_uri}?{query}").json()
    tokens = (second["access_token"], second["access_token"][:-1])
    statuses = [asked_api(site, token) for token in tokens]
    after = quote(site.post_logout_redirect_uri, safe="")
    signed_out = person.sign_out(f"{site.redirect_uri}?logout={after}")

    assert (str(page.url), page.text) == (home, "Welcome\n")
    assert first["id_token"]["aud"] == site.client_id
    assert first["userinfo"]["sub"] == first["id_token"]["sub"]
    assert first["userinfo"]["email"] == email
    assert second["access_token"] != first["access_token"]
    assert statuses == [200, 401]
    assert signed_out == site.post_logout_redirect_uri
    assert person.visit(signed_out).text == "Welcome\n"
    # The module revokes what it holds before it lets somebody go.
    assert asked_api(site, second["access_token"]) == 401
    assert silent_answer(person, provider.endpoint, site)["error"] == "login_required"
