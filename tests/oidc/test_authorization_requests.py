"""How an authorization request is read, and how its faults are told."""

import json
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from authserver.domain.clients import ClientKind
from tests.oidc.relying_party import (
    STATE,
    RelyingParty,
    answer_in,
    error_page,
    redirected,
)
from tests.support.person import forms_of
from tests.support.provider import CALLBACK, ENDPOINT, Provider

ISSUER = f"{ENDPOINT}/oidc"
ORGANIZATIONS = "urn:logto:resource:organizations"
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
HARD_STATE = "".join(chr(code) for code in range(0x20, 0x7F)) + "äß漢\t\r\n"


def asked(client: RelyingParty, **changes: str | None) -> httpx.Response:
    return client.http.get(client.url(**changes))


def asked_with(client: RelyingParty, *more: tuple[str, str]) -> httpx.Response:
    query = urlencode([*client.parameters().items(), *more])
    return client.http.get(f"/oidc/auth?{query}")


def leads_to_sign_in(response: httpx.Response) -> bool:
    location = response.headers.get("Location", "")
    return response.status_code == 303 and location.startswith(f"{ENDPOINT}/sign-in/")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://localhost/request"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"resource": "https://api.example.com"}, "invalid_target"),
        ({"resource": f"{ORGANIZATIONS},https://api.example.com"}, "invalid_target"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1.5"}, "invalid_request"),
        ({"max_age": "٣"}, "invalid_request"),
        ({"nonce": "n" * 1001}, "invalid_request"),
        ({"claims": "{"}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"claims": '{"userinfo": "name"}'}, "invalid_request"),
        ({"claims": '{"id_token": ["name"]}'}, "invalid_request"),
        ({"claims": "[" * 3000}, "invalid_request"),
        ({"claims": json.dumps({"userinfo": {"a" * 5000: None}})}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_fault_is_told_to_the_client_with_state_and_issuer(
    shared_client: RelyingParty, changes: dict[str, str | None], error: str, method: str
) -> None:
    if method == "GET":
        response = asked(shared_client, **changes)
    else:
        posted = shared_client.http.post("/oidc/auth", data=shared_client.parameters(**changes))
        response = shared_client.http.get(posted.headers["Location"])

    answer = redirected(response)

    assert set(answer) == {"error", "error_description", "state", "iss"}
    assert (answer["error"], answer["state"], answer["iss"]) == (error, STATE, ISSUER)
    assert DESCRIPTION.fullmatch(answer["error_description"])


@pytest.mark.parametrize(
    "name", ["scope", "nonce", "code_challenge", "prompt", "response_type", "max_age", "unknown"]
)
def test_a_parameter_sent_twice_is_refused_even_with_the_same_value(
    shared_client: RelyingParty, name: str
) -> None:
    value = shared_client.parameters().get(name, "1")
    query = urlencode([*shared_client.parameters(**{name: None}).items(), (name, value)])

    answer = redirected(shared_client.http.get(f"/oidc/auth?{query}&{urlencode({name: value})}"))

    assert (answer["error"], answer["state"]) == ("invalid_request", STATE)
    assert DESCRIPTION.fullmatch(answer["error_description"])


@pytest.mark.parametrize("name", ['"', "\\", "ä", "\r\nX-Injected: 1", "é\x7f", "<script>"])
def test_the_name_of_a_repeated_parameter_cannot_spoil_the_description(
    shared_client: RelyingParty, name: str
) -> None:
    answer = redirected(asked_with(shared_client, (name, "1"), (name, "2")))

    assert DESCRIPTION.fullmatch(answer["error_description"])


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "response_mode"])
def test_who_is_answered_where_and_how_must_not_be_said_twice(
    shared_client: RelyingParty, name: str
) -> None:
    value = shared_client.parameters(response_mode="query")[name]

    response = asked_with(shared_client, (name, value), (name, value))

    error_page(response)


@pytest.mark.parametrize(
    "name", ["prompt", "max_age", "nonce", "claims", "login_hint", "request", "request_uri", "x"]
)
def test_an_empty_parameter_counts_as_absent(shared_client: RelyingParty, name: str) -> None:
    assert leads_to_sign_in(asked(shared_client, **{name: ""}))


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown": "parameter"},
        {"display": "popup"},
        {"claims_locales": "de fr"},
        {"acr_values": "urn:example:gold 1"},
        {"ui_locales": "xx-YY !! de"},
        {"login_hint": "nobody@example.com"},
        {"scope": "openid no such scopes"},
        {"scope": "profile   email openid openid"},
        {"resource": ORGANIZATIONS},
        {"prompt": "unheard of"},
        {"identifier": "email username", "first_screen": "identifier:sign_in"},
        {"identifiers": "email", "interaction_mode": "signIn", "direct_sign_in": "social:x"},
        {"organization_id": "one", "one_time_token": "abc"},
        {"state": None},
        {"state": "s" * 2000},
    ],
    ids=str,
)
def test_what_a_client_may_send_beside_the_basics_is_no_error(
    shared_client: RelyingParty, changes: dict[str, str | None]
) -> None:
    assert leads_to_sign_in(asked(shared_client, **changes))


def test_resource_alone_may_be_repeated(shared_client: RelyingParty) -> None:
    more = [("resource", ORGANIZATIONS), ("resource", ORGANIZATIONS)]

    assert leads_to_sign_in(asked_with(shared_client, *more))


def test_characters_that_should_have_been_encoded_are_tolerated(
    shared_client: RelyingParty,
) -> None:
    parameters = shared_client.parameters(scope="openid profile", redirect_uri=CALLBACK)
    query = "&".join(f"{name}={value}" for name, value in parameters.items())

    # As bytes, or this client would encode them.
    url = httpx.URL(f"{ENDPOINT}/oidc/auth").copy_with(raw_path=f"/oidc/auth?{query}".encode())

    assert " " in query
    assert leads_to_sign_in(shared_client.http.get(url))


def test_the_order_of_parameters_does_not_matter(shared_client: RelyingParty) -> None:
    backwards = urlencode(list(reversed(shared_client.parameters().items())))

    assert leads_to_sign_in(shared_client.http.get(f"/oidc/auth?{backwards}"))


def test_a_posted_request_is_led_to_a_get_with_the_same_parameters(
    shared_client: RelyingParty,
) -> None:
    parameters = shared_client.parameters(state=HARD_STATE, login_hint="a+b@example.com")

    response = shared_client.http.post("/oidc/auth", data=parameters)

    assert response.status_code == 303
    target = urlsplit(response.headers["Location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{ISSUER}/auth"
    assert dict(parse_qsl(target.query)) == parameters


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", ""])
def test_a_posted_request_must_be_a_form(shared_client: RelyingParty, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}

    response = shared_client.http.post("/oidc/auth", content=b"{}", headers=headers)

    assert response.status_code == 415
    error_page(response)


@pytest.mark.parametrize("query", ["state=%ff", "state=%00", "&".join(["a=1"] * 101)])
def test_a_query_that_cannot_be_read_is_an_error_page(
    shared_client: RelyingParty, query: str
) -> None:
    response = shared_client.http.get(f"{shared_client.url()}&{query}")

    assert response.status_code == 400
    error_page(response)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "unknown"},
        {"client_id": "authserver-account"},
        {"client_id": "x" * 5000},
        {"client_id": "<script>alert(1)</script>"},
        {"redirect_uri": None},
        {"response_mode": "fragment"},
        {"response_mode": "web_message"},
        {"state": "s" * 2001},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_without_a_trusted_target_the_person_sees_the_fault(
    shared_client: RelyingParty, changes: dict[str, str | None]
) -> None:
    page = error_page(asked(shared_client, **changes))

    assert "Reference number" in page
    assert "<script>alert" not in page


def test_a_service_cannot_ask_for_people(shared_provider: Provider) -> None:
    made = shared_provider.server.clients.create(name="Worker", kind=ClientKind.SERVICE)
    worker = RelyingParty(shared_provider, made)

    error_page(asked(worker))


@pytest.mark.parametrize("state", [HARD_STATE, "a", "0" * 128, "-._~", "+ %2B", "<b>&amp;\"'"])
def test_state_comes_back_byte_for_byte_and_nothing_is_added(
    shared_client: RelyingParty, state: str
) -> None:
    answer = redirected(asked(shared_client, state=state, prompt="none"))

    assert answer["state"] == state


def test_where_no_state_was_sent_none_comes_back(client: RelyingParty) -> None:
    location = client.provider.person().sign_in(client.url(state=None), "anna@example.com")

    assert set(answer_in(location)) == {"code", "iss"}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("anna@example.com", "anna@example.com"),
        ("anna books@example.com", "anna+books@example.com"),
        ("anna+books@example.com", "anna+books@example.com"),
        (" anna@example.com ", "anna@example.com"),
        ('"><script>alert(1)</script>', '"><script>alert(1)</script>'.replace(" ", "+")),
    ],
)
def test_the_login_hint_fills_the_first_page(
    shared_client: RelyingParty, sent: str, shown: str
) -> None:
    page = shared_client.provider.person().follow(shared_client.url(login_hint=sent))

    assert "<script>alert" not in page.text
    assert [form.fields["email"] for form in forms_of(page) if "email" in form.fields] == [shown]


@pytest.mark.parametrize(
    ("wished", "spoken"),
    [("zh-CN", "zh"), ("xx zh-Hans en", "zh"), ("xx en zh", "en"), ("xx", "en"), ("!", "en")],
)
def test_the_pages_speak_the_language_that_the_client_wishes_for(
    shared_client: RelyingParty, wished: str, spoken: str
) -> None:
    page = shared_client.provider.person().follow(shared_client.url(ui_locales=wished))

    assert f'<html lang="{spoken}' in page.text


@pytest.mark.parametrize(
    "changes", [{"prompt": "create"}, {"first_screen": "register"}, {"interaction_mode": "signUp"}]
)
def test_a_client_may_begin_with_the_page_that_creates_an_account(
    shared_client: RelyingParty, changes: dict[str, str | None]
) -> None:
    response = asked(shared_client, **changes)

    assert response.headers["Location"].startswith(f"{ENDPOINT}/register/")
