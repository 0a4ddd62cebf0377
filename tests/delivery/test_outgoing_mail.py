from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from authserver.delivery.outgoing_mail import LEASE, MOST_CLAIMS
from authserver.domain.accounts import AccountStatus
from authserver.domain.email_address import EmailAddress
from authserver.domain.emails import UsageType
from authserver.domain.outgoing_mail import MailResult, MailState
from authserver.domain.verifications import Purpose, VerificationState
from authserver.storage.notices import MailedNotice, owe_notice
from tests.delivery.office import LIFE, Office
from tests.storage.racing import race
from tests.storage.samples import a_client, an_account, store_account

SECOND = timedelta(seconds=1)


def test_a_claimed_mail_carries_the_code_and_is_marked_before_it_leaves(office: Office) -> None:
    verification = office.owe()
    assert not office.is_code_mailed()

    (owed,) = office.delivery.claim(10)

    assert owed.email.code == office.base.deriver.code(verification)
    assert owed.email.to == "Ada@example.com"
    assert owed.email.usage_type is UsageType.SIGN_IN
    assert owed.email.minutes == 10
    assert owed.email.request_label == verification.label
    assert office.is_code_mailed()
    assert office.story().mail.state is MailState.SENDING


def test_the_mail_says_how_many_minutes_are_left(office: Office) -> None:
    office.owe()
    office.clock.advance(timedelta(minutes=3, seconds=30))

    (owed,) = office.delivery.claim(10)

    assert owed.email.minutes == 7


def test_the_mail_names_the_application_that_asked(office: Office) -> None:
    with office.base.storage.writing() as work:
        work.clients.add(a_client(name="Shop & Co"))
        work.commit()
    office.owe()

    (owed,) = office.delivery.claim(10)

    assert owed.email.application_name == "Shop & Co"


@pytest.mark.parametrize(
    ("changes", "age", "reason"),
    [
        ({"state": VerificationState.REPLACED}, 0 * SECOND, "code_over"),
        ({"state": VerificationState.CANCELLED}, 0 * SECOND, "code_over"),
        ({"state": VerificationState.VERIFIED}, 0 * SECOND, "code_over"),
        ({"attempts": 5}, 0 * SECOND, "code_over"),
        ({"key_id": "a key that is gone"}, 0 * SECOND, "code_over"),
        ({}, LIFE, "code_over"),
        ({}, LIFE - 59 * SECOND, "too_late"),
    ],
)
def test_a_mail_whose_code_is_over_is_dropped(
    office: Office, changes: dict[str, Any], age: timedelta, reason: str
) -> None:
    office.owe(**changes)
    office.clock.advance(age)

    assert office.delivery.claim(10) == []

    mail = office.story().mail
    assert (mail.state, mail.reason) == (MailState.DROPPED, reason)
    assert not office.is_code_mailed()
    office.clock.advance(timedelta(hours=1))
    assert office.delivery.claim(10) == []


def test_a_mail_with_a_minute_of_life_left_is_sent(office: Office) -> None:
    office.owe()
    office.clock.advance(LIFE - 60 * SECOND)

    assert len(office.delivery.claim(10)) == 1


@pytest.mark.parametrize(
    ("status", "usage_type"),
    [
        (None, UsageType.SIGN_IN),
        (AccountStatus.ACTIVE, UsageType.SIGN_IN),
        (AccountStatus.SUSPENDED, UsageType.SUSPENDED),
    ],
)
def test_the_account_of_the_address_decides_which_mail_leaves(
    office: Office, status: AccountStatus | None, usage_type: UsageType
) -> None:
    if status is not None:
        with office.base.storage.writing() as work:
            work.accounts.add(an_account(status=status))
            work.commit()
    typed = EmailAddress(typed="aDA@example.com", canonical="ada@example.com")
    office.owe(address=typed)

    (owed,) = office.delivery.claim(10)

    assert owed.email.usage_type is usage_type
    assert owed.email.to == ("aDA@example.com" if status is None else "Ada@example.com")
    carries_code = usage_type is UsageType.SIGN_IN
    assert (owed.email.code is not None) is carries_code
    assert office.is_code_mailed() is carries_code


def test_many_claimers_never_get_the_same_mail(office: Office) -> None:
    mails = office.owe_many(30)

    claimed = [each for batch in race(12, lambda: office.delivery.claim(4)) for each in batch]

    assert Counter(each.mail.id for each in claimed) == Counter(mails)


def test_a_claim_takes_no_more_than_it_may(office: Office) -> None:
    office.owe_many(5)

    assert [len(office.delivery.claim(2)) for _ in range(4)] == [2, 2, 1, 0]


def test_a_mail_whose_lease_ran_out_is_claimed_again_and_the_claim_is_counted(
    office: Office,
) -> None:
    office.owe()
    (first,) = office.delivery.claim(10)
    office.clock.advance(59 * SECOND)
    assert office.delivery.claim(10) == []

    office.clock.advance(SECOND)
    (second,) = office.delivery.claim(10)

    assert (first.mail.claims, second.mail.claims) == (1, 2)
    assert second.email.code == first.email.code


def test_who_lost_the_lease_settles_nothing(office: Office) -> None:
    office.owe()
    (first,) = office.delivery.claim(10)
    office.clock.advance(60 * SECOND)
    (second,) = office.delivery.claim(10)

    office.delivery.record(first.mail, [office.attempt(MailResult.RECIPIENT_REFUSED)])
    office.delivery.give_back([first.mail])

    assert office.story().mail.state is MailState.SENDING
    office.delivery.record(second.mail, [office.attempt()])
    story = office.story()
    assert story.mail.state is MailState.ACCEPTED
    assert [attempt.outcome.result for attempt in story.attempts] == [
        MailResult.RECIPIENT_REFUSED,
        MailResult.ACCEPTED,
    ]


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (MailResult.ACCEPTED, MailState.ACCEPTED),
        (MailResult.RECIPIENT_REFUSED, MailState.REFUSED),
    ],
)
def test_a_settled_mail_is_never_sent_again(
    office: Office, result: MailResult, state: MailState
) -> None:
    office.owe()
    (owed,) = office.delivery.claim(10)

    assert office.delivery.record(owed.mail, [office.attempt(result)]) is state

    office.clock.advance(5 * timedelta(minutes=1))
    assert office.delivery.claim(10) == []
    assert office.story().mail.state is state


@pytest.mark.parametrize(
    "result", [MailResult.NOT_ACCEPTED, MailResult.REFUSED, MailResult.UNKNOWN, None]
)
def test_what_may_not_have_arrived_is_tried_again_after_growing_waits_and_then_given_up(
    office: Office, result: MailResult | None
) -> None:
    office.owe()
    attempts = [] if result is None else [office.attempt(result)]

    for wait in (2, 10, 30, 60):
        (owed,) = office.delivery.claim(10)
        assert office.delivery.record(owed.mail, attempts) is MailState.QUEUED
        office.clock.advance((wait - 1) * SECOND)
        assert office.delivery.claim(10) == []
        office.clock.advance(SECOND)
    (owed,) = office.delivery.claim(10)

    assert office.delivery.record(owed.mail, attempts) is MailState.GIVEN_UP
    assert len(office.story().attempts) == 5 * len(attempts)
    office.clock.advance(100 * SECOND)
    assert office.delivery.claim(10) == []


def test_a_notice_is_tried_again_for_a_day(office: Office) -> None:
    now = office.clock.now()
    notice = MailedNotice(
        usage_type=UsageType.SPRAY_ALARM, address="ada@example.com", locale="en", details={}
    )
    with office.base.storage.writing() as work:
        owe_notice(work, notice, office.base.randomness, now)
        work.commit()
    states, given_up_after = [], timedelta(0)

    while office.clock.now() < now + timedelta(days=2):
        for owed in office.delivery.claim(10):
            states.append(office.delivery.record(owed.mail, []))
            given_up_after = office.clock.now() - now
        office.clock.advance(timedelta(seconds=30))

    assert states == [MailState.QUEUED] * 12 + [MailState.GIVEN_UP]
    assert given_up_after > timedelta(hours=23)


def test_a_mail_that_nobody_ever_settles_is_given_up(office: Office) -> None:
    notice = MailedNotice(usage_type=UsageType.SPRAY_ALARM, address="ada@example.com")
    with office.base.storage.writing() as work:
        owe_notice(work, notice, office.base.randomness, office.clock.now())
        work.commit()

    claims = 0
    while office.delivery.claim(10):
        claims += 1
        office.clock.advance(LEASE + SECOND)

    assert claims == MOST_CLAIMS
    with office.base.storage.reading() as work:
        (story,) = work.outgoing_mails.recent(None, 10)
    assert story.mail.state is MailState.GIVEN_UP


def test_a_mail_that_was_given_back_can_be_claimed_at_once(office: Office) -> None:
    office.owe()
    (first,) = office.delivery.claim(10)

    office.delivery.give_back([first.mail])

    assert office.story().mail.state is MailState.QUEUED
    (second,) = office.delivery.claim(10)
    assert second.mail.claims == 2


def test_a_fault_with_a_long_name_ends_a_mail_like_any_other(office: Office) -> None:
    office.owe()
    (owed,) = office.delivery.claim(10)
    name = "InvalidMailAddress.OfSomeKindThatNobodyHasHeardOf." * 2
    attempt = office.attempt(MailResult.RECIPIENT_REFUSED)
    attempt = replace(attempt, outcome=replace(attempt.outcome, error_code=name, request_id=name))

    assert office.delivery.record(owed.mail, [attempt]) is MailState.REFUSED

    story = office.story()
    assert story.mail.reason == name[:40]
    assert [each.outcome.error_code for each in story.attempts] == [name]


@pytest.mark.parametrize(
    ("usage_type", "is_told"),
    [
        (UsageType.USER_PERMISSION_VALIDATION, True),
        (UsageType.MFA_VERIFICATION, True),
        (UsageType.SIGN_IN, False),
        (UsageType.FORGOT_PASSWORD, False),
    ],
)
def test_a_template_can_name_the_person_only_where_no_stranger_can_have_asked(
    office: Office, usage_type: UsageType, *, is_told: bool
) -> None:
    claims = {"name": "Ada Lovelace", "preferred_username": "ada"}
    store_account(office.base.storage, claims=claims)
    office.owe(purpose=Purpose(usage_type))

    (owed,) = office.delivery.claim(10)

    told = {"name": "Ada Lovelace", "username": "ada", "primaryEmail": "Ada@example.com"}
    assert owed.email.usage_type is usage_type
    assert owed.email.user == (told if is_told else {})


@pytest.mark.parametrize("usage_type", [UsageType.NEW_BROWSER, UsageType.ADDRESS_CHANGED])
def test_a_notice_names_nobody_who_has_a_former_address_now(
    office: Office, usage_type: UsageType
) -> None:
    store_account(office.base.storage, claims={"name": "Ada Lovelace", "locale": "de"})
    notice = MailedNotice(usage_type=usage_type, address="Ada@example.com", locale="fr")
    with office.base.storage.writing() as work:
        owe_notice(work, notice, office.base.randomness, office.clock.now())
        work.commit()

    (owed,) = office.delivery.claim(10)

    is_former = usage_type is UsageType.ADDRESS_CHANGED
    assert owed.email.user.get("name") == (None if is_former else "Ada Lovelace")
    assert owed.email.locale == ("fr" if is_former else "de")
