"""What happens between the right code and the way back to the client."""

from urllib.parse import urlencode

import httpx

from tests.support.person import forms_of
from tests.support.provider import CALLBACK, Provider


def authorization_url(provider: Provider) -> str:
    client = provider.new_client(requires_pkce=False).client
    parameters = {
        "client_id": client.id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "prompt": "login",
    }
    return f"{provider.endpoint}/oidc/auth?{urlencode(parameters)}"


def sign_in_until_the_way_back(provider: Provider, http: httpx.Client, email: str) -> str:
    """Return the URL that leads back to the client, without following it."""
    start = http.get(authorization_url(provider)).headers["location"]
    form = forms_of(http.get(start))[0]
    code_page = http.post(form.action, data=form.fields | {"email": email}).headers["location"]
    form = next(each for each in forms_of(http.get(code_page)) if "code" in each.fields)
    answer = http.post(form.action, data=form.fields | {"code": provider.code_for(email)})
    if answer.headers["location"].endswith("/create-account"):
        form = forms_of(http.get(answer.headers["location"]))[0]
        answer = http.post(form.action, data=form.fields)
    return answer.headers["location"]


def test_a_sign_in_whose_session_ended_before_the_way_back_says_so_and_does_not_go_in_circles(
    provider: Provider,
) -> None:
    http = provider.http()
    way_back = sign_in_until_the_way_back(provider, http, "anna@example.com")
    form = next(
        each
        for each in forms_of(http.get("/account"))
        if each.action.path.endswith("/account/sign-out")
    )
    http.post(form.action, data=form.fields)

    answer = http.get(way_back)

    assert answer.status_code == 410


def test_a_browser_that_belongs_to_somebody_else_by_now_is_not_given_the_first_ones_answer(
    provider: Provider,
) -> None:
    http = provider.http()
    way_back = sign_in_until_the_way_back(provider, http, "anna@example.com")
    sign_in_until_the_way_back(provider, http, "berta@example.com")

    answer = http.get(way_back)

    assert answer.status_code == 410
    assert "location" not in answer.headers


def test_a_lost_answer_is_given_again_with_its_session_for_a_minute(provider: Provider) -> None:
    http = provider.http()
    way_back = sign_in_until_the_way_back(provider, http, "anna@example.com")
    for name in [name for name in http.cookies if name.endswith("session")]:
        http.cookies.delete(name)

    again = http.get(way_back)

    assert again.headers["location"].startswith(CALLBACK + "?code=")
    assert http.get("/account").status_code == 200
