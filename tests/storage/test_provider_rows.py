from datetime import timedelta

import pytest

from authserver.domain.api_resources import (
    ApiResource,
    ApiScope,
    Permission,
    Role,
    permitted_scopes,
)
from authserver.domain.client_metadata import ClientAuthenticationMethod, ClientMetadata
from authserver.domain.grants import Grant, GrantId
from authserver.domain.logout_notices import LogoutNotice, LogoutNoticeId, LogoutNoticeState
from authserver.domain.registration_tokens import InitialAccessToken
from authserver.domain.scopes import ScopeSet
from authserver.domain.signing_keys import SigningAlgorithm
from authserver.storage.api_resources import ResourceTaken
from authserver.storage.roles import RoleTaken
from authserver.storage.unit_of_work import Storage
from tests.storage.racing import race
from tests.storage.samples import (
    CLIENT,
    LATER,
    NOW,
    SESSION,
    SUBJECT,
    a_client,
    an_authorization,
    store_tokens,
)

BOOKS = "https://books.example/api"
READ, WRITE = ApiScope(name="books:read", description="Read books"), ApiScope(name="books:write")
METADATA = ClientMetadata(
    logo_uri="https://shop.example/logo.png",
    contacts=("it@shop.example",),
    token_endpoint_auth_method=ClientAuthenticationMethod.PRIVATE_KEY_JWT,
    jwks={"keys": []},
    grant_types=("authorization_code",),
    userinfo_signed_response_alg=SigningAlgorithm.ES256,
    default_max_age=timedelta(minutes=5),
    access_token_lifetime=timedelta(minutes=10),
    is_third_party=True,
)


def books(**changes: object) -> ApiResource:
    valid: dict[str, object] = {
        "indicator": BOOKS,
        "name": "Books",
        "scopes": (READ, WRITE),
        "access_token_lifetime": timedelta(minutes=30),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return ApiResource(**valid | changes)  # type: ignore[arg-type]  # names of fields


def reader(**changes: object) -> Role:
    valid: dict[str, object] = {
        "name": "reader",
        "description": "Reads",
        "permissions": frozenset({Permission(BOOKS, READ.name)}),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Role(**valid | changes)  # type: ignore[arg-type]  # names of fields


def a_notice() -> LogoutNotice:
    return LogoutNotice(
        id=LogoutNoticeId("notice"),
        client_id=CLIENT,
        subject=SUBJECT,
        session_id=SESSION,
        due_at=NOW,
        created_at=NOW,
    )


def test_a_client_comes_back_with_its_metadata_and_changes_it(storage: Storage) -> None:
    with storage.writing() as work:
        work.clients.add(a_client(metadata=METADATA))
        added = work.clients.find(CLIENT)
        work.clients.change(a_client(metadata=ClientMetadata(is_dynamic=True)))
        changed = work.clients.find(CLIENT)

    assert added == a_client(metadata=METADATA)
    assert changed == a_client(metadata=ClientMetadata(is_dynamic=True))


def test_metadata_of_a_newer_version_is_passed_over() -> None:
    assert ClientMetadata.of({"is_third_party": True, "unheard_of": 1}) == ClientMetadata(
        is_third_party=True
    )


def test_an_api_comes_back_as_it_was_and_its_indicator_is_unique(storage: Storage) -> None:
    with storage.writing() as work:
        work.api_resources.add(books())
        added = work.api_resources.find(BOOKS)
        work.api_resources.change(books(name="More books", access_token_lifetime=None))
        changed = work.api_resources.list()
        work.commit()

    assert added == books()
    assert changed == [books(name="More books", access_token_lifetime=None)]
    with pytest.raises(ResourceTaken), storage.writing() as work:
        work.api_resources.add(books())


def test_roles_are_held_by_accounts_and_services_until_taken_or_deleted(storage: Storage) -> None:
    store_tokens(storage)

    with storage.writing() as work:
        work.roles.add(reader())
        work.roles.assign_to_account(SUBJECT, "reader")
        work.roles.assign_to_client(CLIENT, "reader")
        held = work.roles.of_account(SUBJECT), work.roles.of_client(CLIENT)
        taken = [work.roles.remove_from_account(SUBJECT, "reader") for _ in range(2)]
        work.roles.delete("reader")
        left = work.roles.of_account(SUBJECT), work.roles.of_client(CLIENT), work.roles.all()

    assert held == ([reader()], [reader()])
    assert taken == [True, False]
    assert left == ([], [], [])


def test_a_role_can_be_held_and_made_only_once(storage: Storage) -> None:
    store_tokens(storage)
    with storage.writing() as work:
        work.roles.add(reader())
        work.roles.assign_to_account(SUBJECT, "reader")
        work.commit()

    with pytest.raises(RoleTaken), storage.writing() as work:
        work.roles.assign_to_account(SUBJECT, "reader")
    with pytest.raises(RoleTaken), storage.writing() as work:
        work.roles.add(reader())


def test_roles_permit_only_scopes_that_the_api_has() -> None:
    stale = reader(permissions=frozenset({Permission(BOOKS, "gone"), Permission("x", READ.name)}))

    assert permitted_scopes(books(), [reader(), stale]) == {READ.name}


def test_a_grant_is_one_for_each_pair_until_it_is_withdrawn(storage: Storage) -> None:
    store_tokens(storage)
    grant = Grant(
        id=GrantId("grant"),
        subject=SUBJECT,
        client_id=CLIENT,
        scopes=ScopeSet.parse("openid email"),
        resources={BOOKS: (READ.name,)},
        created_at=NOW,
        updated_at=NOW,
    )
    with storage.writing() as work:
        work.grants.put(grant)
        work.grants.put(grant)
        found, listed = work.grants.find(SUBJECT, CLIENT), work.grants.list(SUBJECT)
        withdrawn = [work.grants.withdraw(SUBJECT, CLIENT) for _ in range(2)]

    assert (found, listed) == (grant, [grant])
    assert withdrawn == [True, False]
    assert grant.covers(ScopeSet.parse("email"), {BOOKS: (READ.name,)})
    assert not grant.covers(ScopeSet.parse("email phone"), {})
    assert not grant.covers(ScopeSet.parse("email"), {BOOKS: (WRITE.name,)})


def test_an_authorization_remembers_the_apis_it_is_good_for(storage: Storage) -> None:
    store_tokens(storage)
    authorization = an_authorization(id="other", resources={BOOKS: (READ.name,)})

    with storage.writing() as work:
        work.authorizations.add(authorization, LATER)
        found = work.authorizations.find(authorization.id)

    assert found == authorization


def test_a_logout_notice_is_claimed_by_one_and_settled_by_its_holder(storage: Storage) -> None:
    store_tokens(storage)
    with storage.writing() as work:
        work.logout_notices.add(a_notice())
        first = work.logout_notices.claim_due(NOW, LATER, 5)
        none = work.logout_notices.claim_due(NOW, LATER, 5)
        again = work.logout_notices.claim_due(LATER, LATER + timedelta(minutes=1), 5)
        lost = work.logout_notices.finish(first[0], LogoutNoticeState.DELIVERED, "200", LATER)
        settled = work.logout_notices.finish(again[0], LogoutNoticeState.DELIVERED, "200", LATER)
        kept = work.logout_notices.recent(None, 5)

    assert (len(first), none, len(again)) == (1, [], 1)
    assert (lost, settled) == (False, True)
    assert kept[0].state is LogoutNoticeState.DELIVERED


def test_of_threads_with_one_assertion_one_may_use_it(storage: Storage) -> None:
    def use() -> bool:
        with storage.writing() as work:
            is_first = work.client_assertions.use(CLIENT, "jti", LATER)
            work.commit()
        return is_first

    assert race(8, use).count(True) == 1


def test_an_initial_access_token_is_used_as_often_as_it_says(storage: Storage) -> None:
    tokens = [
        InitialAccessToken(digest=b"twice", uses_left=2, created_at=NOW, expires_at=LATER),
        InitialAccessToken(digest=b"freely", uses_left=None, created_at=NOW),
    ]
    with storage.writing() as work:
        for token in tokens:
            work.registration_tokens.add_initial(token)
        twice = [work.registration_tokens.use_initial(b"twice", NOW) for _ in range(3)]
        freely = [work.registration_tokens.use_initial(b"freely", LATER) for _ in range(3)]
        late = work.registration_tokens.use_initial(b"twice", LATER)

    assert twice == [True, True, False]
    assert freely == [True, True, True]
    assert late is False


def test_the_token_that_manages_a_registration_gives_way_to_a_newer_one(storage: Storage) -> None:
    store_tokens(storage)

    with storage.writing() as work:
        work.registration_tokens.replace_access(CLIENT, b"one", NOW)
        work.registration_tokens.replace_access(CLIENT, b"two", NOW)
        found = [work.registration_tokens.find_client(each) for each in (b"one", b"two")]

    assert found == [None, CLIENT]
