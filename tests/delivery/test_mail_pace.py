from datetime import timedelta

import pytest

from authserver.delivery.mail_pace import MailPace
from authserver.domain.outgoing_mail import MailResult
from tests.delivery.office import Office

SECOND = timedelta(seconds=1)


def pace(office: Office, *, mails_to_unknown: bool = True) -> MailPace:
    return MailPace(
        storage=office.base.storage, clock=office.clock, mails_to_unknown=mails_to_unknown
    )


def try_all(office: Office, result: MailResult) -> None:
    for owed in office.delivery.claim(100):
        office.delivery.record(owed.mail, [office.attempt(result)])


def test_mail_is_not_slow_where_none_is_owed_or_all_have_left(office: Office) -> None:
    assert not pace(office)()
    office.owe_many(3)

    try_all(office, MailResult.ACCEPTED)
    office.clock.advance(30 * SECOND)

    assert not pace(office)()


def test_mail_that_nobody_takes_is_slow_after_a_minute(office: Office) -> None:
    office.owe()
    office.clock.advance(59 * SECOND)
    waiting = pace(office, mails_to_unknown=False)
    assert not waiting()

    office.clock.advance(SECOND)

    assert waiting()


def test_mail_is_slow_while_senders_take_nothing_and_no_longer_once_they_do(
    office: Office,
) -> None:
    office.owe_many(2)
    try_all(office, MailResult.NOT_ACCEPTED)
    assert not pace(office)()
    office.clock.advance(20 * SECOND)
    assert pace(office)()

    for number in (10, 11, 12):
        office.owe(number)
    try_all(office, MailResult.ACCEPTED)
    office.clock.advance(20 * SECOND)

    assert not pace(office)()


def test_one_mail_in_trouble_among_many_is_nobody_elses_concern(office: Office) -> None:
    office.owe(50)
    try_all(office, MailResult.NOT_ACCEPTED)
    office.owe_many(3)
    owed = [each for each in office.delivery.claim(100) if each.mail.id != "mail-50"]
    for each in owed:
        office.delivery.record(each.mail, [office.attempt()])

    office.clock.advance(25 * SECOND)

    assert not pace(office)()


def test_a_refused_recipient_says_nothing_about_the_pace(office: Office) -> None:
    office.owe()
    try_all(office, MailResult.RECIPIENT_REFUSED)
    office.clock.advance(30 * SECOND)

    assert not pace(office)()


@pytest.mark.parametrize("mails_to_unknown", [True, False])
def test_where_only_accounts_get_mail_what_senders_answer_is_not_shown(
    office: Office, *, mails_to_unknown: bool
) -> None:
    office.owe()
    try_all(office, MailResult.NOT_ACCEPTED)
    office.clock.advance(25 * SECOND)

    assert pace(office, mails_to_unknown=mails_to_unknown)() is mails_to_unknown
