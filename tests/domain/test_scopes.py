from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.domain.accounts import Account, AccountOrigin, Subject
from authserver.domain.email_address import EmailAddress
from authserver.domain.scopes import (
    CLAIMS_OF_SCOPE,
    SUPPORTED_SCOPES,
    ScopeSet,
    claims_of,
    released_claims,
)

NOW = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)
ADA = Account(
    subject=Subject("ada"),
    address=EmailAddress(typed="Ada@example.com", canonical="ada@example.com"),
    email_proven_at=NOW,
    claims={"name": "Ada", "nickname": "", "picture": None, "unheard_of": 1, "sub": "eve"},
    origin=AccountOrigin.REGISTRATION,
    created_at=NOW,
    updated_at=NOW,
)


def test_words_that_are_no_scopes_are_ignored() -> None:
    scopes = ScopeSet.parse("openid  email unheard_of OPENID email")

    assert list(scopes) == ["openid", "email"]
    assert str(scopes) == "openid email"
    assert "email" in scopes
    assert "unheard_of" not in scopes


@given(st.lists(st.sampled_from(SUPPORTED_SCOPES)))
def test_scopes_come_back_from_their_text(words: list[str]) -> None:
    scopes = ScopeSet(frozenset(words))

    assert ScopeSet.parse(str(scopes)) == scopes


@given(st.sets(st.sampled_from(SUPPORTED_SCOPES)), st.sets(st.sampled_from(SUPPORTED_SCOPES)))
def test_scopes_cover_their_subsets_only(first: set[str], second: set[str]) -> None:
    covers = ScopeSet(frozenset(first)).covers(ScopeSet(frozenset(second)))

    assert covers == (second <= first)


def test_empty_claims_are_left_out() -> None:
    claims = claims_of(ADA)

    assert not {"nickname", "picture"} & claims.keys()
    assert claims["name"] == "Ada"


def test_openid_alone_releases_nothing_but_the_subject() -> None:
    assert released_claims(ADA, ["openid", "offline_access"]) == {}


def test_the_email_scope_releases_the_address_and_whether_it_is_proven() -> None:
    assert released_claims(ADA, ["email"]) == {"email": "Ada@example.com", "email_verified": True}


def test_the_profile_scope_releases_no_address() -> None:
    assert released_claims(ADA, ["profile"]) == {
        "name": "Ada",
        "updated_at": int(NOW.timestamp()),
        "created_at": int(NOW.timestamp()),
    }


def test_a_claim_is_released_where_it_is_requested_by_name() -> None:
    assert released_claims(ADA, ["openid"], ["name", "email_verified"]) == {
        "name": "Ada",
        "email_verified": True,
    }


@pytest.mark.parametrize("name", ["roles", "custom_data", "unheard_of", "sub", "identities"])
def test_what_is_no_standard_claim_cannot_be_requested_by_name(name: str) -> None:
    assert released_claims(ADA, ["openid"], [name]) == {}


@pytest.mark.parametrize("scope", SUPPORTED_SCOPES)
def test_a_scope_releases_no_claim_of_another(scope: str) -> None:
    assert released_claims(ADA, [scope]).keys() <= set(CLAIMS_OF_SCOPE.get(scope, ()))


def test_an_operator_cannot_set_what_the_server_knows_better() -> None:
    claims = {"email": "eve@example.com", "email_verified": True, "roles": ["admin"]}
    account = Account(
        subject=ADA.subject,
        address=ADA.address,
        claims=claims,
        origin=AccountOrigin.OPERATOR,
        created_at=NOW,
        updated_at=NOW,
    )

    assert released_claims(account, ["email", "roles"]) == {
        "email": "Ada@example.com",
        "email_verified": False,
        "roles": [],
    }
