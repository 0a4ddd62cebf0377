from collections.abc import Iterator

import pytest

from authserver.domain.accounts import AccountOrigin, SignInLink
from authserver.domain.email_address import EmailAddress
from authserver.storage.database import open_database
from authserver.storage.maintenance import AdminSeed, new_admin_seed
from authserver.storage.unit_of_work import Storage
from tests.migrations.conftest import Alembic
from tests.storage.samples import (
    LATER,
    NOW,
    SESSION,
    SUBJECT,
    a_client,
    a_code,
    a_refresh_token,
    a_session,
    an_access_token,
    an_account,
    an_authorization,
    store_account,
)
from tests.support.known_randomness import KnownRandomness
from tests.support.stopped_clock import StoppedClock

ADMIN = EmailAddress(typed="Root@example.com", canonical="root@example.com")


@pytest.fixture
def seed() -> AdminSeed:
    return new_admin_seed(ADMIN, KnownRandomness(), StoppedClock(NOW))


@pytest.fixture
def storage(alembic: Alembic) -> Iterator[Storage]:
    """Return storage at the revision before the seed."""
    alembic.upgrade("0001")
    storage = Storage(open_database(alembic.url))
    yield storage
    storage.database.close()


def admins(storage: Storage) -> list[str]:
    with storage.reading() as work:
        return [account.address.canonical for account in work.accounts.list() if account.is_admin]


def test_the_seed_inserts_an_account_without_a_secret(
    storage: Storage, alembic: Alembic, seed: AdminSeed
) -> None:
    alembic.upgrade("0002", seed)

    with storage.reading() as work:
        found = work.accounts.list()
    assert found == [
        an_account(subject=seed.subject, address=ADMIN, is_admin=True, origin=AccountOrigin.SEED)
    ]


def test_without_an_address_nothing_is_seeded(storage: Storage, alembic: Alembic) -> None:
    alembic.upgrade("0002")

    assert admins(storage) == []


def test_beside_an_administrator_nothing_is_seeded(
    storage: Storage, alembic: Alembic, seed: AdminSeed
) -> None:
    store_account(storage, is_admin=True)

    alembic.upgrade("0002", seed)

    assert admins(storage) == ["ada@example.com"]


def test_an_account_of_the_address_is_left_to_the_server(
    storage: Storage, alembic: Alembic, seed: AdminSeed
) -> None:
    store_account(storage, address=ADMIN)

    alembic.upgrade("0002", seed)

    assert admins(storage) == []


def test_the_seed_can_be_repeated(storage: Storage, alembic: Alembic, seed: AdminSeed) -> None:
    for _ in range(2):
        alembic.upgrade("0002", seed)
        alembic.downgrade("0001")
    alembic.upgrade("0002", seed)

    assert admins(storage) == [ADMIN.canonical]


def test_a_downgrade_removes_only_what_was_seeded_with_all_that_hangs_on_it(
    storage: Storage, alembic: Alembic, seed: AdminSeed
) -> None:
    alembic.upgrade("head", seed)
    with storage.writing() as work:
        work.accounts.add(an_account())
        work.clients.add(a_client())
        work.sessions.add(a_session(), b"ada", LATER)
        work.sessions.add(a_session(id=type(SESSION)("root"), subject=seed.subject), b"root", LATER)
        work.authorizations.add(an_authorization(subject=seed.subject), LATER)
        work.authorization_codes.add(a_code())
        work.tokens.add_access(an_access_token())
        work.tokens.add_refresh(a_refresh_token())
        link = SignInLink(digest=b"l", subject=seed.subject, created_at=NOW, expires_at=LATER)
        work.accounts.add_sign_in_link(link)
        work.commit()

    alembic.downgrade("0001")
    alembic.upgrade("head")

    with storage.reading() as work:
        assert [account.subject for account in work.accounts.list()] == [SUBJECT]
        assert work.sessions.find(SESSION) is not None
        assert work.sessions.find(type(SESSION)("root")) is None
