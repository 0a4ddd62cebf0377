"""The claims of a person: who may read them, and what they look like."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.oidc.relying_party import EMAIL, RelyingParty, refusal
from tests.support.person import forms_of

STANDARD_CLAIMS: dict[str, object] = {
    "name": "Anna Bell",
    "given_name": "Anna",
    "family_name": "Bell",
    "middle_name": "Clara",
    "nickname": "Ann",
    "preferred_username": "anna",
    "username": "anna",
    "profile": "https://example.com/anna",
    "picture": "https://example.com/anna.png",
    "website": "https://anna.example.com",
    "gender": "female",
    "birthdate": "0000-12-31",
    "zoneinfo": "Europe/Berlin",
    "locale": "de-DE",
    "phone_number": "+49 30 1234567",
    "phone_number_verified": True,
    "address": {"formatted": "Weg 1\n10115 Berlin", "country": "DE"},
    "custom_data": {"shelf": [1, 2]},
}
ALL_SCOPES = (
    "openid profile email phone address custom_data identities roles"
    " urn:logto:scope:organizations urn:logto:scope:organization_roles"
)
EMPTY: dict[str, object] = {
    "identities": {},
    "sso_identities": [],
    "roles": [],
    "organizations": [],
    "organization_data": [],
    "organization_roles": [],
}


def bearer(token: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"Authorization": f"{scheme} {token}"}


def is_challenged(response: httpx.Response, error: str, status: int) -> bool:
    challenge = response.headers["WWW-Authenticate"]
    assert challenge.startswith("Bearer ")
    return refusal(response, status) == error and f'error="{error}"' in challenge


def test_the_token_may_come_by_header_or_body_but_not_by_both(either_client: RelyingParty) -> None:
    http, token = either_client.http, either_client.tokens()["access_token"]
    body = {"access_token": token}

    answers = [
        http.get("/oidc/me", headers=bearer(token)),
        http.get("/oidc/me", headers=bearer(token, "bEaReR")),
        http.post("/oidc/me", headers=bearer(token)),
        http.post("/oidc/me", data=body),
        http.post("/oidc/me", headers=bearer(token), data={"other": "field"}),
    ]

    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json() == answers[0].json()
    both = http.post("/oidc/me", headers=bearer(token), data=body)
    assert refusal(both) == "invalid_request"


def test_a_token_in_the_query_does_not_count(client: RelyingParty) -> None:
    token = client.tokens()["access_token"]

    assert client.http.get("/oidc/me", params={"access_token": token}).status_code == 401


@pytest.mark.parametrize("token", ["unknown", "a b", "e30.e30.", "x" * 8000, "ä"])
def test_an_invalid_token_is_answered_with_401_and_a_challenge(
    shared_client: RelyingParty, token: str
) -> None:
    header = f"Bearer {token}".encode("latin-1")

    response = shared_client.http.get("/oidc/me", headers={b"Authorization": header})

    assert is_challenged(response, "invalid_token", 401)


def test_no_token_at_all_is_answered_with_401_and_a_bare_challenge(
    shared_client: RelyingParty,
) -> None:
    http, empty = shared_client.http, {"Authorization": "Bearer "}
    for response in (
        http.get("/oidc/me"),
        http.post("/oidc/me"),
        http.get("/oidc/me", headers=empty),
    ):
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="authserver"'


@pytest.mark.parametrize(("seconds", "status"), [(3599, 200), (3600, 401)])
def test_a_token_lives_for_an_hour(client: RelyingParty, seconds: int, status: int) -> None:
    token = client.tokens()["access_token"]
    client.provider.clock.advance(timedelta(seconds=seconds))

    answer = client.userinfo(token)

    assert answer.status_code == status
    assert status == 200 or is_challenged(answer, "invalid_token", 401)


def test_a_token_without_openid_is_good_for_nothing_here(client: RelyingParty) -> None:
    token = client.tokens(scope="profile email")["access_token"]

    assert is_challenged(client.userinfo(token), "insufficient_scope", 403)


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid", set()),
        ("openid email", {"email", "email_verified"}),
        ("openid profile", {"updated_at", "created_at"}),
        ("openid phone address", set()),
        ("openid custom_data", {"custom_data"}),
        ("openid roles", {"roles"}),
        ("openid identities", {"identities", "sso_identities"}),
        ("openid urn:logto:scope:organizations", {"organizations", "organization_data"}),
        ("openid urn:logto:scope:organization_roles", {"organization_roles"}),
    ],
)
def test_a_scope_releases_its_claims_and_empty_ones_are_left_out(
    shared_client: RelyingParty, scope: str, names: set[str]
) -> None:
    claims = shared_client.userinfo(shared_client.tokens(scope=scope)["access_token"]).json()

    assert set(claims) == {"sub"} | names
    assert None not in claims.values()


def test_an_account_with_all_standard_claims_shows_them_in_their_types(
    either_client: RelyingParty,
) -> None:
    client = either_client
    account = client.provider.server.accounts.create(EMAIL, claims=STANDARD_CLAIMS)

    tokens = client.tokens(scope=ALL_SCOPES)
    claims: dict[str, Any] = client.userinfo(tokens["access_token"]).json()

    now = int(client.provider.clock.now().timestamp())
    assert claims == {
        "sub": account.subject,
        **STANDARD_CLAIMS,
        **EMPTY,
        "email": EMAIL,
        "email_verified": True,
        "updated_at": now,
        "created_at": now,
    }
    assert claims["email_verified"] is claims["phone_number_verified"] is True
    assert type(claims["updated_at"]) is int
    in_token = client.claims(tokens["id_token"])
    for name in STANDARD_CLAIMS.keys() - {"custom_data"}:
        assert in_token[name] == STANDARD_CLAIMS[name]
    assert not {"custom_data", *EMPTY} & set(in_token)


def test_an_address_that_nobody_proved_is_not_called_verified(client: RelyingParty) -> None:
    provider = client.provider
    provider.server.accounts.create(EMAIL)
    link = provider.server.accounts.make_sign_in_link(EMAIL).token.reveal()
    person = provider.person()
    page = person.follow(f"{provider.endpoint}/sign-in-link/{link}")
    person.submit(next(form for form in forms_of(page) if form.action == page.url))

    code = client.silent_code(person, prompt="none")

    tokens = client.exchange(code).json()
    assert client.userinfo(tokens["access_token"]).json()["email_verified"] is False
    assert client.claims(tokens["id_token"])["email_verified"] is False


def test_an_administrator_has_the_role(client: RelyingParty) -> None:
    client.provider.server.accounts.create(EMAIL, is_admin=True)

    token = client.tokens(scope="openid roles")["access_token"]

    assert client.userinfo(token).json()["roles"] == ["admin"]


def test_the_subject_is_the_same_for_all_clients_and_tells_nothing(client: RelyingParty) -> None:
    other = RelyingParty.registered(client.provider)
    person = client.provider.person()
    tokens = client.tokens(person)
    again = other.exchange(other.silent_code(person)).json()

    subjects = {
        client.userinfo(tokens["access_token"]).json()["sub"],
        other.userinfo(again["access_token"]).json()["sub"],
    }

    assert len(subjects) == 1
    assert "anna" not in subjects.pop()
