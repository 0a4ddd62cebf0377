from datetime import timedelta

from authserver.domain.clients import Client
from authserver.domain.configuration import ConfigurationKind
from authserver.storage.configuration_cache import ConfigurationCache
from authserver.storage.unit_of_work import Storage, UnitOfWork
from tests.storage.samples import CLIENT, a_client
from tests.support.stopped_clock import StoppedClock


def change(storage: Storage, client: Client) -> None:
    with storage.writing() as work:
        if not work.clients.change(client):
            work.clients.add(client)
        work.configuration_changed(ConfigurationKind.CLIENTS)
        work.commit()


class Reading:
    """Reads a client through a cache and counts how often storage was asked."""

    def __init__(self, storage: Storage, clock: StoppedClock) -> None:
        self.cache = ConfigurationCache(storage, clock)
        self.loads = 0

    def name(self) -> str | None:
        found = self.cache.get(ConfigurationKind.CLIENTS, CLIENT, self._load)
        return None if found is None else found.name

    def _load(self, work: UnitOfWork) -> Client | None:
        self.loads += 1
        return work.clients.find(CLIENT)


def test_a_copy_is_loaded_once(storage: Storage) -> None:
    clock = StoppedClock()
    change(storage, a_client())
    reading = Reading(storage, clock)

    names = [reading.name() for _ in range(3)]

    assert names == ["Shop"] * 3
    assert reading.loads == 1


def test_a_change_of_this_process_is_seen_at_once(storage: Storage) -> None:
    change(storage, a_client())
    reading = Reading(storage, StoppedClock())
    reading.name()

    change(storage, a_client(name="Store"))

    assert reading.name() == "Store"


def test_a_change_of_another_process_is_seen_within_a_second(storage: Storage) -> None:
    clock = StoppedClock()
    change(storage, a_client())
    reading = Reading(storage, clock)
    reading.name()
    elsewhere = Storage(storage.database)

    change(elsewhere, a_client(name="Store"))
    clock.advance(timedelta(seconds=1))

    assert reading.name() == "Store"


def test_a_change_of_one_kind_leaves_the_copies_of_others(storage: Storage) -> None:
    change(storage, a_client())
    reading = Reading(storage, StoppedClock())
    reading.name()

    with storage.writing() as work:
        work.configuration_changed(ConfigurationKind.BRANDING)
        work.commit()

    assert reading.name() == "Shop"
    assert reading.loads == 1


def test_what_does_not_exist_is_asked_for_again(storage: Storage) -> None:
    reading = Reading(storage, StoppedClock())
    assert reading.name() is None

    change(Storage(storage.database), a_client())

    assert reading.name() == "Shop"


def test_a_value_loaded_while_it_changed_is_not_kept(storage: Storage) -> None:
    change(storage, a_client())
    cache = ConfigurationCache(storage, StoppedClock())

    def load_slowly(work: UnitOfWork) -> Client | None:
        found = work.clients.find(CLIENT)
        change(storage, a_client(name="Store"))
        return found

    cache.get(ConfigurationKind.CLIENTS, CLIENT, load_slowly)

    found = cache.get(ConfigurationKind.CLIENTS, CLIENT, lambda work: work.clients.find(CLIENT))
    assert found is not None
    assert found.name == "Store"
