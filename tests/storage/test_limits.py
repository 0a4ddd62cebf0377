from datetime import timedelta

from authserver.domain.limits import DAY, Limit, LimitKind
from authserver.storage.unit_of_work import Storage
from tests.storage.racing import race
from tests.storage.samples import NOW


def limit_of(most: int, key: str = "ada@example.com") -> Limit:
    return Limit(kind=LimitKind.MAILS_TO_ADDRESS, key=key, most=most, window=DAY)


def charge(storage: Storage, limit: Limit, hours: int = 0) -> bool:
    with storage.writing() as work:
        charged = work.limits.charge(limit, NOW + timedelta(hours=hours))
        work.commit()
    return charged


def test_forty_at_once_never_exceed_the_limit(storage: Storage) -> None:
    outcomes = race(40, lambda: charge(storage, limit_of(7)))

    assert outcomes.count(True) == 7


def test_a_unit_that_is_undone_has_charged_nothing(storage: Storage) -> None:
    with storage.writing() as work:
        assert work.limits.charge(limit_of(1), NOW)

    assert charge(storage, limit_of(1))


def test_a_refused_charge_is_not_counted(storage: Storage) -> None:
    charge(storage, limit_of(1))
    charge(storage, limit_of(1))

    assert charge(storage, limit_of(2))


def test_keys_do_not_charge_one_another(storage: Storage) -> None:
    charge(storage, limit_of(1, "ada@example.com"))

    assert charge(storage, limit_of(1, "bob@example.com"))


def test_a_full_counter_opens_once_the_window_has_passed(storage: Storage) -> None:
    charge(storage, limit_of(1))

    assert not charge(storage, limit_of(1), hours=24)
    assert charge(storage, limit_of(1), hours=25)
