"""What a suspension ends stays ended, whatever else happens at the same time."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import text

from authserver.domain.accounts import AccountStatus
from authserver.domain.grants import AuthorizationId
from authserver.domain.sessions import SessionId
from authserver.storage.accounts import AddressTaken
from authserver.storage.unit_of_work import Storage
from tests.storage.racing import race_of
from tests.storage.samples import (
    ADA,
    AUTHORIZATION,
    CLIENT,
    CODE_DIGEST,
    NOW,
    SESSION,
    SUBJECT,
    a_code,
    a_session,
    an_access_token,
    an_account,
    an_authorization,
    store_account,
    store_tokens,
)

MANY = 8
LIVE_SESSIONS = text("SELECT count(*) FROM sessions WHERE ended_at IS NULL")
LIVE_AUTHORIZATIONS = text("SELECT count(*) FROM authorizations WHERE revoked_at IS NULL")


def suspend(storage: Storage) -> bool:
    with storage.writing() as work:
        work.accounts.hold(SUBJECT)
        work.sessions.end_all(SUBJECT, NOW)
        work.authorizations.revoke_of_subject(SUBJECT, NOW)
        work.accounts.set_status(SUBJECT, AccountStatus.SUSPENDED, NOW)
        work.commit()
    return True


def sign_in(storage: Storage, name: str) -> bool:
    with storage.writing() as work:
        account = work.accounts.hold_by_address(ADA.canonical)
        if account is None or not account.is_active:
            return False
        work.accounts.mark_proven(account.subject, NOW)
        work.sessions.add(a_session(id=SessionId(name)), name.encode(), NOW + timedelta(days=90))
        work.commit()
    return True


def authorize(storage: Storage, name: str) -> bool:
    with storage.writing() as work:
        if not work.sessions.hold(SESSION, NOW):
            return False
        authorization = an_authorization(id=AuthorizationId(name))
        work.authorizations.add(authorization, NOW + timedelta(days=365))
        work.authorization_codes.add(
            a_code(digest=name.encode(), authorization_id=authorization.id)
        )
        work.commit()
    return True


def exchange(storage: Storage) -> bool:
    with storage.writing() as work:
        code = work.authorization_codes.claim(CODE_DIGEST, CLIENT, NOW)
        if code is None or work.authorizations.hold_live(code.authorization_id, NOW) is None:
            return False
        work.tokens.add_access(an_access_token(digest=b"fresh"))
        work.commit()
    return True


def count_of_live(storage: Storage) -> tuple[int, int]:
    with storage.reading() as work:
        sessions = work.connection.execute(LIVE_SESSIONS).scalar_one()
        authorizations = work.connection.execute(LIVE_AUTHORIZATIONS).scalar_one()
    return (sessions, authorizations)


def beside_suspension(storage: Storage, calls: list[Callable[[], bool]]) -> None:
    race_of([*calls, lambda: suspend(storage)])


def test_no_session_survives_a_suspension(storage: Storage) -> None:
    store_account(storage, email_proven_at=NOW)

    beside_suspension(storage, [partial(sign_in, storage, f"s-{n}") for n in range(MANY)])

    assert count_of_live(storage) == (0, 0)
    assert not sign_in(storage, "late")


def test_no_authorization_survives_a_suspension(storage: Storage) -> None:
    store_tokens(storage)

    beside_suspension(storage, [partial(authorize, storage, f"a-{n}") for n in range(MANY)])

    assert count_of_live(storage) == (0, 0)
    assert not authorize(storage, "late")


def test_no_token_survives_a_suspension_even_once_the_account_is_resumed(
    storage: Storage,
) -> None:
    store_tokens(storage)

    beside_suspension(storage, [lambda: exchange(storage)])
    with storage.writing() as work:
        work.accounts.set_status(SUBJECT, AccountStatus.ACTIVE, NOW)
        work.commit()

    with storage.reading() as work:
        found = [work.tokens.find_access(digest, NOW) for digest in (b"access", b"fresh")]
    assert found == [None, None]


def test_a_held_authorization_is_revoked_only_after_the_unit(storage: Storage) -> None:
    store_tokens(storage)

    def revoke() -> bool:
        with storage.writing() as work:
            revoked = work.authorizations.revoke(AUTHORIZATION, NOW)
            work.commit()
        return revoked

    outcomes = race_of([revoke, lambda: exchange(storage)])

    assert outcomes[0]
    with storage.reading() as work:
        assert work.tokens.find_access(b"fresh", NOW) is None


def test_first_proofs_of_one_mailbox_at_once_do_not_block_one_another(storage: Storage) -> None:
    store_account(storage)

    signed_in = race_of([partial(sign_in, storage, f"s-{n}") for n in range(MANY)])

    assert signed_in == [True] * MANY


def test_a_deleted_account_takes_everything_along(storage: Storage) -> None:
    store_tokens(storage)

    with storage.writing() as work:
        assert work.accounts.delete(SUBJECT)
        work.commit()

    with storage.reading() as work:
        assert work.sessions.find(SESSION) is None
        assert work.authorizations.find(AUTHORIZATION) is None
        assert work.authorization_codes.find(CODE_DIGEST, CLIENT) is None
        assert work.tokens.find_access(b"access", NOW) is None


def test_an_address_belongs_to_one_account(storage: Storage) -> None:
    def register(name: str) -> bool:
        try:
            with storage.writing() as work:
                work.accounts.add(an_account(subject=type(SUBJECT)(name)))
                work.commit()
        except AddressTaken:
            return False
        return True

    registered = race_of([partial(register, f"subject-{number}") for number in range(MANY)])

    assert registered.count(True) == 1
