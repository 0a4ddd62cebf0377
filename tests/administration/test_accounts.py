"""Making, stopping and deleting accounts, and one-time links."""

from datetime import timedelta

import pytest

from authserver.administration.accounts import AccountAdministration
from authserver.administration.mistakes import AccountInvalid, AccountUnknown
from authserver.domain.accounts import AccountStatus
from authserver.domain.secret import fingerprint
from authserver.domain.sessions import AuthenticationMethod, Session, SessionId
from authserver.storage.unit_of_work import Storage
from tests.support.stopped_clock import StoppedClock

CLAIMS = {
    "name": "Ada Lovelace",
    "birthdate": "1815-12-10",
    "picture": "https://people.example/ada.png",
    "phone_number_verified": True,
    "address": {"street_address": "12 St James's Square\nWestminster", "country": "England"},
    "custom_data": {"shelf": 3},
}


def test_an_account_is_found_by_subject_and_by_any_spelling_of_its_address(
    accounts: AccountAdministration,
) -> None:
    made = accounts.create("Ada@Example.com", is_admin=True, claims=CLAIMS)

    assert accounts.show(made.subject) == accounts.show("ada@example.COM") == made
    assert made.is_admin
    assert made.email_proven_at is None


def test_an_address_has_one_account(accounts: AccountAdministration) -> None:
    accounts.create("ada@example.com")

    with pytest.raises(AccountInvalid, match="has an account"):
        accounts.create("ADA@example.com")

    assert len(accounts.list()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", 7),
        ("name", ""),
        ("name", "Ada\x00"),
        ("given_nane", "Ada"),
        ("email", "other@example.com"),
        ("email_verified", True),
        ("sub", "me"),
        ("phone_number_verified", "yes"),
        ("picture", "javascript:alert(1)"),
        ("website", "http://[x"),
        ("birthdate", "10.12.1815"),
        ("address", "12 St James's Square"),
        ("address", {"town": "London"}),
        ("address", {"country": 44}),
        ("custom_data", ["shelf"]),
    ],
)
def test_a_claim_of_another_type_is_refused(
    accounts: AccountAdministration, name: str, value: object
) -> None:
    with pytest.raises(AccountInvalid, match=name):
        accounts.create("ada@example.com", claims={name: value})

    assert accounts.list() == []


def test_all_faults_of_an_account_are_reported_together(accounts: AccountAdministration) -> None:
    with pytest.raises(AccountInvalid) as refusal:
        accounts.create("no address", claims={"given_nane": "Ada", "locale": 1})

    assert len(refusal.value.faults) == 3
    assert "did you mean given_name?" in str(refusal.value)


def test_a_suspended_account_loses_its_sessions_and_does_not_get_them_back(
    accounts: AccountAdministration, storage: Storage, clock: StoppedClock
) -> None:
    account = accounts.create("ada@example.com")
    now = clock.now()
    session = Session(
        id=SessionId("session"),
        subject=account.subject,
        authenticated_at=now,
        amr=(AuthenticationMethod.MAILED_CODE,),
        created_at=now,
        last_used_at=now,
    )
    with storage.writing() as work:
        work.sessions.add(session, b"digest", now + timedelta(days=1))
        work.commit()

    assert accounts.suspend("ada@example.com").status is AccountStatus.SUSPENDED
    assert accounts.resume(account.subject).status is AccountStatus.ACTIVE

    with storage.reading() as work:
        found = work.sessions.find(session.id)
    assert found is None or found.ended_at is not None


def test_suspending_twice_and_resuming_an_active_account_are_refused(
    accounts: AccountAdministration,
) -> None:
    accounts.create("ada@example.com")
    with pytest.raises(AccountInvalid, match="is not suspended"):
        accounts.resume("ada@example.com")

    accounts.suspend("ada@example.com")

    with pytest.raises(AccountInvalid, match="is suspended"):
        accounts.suspend("ada@example.com")
    with pytest.raises(AccountInvalid, match="resume it first"):
        accounts.make_sign_in_link("ada@example.com")


def test_a_deleted_account_is_gone_and_its_address_free(accounts: AccountAdministration) -> None:
    former = accounts.create("ada@example.com")

    accounts.delete(former.subject)

    for lost in (accounts.show, accounts.suspend, accounts.delete, accounts.make_sign_in_link):
        with pytest.raises(AccountUnknown, match="There is no account"):
            lost("ada@example.com")
    assert accounts.create("ada@example.com").subject != former.subject


def test_only_the_digest_of_a_sign_in_link_is_stored(
    accounts: AccountAdministration, storage: Storage, clock: StoppedClock
) -> None:
    account = accounts.create("ada@example.com")

    link = accounts.make_sign_in_link("ada@example.com")

    assert link.expires_at == clock.now() + timedelta(minutes=10)
    with storage.reading() as work:
        stored = work.accounts.find_sign_in_link(fingerprint(link.token.reveal()))
    assert stored is not None
    assert stored.subject == account.subject
