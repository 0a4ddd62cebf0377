"""The use cases of operators on a real SQLite database of each test's own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from authserver.administration.accounts import AccountAdministration
from authserver.administration.branding import BrandAdministration, BrandChanges
from authserver.administration.clients import ClientAdministration
from authserver.administration.mail import FixedMail, Instance, MailAdministration
from authserver.administration.signing_keys import SigningKeyAdministration
from authserver.crypto.key_ring import KeyRing
from authserver.domain.endpoint import Endpoint
from authserver.domain.secret import Secret
from authserver.storage.brands import StoredBrands
from authserver.storage.configuration_cache import ConfigurationCache
from authserver.storage.database import open_database
from authserver.storage.maintenance import upgrade
from authserver.storage.unit_of_work import Storage
from tests.support.databases import sqlite_url
from tests.support.known_randomness import KnownRandomness
from tests.support.stopped_clock import StoppedClock

PROJECT = Path(__file__).parents[2]
MIGRATIONS = PROJECT / "migrations"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("administration") / "authserver.db"
    upgrade(sqlite_url(path), PROJECT / "alembic.ini", MIGRATIONS)
    return path


@pytest.fixture
def storage(migrated: Path, tmp_path: Path) -> Iterator[Storage]:
    database = open_database(sqlite_url(Path(shutil.copy(migrated, tmp_path / "authserver.db"))))
    yield Storage(database)
    database.close()


@pytest.fixture
def any_storage(any_database: str) -> Iterator[Storage]:
    """Return either database in turn, without a signing key."""
    database = open_database(any_database)
    storage = Storage(database)
    with storage.writing() as work:
        work.connection.execute(text("DELETE FROM signing_keys"))
        work.commit()
    yield storage
    database.close()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def key_ring() -> KeyRing:
    return KeyRing([Secret("a secret key of the tests, long enough")], KnownRandomness(1))


@pytest.fixture
def clients(storage: Storage, clock: StoppedClock) -> ClientAdministration:
    return ClientAdministration(storage=storage, clock=clock, randomness=KnownRandomness(2))


@pytest.fixture
def accounts(storage: Storage, clock: StoppedClock) -> AccountAdministration:
    return AccountAdministration(storage=storage, clock=clock, randomness=KnownRandomness(3))


@pytest.fixture
def signing_keys(
    storage: Storage, key_ring: KeyRing, clock: StoppedClock
) -> SigningKeyAdministration:
    return SigningKeyAdministration(storage=storage, key_ring=key_ring, clock=clock)


@pytest.fixture
def brands(storage: Storage, clock: StoppedClock) -> BrandAdministration:
    stored = StoredBrands(ConfigurationCache(storage, clock))
    return BrandAdministration(storage=storage, brands=stored, clock=clock)


@pytest.fixture
def instance(brands: BrandAdministration) -> Instance:
    brands.set(BrandChanges(values={"name": "Example"}))
    return Instance(endpoint=Endpoint("https://id.example"), brands=brands.brands)


@pytest.fixture
def mail(
    storage: Storage, key_ring: KeyRing, clock: StoppedClock, instance: Instance
) -> MailAdministration:
    return MailAdministration(
        storage=storage,
        cache=ConfigurationCache(storage, clock),
        key_ring=key_ring,
        clock=clock,
        fixed=FixedMail(),
        instance=instance,
    )
