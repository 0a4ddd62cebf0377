from datetime import timedelta

from authserver.domain.outgoing_mail import (
    Attempt,
    MailId,
    MailOutcome,
    MailResult,
    MailState,
    OutgoingMail,
)
from authserver.storage.unit_of_work import Storage
from tests.storage.racing import race
from tests.storage.samples import ADA, LATER, NOW, a_mail

LEASE = NOW + timedelta(seconds=30)


def owe(storage: Storage, number: int) -> None:
    with storage.writing() as work:
        for index in range(number):
            work.outgoing_mails.add(a_mail(id=MailId(f"mail-{index}")))
        work.commit()


def claim(storage: Storage, at_most: int = 3) -> list[OutgoingMail]:
    with storage.writing() as work:
        claimed = work.outgoing_mails.claim_due(NOW, LEASE, at_most)
        work.commit()
    return claimed


def test_each_mail_goes_to_one_dispatcher(storage: Storage) -> None:
    owe(storage, 30)

    claimed = [mail.id for mails in race(8, lambda: claim(storage, 5)) for mail in mails]

    assert len(claimed) == len(set(claimed))
    assert len(claimed) + len(claim(storage, 100)) == 30


def test_no_more_is_claimed_than_was_asked_for(storage: Storage) -> None:
    owe(storage, 4)

    assert [len(claim(storage, at_most=1)) for _ in range(5)] == [1, 1, 1, 1, 0]


def test_a_mail_whose_lease_ran_out_is_claimed_again_and_its_first_holder_is_told(
    storage: Storage,
) -> None:
    owe(storage, 1)
    [first] = claim(storage)
    with storage.writing() as work:
        [second] = work.outgoing_mails.claim_due(LEASE, LATER, 3)
        work.commit()

    with storage.writing() as work:
        outcomes = (
            work.outgoing_mails.finish(first, MailState.ACCEPTED, NOW),
            work.outgoing_mails.put_back(first, NOW),
            work.outgoing_mails.finish(second, MailState.ACCEPTED, NOW),
        )
        work.commit()

    assert outcomes == (False, False, True)
    assert (first.claims, second.claims) == (1, 2)


def test_a_finished_mail_is_never_claimed_again(storage: Storage) -> None:
    owe(storage, 1)
    [mail] = claim(storage)
    with storage.writing() as work:
        work.outgoing_mails.finish(mail, MailState.ACCEPTED, NOW)
        work.commit()

    with storage.writing() as work:
        assert work.outgoing_mails.claim_due(LATER, LATER, 3) == []


def test_a_mail_put_back_waits_for_its_time(storage: Storage) -> None:
    owe(storage, 1)
    [mail] = claim(storage)
    with storage.writing() as work:
        work.outgoing_mails.put_back(mail, LATER)
        work.commit()

    with storage.writing() as work:
        early = work.outgoing_mails.claim_due(LATER - timedelta(seconds=1), LATER, 3)
        due = work.outgoing_mails.claim_due(LATER, LATER, 3)

    assert (len(early), len(due)) == (0, 1)


def test_the_story_of_a_mail_has_its_attempts_in_order(storage: Storage) -> None:
    owe(storage, 1)
    [mail] = claim(storage)
    outcome = MailOutcome(result=MailResult.NOT_ACCEPTED, error_code="Throttling", status=400)
    attempts = tuple(
        Attempt(sender=sender, started_at=NOW, duration=timedelta(milliseconds=7), outcome=outcome)
        for sender in ("aliyun", "smtp")
    )

    with storage.writing() as work:
        work.outgoing_mails.add_attempts(mail, attempts)
        work.commit()

    with storage.reading() as work:
        [story] = work.outgoing_mails.recent(ADA.typed, 10)
        nobody = work.outgoing_mails.recent("bob@example.com", 10)
    assert story.mail == mail
    assert story.attempts == attempts
    assert nobody == []
