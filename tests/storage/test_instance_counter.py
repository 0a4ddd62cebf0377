"""The ceiling of the instance, dealt to several rows."""

from datetime import timedelta
from functools import partial

import pytest

from authserver.storage.unit_of_work import Storage
from tests.storage.racing import race_of
from tests.storage.samples import NOW


def charge(storage: Storage, subject: str, most: int, hours: int = 0) -> bool:
    with storage.writing() as work:
        charged = work.instance_mails.charge(most, subject, NOW + timedelta(hours=hours))
        work.commit()
    return charged


@pytest.mark.parametrize("most", [1, 3, 8, 29])
def test_every_mail_below_the_ceiling_is_admitted_and_none_above(
    storage: Storage, most: int
) -> None:
    admitted = [charge(storage, f"mail {number}", most) for number in range(most + 5)]

    assert admitted == [True] * most + [False] * 5


def test_forty_at_once_never_exceed_the_ceiling(storage: Storage) -> None:
    outcomes = race_of([partial(charge, storage, f"mail {each}", 13) for each in range(40)])

    assert outcomes.count(True) == 13


def test_a_mail_that_was_given_back_can_be_had_again(storage: Storage) -> None:
    for number in range(3):
        charge(storage, f"mail {number}", 3)

    with storage.writing() as work:
        work.instance_mails.give_back([NOW, NOW], NOW)
        work.commit()

    assert [charge(storage, f"again {number}", 3) for number in range(3)] == [True, True, False]


def test_what_was_counted_in_an_hour_is_given_back_to_that_hour(storage: Storage) -> None:
    charge(storage, "early", 1)

    with storage.writing() as work:
        work.instance_mails.give_back([NOW], NOW + timedelta(hours=2))
        work.commit()

    assert charge(storage, "late", 1, hours=2)
    assert not charge(storage, "later", 1, hours=25)


def test_the_wait_is_that_of_the_row_that_opens_first(storage: Storage) -> None:
    charge(storage, "early", 2)
    charge(storage, "late", 2, hours=3)

    with storage.reading() as work:
        wait = work.instance_mails.wait(2, NOW + timedelta(hours=4))

    assert timedelta(hours=20) < wait <= timedelta(hours=21)
