"""Logos of clients in the database: who fetches, what is kept, and what a change undoes."""

from datetime import timedelta

from authserver.domain.brand_images import BrandImage
from authserver.domain.client_logos import LogoToFetch
from authserver.domain.client_metadata import ClientMetadata
from authserver.storage.unit_of_work import Storage
from tests.storage.racing import race
from tests.storage.samples import CLIENT, NOW, a_client
from tests.support.images import GIF

URI = "https://shop.example/logo"
IMAGE = BrandImage(kind="gif", content=GIF)
NEXT_DAY = NOW + timedelta(days=1)


def store(storage: Storage, uri: str | None = URI, *, is_new: bool = True) -> None:
    client = a_client(metadata=ClientMetadata(logo_uri=uri))
    with storage.writing() as work:
        if is_new:
            work.clients.add(client)
        else:
            work.clients.change(client)
        work.commit()


def claim(storage: Storage) -> LogoToFetch | None:
    with storage.writing() as work:
        claimed = work.client_logos.claim(CLIENT, NOW, NEXT_DAY)
        work.commit()
    return claimed


def replace(storage: Storage, owed: LogoToFetch, image: BrandImage | None = IMAGE) -> bool:
    with storage.writing() as work:
        changed = work.client_logos.replace(owed, image)
        work.commit()
    return changed


def shown(storage: Storage) -> str | None:
    with storage.reading() as work:
        client = work.clients.find(CLIENT)
    return None if client is None else client.logo


def test_of_many_processes_exactly_one_fetches(storage: Storage) -> None:
    store(storage)

    claims = race(6, lambda: claim(storage))

    assert [each for each in claims if each is not None] == [LogoToFetch(client_id=CLIENT, uri=URI)]


def test_a_picture_is_told_to_have_changed_only_where_it_has(storage: Storage) -> None:
    store(storage)
    owed = LogoToFetch(client_id=CLIENT, uri=URI)

    assert [replace(storage, owed), replace(storage, owed)] == [True, False]
    assert shown(storage) == IMAGE.name
    assert [replace(storage, owed, None), replace(storage, owed, None)] == [True, False]
    assert shown(storage) is None


def test_an_answer_from_an_address_that_was_given_up_comes_too_late(storage: Storage) -> None:
    store(storage)
    owed = claim(storage)
    assert owed is not None

    store(storage, "https://shop.example/other", is_new=False)

    assert not replace(storage, owed)
    assert shown(storage) is None
    assert claim(storage) == LogoToFetch(client_id=CLIENT, uri="https://shop.example/other")


def test_any_other_change_of_the_client_keeps_its_picture(storage: Storage) -> None:
    store(storage)
    owed = claim(storage)
    assert owed is not None
    replace(storage, owed)

    store(storage, is_new=False)

    assert shown(storage) == IMAGE.name
    assert claim(storage) is None


def test_the_picture_goes_with_its_address_and_with_the_client(storage: Storage) -> None:
    store(storage)
    replace(storage, LogoToFetch(client_id=CLIENT, uri=URI))

    def found() -> BrandImage | None:
        with storage.reading() as work:
            return work.client_logos.find(IMAGE.name)

    assert found() == IMAGE
    store(storage, None, is_new=False)
    assert found() is None
    store(storage, is_new=False)
    replace(storage, LogoToFetch(client_id=CLIENT, uri=URI))
    with storage.writing() as work:
        work.clients.delete(CLIENT)
        work.commit()
    assert found() is None
