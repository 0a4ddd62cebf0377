"""What providers report of mails, and the addresses that are not written to any more."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from authserver.administration.mail_suppressions import MailSuppressions
from authserver.delivery.delivery_reports import DeliveryReports
from authserver.domain.delivery_reports import DeliveryReport, DeliveryStatus, MailFate
from authserver.domain.outgoing_mail import (
    MailId,
    MailOutcome,
    MailResult,
    MailState,
    message_token,
)
from authserver.domain.suppressions import EVERY_SENDER, SuppressionReason
from authserver.storage.outgoing_mail import MailStory
from tests.delivery.office import Office
from tests.storage.racing import race
from tests.storage.samples import ADA

MINUTE = timedelta(minutes=1)
DAYS = timedelta(days=1)
PROVIDERS_LIST = MailOutcome(
    result=MailResult.RECIPIENT_REFUSED,
    error_code="InvalidToAddress.Spam",
    another_sender_may_try=True,
)


class Desk:
    """The reports of one provider on mails of an office."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.counted: list[DeliveryStatus] = []
        self.reports = DeliveryReports(
            storage=office.base.storage, clock=office.clock, count=self.counted.append
        )
        self.suppressions = MailSuppressions(storage=office.base.storage, clock=office.clock)

    def hand_over(self, number: int = 1, outcome: MailOutcome | None = None) -> MailState:
        """Owe a mail, claim it and record what Direct Mail said."""
        self.office.owe(number)
        [owed] = self.office.delivery.claim(1)
        accepted = MailOutcome(result=MailResult.ACCEPTED, provider_id=f"envelope-{number}")
        attempt = replace(self.office.attempt(), sender="aliyun", outcome=outcome or accepted)
        return self.office.delivery.record(owed.mail, [attempt])

    def story(self, number: int = 1) -> MailStory:
        """Return a mail with what was reported of it."""
        story = self.office.story(number)
        with self.office.base.storage.reading() as work:
            return replace(story, events=work.delivery_events.of_mail(story.mail.id))

    def steps(self, number: int = 1) -> list[str]:
        return [step.name for step in self.story(number).timeline]


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def a_report(
    status: DeliveryStatus = DeliveryStatus.DELIVERED,
    *,
    event_id: str = "event-1",
    provider_id: str | None = "envelope-1",
    happened_at: datetime | None = None,
    suppresses: SuppressionReason | None = None,
) -> DeliveryReport:
    return DeliveryReport(
        event_id=event_id,
        status=status,
        provider_id=provider_id,
        happened_at=happened_at,
        suppresses=suppresses,
    )


BOUNCED = a_report(DeliveryStatus.BOUNCED, suppresses=SuppressionReason.BOUNCED)


def test_the_timeline_tells_the_whole_story_of_a_mail(desk: Desk) -> None:
    desk.hand_over()
    desk.office.clock.advance(MINUTE)

    new = desk.reports.note([a_report()])

    assert new == 1
    assert desk.steps() == ["queued", "sending", "accepted", "delivered"]
    assert desk.story().standing == "delivered"
    assert desk.counted == [DeliveryStatus.DELIVERED]


def test_an_event_that_comes_again_is_kept_once(desk: Desk) -> None:
    desk.hand_over()

    news = [desk.reports.note([a_report(), a_report()]), desk.reports.note([a_report()])]

    assert news == [1, 0]
    assert desk.counted == [DeliveryStatus.DELIVERED]


def test_an_event_that_comes_to_many_processes_at_once_is_kept_once(desk: Desk) -> None:
    desk.hand_over()

    news = race(8, lambda: desk.reports.note([a_report()]))

    assert sorted(news) == [0] * 7 + [1]


def test_events_count_in_the_order_in_which_they_happened(desk: Desk) -> None:
    desk.hand_over()
    handed_over = desk.office.clock.now()
    desk.office.clock.advance(10 * MINUTE)

    desk.reports.note(
        [
            a_report(DeliveryStatus.SPAM, event_id="later", happened_at=handed_over + 5 * MINUTE),
            a_report(event_id="earlier", happened_at=handed_over + MINUTE),
        ]
    )

    assert desk.steps() == ["queued", "sending", "accepted", "delivered", "spam"]
    assert desk.story().standing == "spam"


def test_an_event_of_another_time_lies_within_the_life_of_its_mail(desk: Desk) -> None:
    desk.hand_over()
    now = desk.office.clock.now()

    desk.reports.note(
        [
            a_report(event_id="future", happened_at=now + 100 * DAYS),
            a_report(DeliveryStatus.SPAM, event_id="past", happened_at=now - 100 * DAYS),
        ]
    )

    assert [event.happened_at for event in desk.story().events] == [now, now]


def test_an_event_about_a_mail_of_somebody_else_changes_nothing(desk: Desk) -> None:
    desk.hand_over()

    new = desk.reports.note([replace(BOUNCED, provider_id="of another service")])

    assert new == 0
    assert desk.suppressions.list() == []
    assert desk.steps() == ["queued", "sending", "accepted"]


def test_an_event_that_overtakes_the_answer_is_found_by_the_message_id(desk: Desk) -> None:
    desk.office.owe()
    [owed] = desk.office.delivery.claim(1)

    new = desk.reports.note(
        [replace(a_report(), provider_id=None, message_token=message_token(MailId("mail-1")))]
    )

    assert new == 1
    assert owed.mail.id == "mail-1"
    assert desk.story().standing == "delivered"


def test_an_address_that_bounced_is_not_written_to_for_thirty_days(desk: Desk) -> None:
    desk.hand_over(1)
    desk.reports.note([BOUNCED])

    desk.office.owe(2)
    assert desk.office.delivery.claim(10) == []
    dropped = desk.story(2).mail
    assert (dropped.state, dropped.reason) == (MailState.DROPPED, "suppressed")
    assert not desk.office.is_code_mailed(2)

    desk.office.clock.advance(30 * DAYS)
    desk.office.owe(3)
    assert len(desk.office.delivery.claim(10)) == 1


def test_an_address_on_a_providers_list_is_spared_that_provider_only(desk: Desk) -> None:
    state = desk.hand_over(1, PROVIDERS_LIST)

    desk.office.owe(2)
    [owed] = desk.office.delivery.claim(10)

    assert state is MailState.REFUSED
    assert owed.suppressed_at == {"aliyun"}
    [suppression] = desk.suppressions.list()
    assert (suppression.address, suppression.sender) == (ADA.canonical, "aliyun")


def test_a_mail_that_no_sender_would_take_is_dropped(desk: Desk) -> None:
    suppressed = MailOutcome(result=MailResult.SUPPRESSED, error_code="suppressed")

    state = desk.hand_over(1, suppressed)

    assert state is MailState.DROPPED
    assert desk.office.story().mail.reason == "suppressed"
    assert desk.steps() == ["queued", "suppressed", "dropped"]


def test_an_address_suppressed_by_the_operator_is_written_to_after_its_removal(
    desk: Desk,
) -> None:
    added = desk.suppressions.add("ADA@Example.com")
    desk.office.owe(1)
    desk.office.clock.advance(400 * DAYS)
    held = desk.suppressions.list()
    desk.office.owe(2)
    refused = desk.office.delivery.claim(10)

    removed = desk.suppressions.remove("ada@example.com")

    desk.office.owe(3)
    assert (added.sender, added.reason) == (EVERY_SENDER, SuppressionReason.OPERATOR)
    assert [each.address for each in held] == [ADA.canonical]
    assert refused == []
    assert removed
    assert not desk.suppressions.remove("ada@example.com")
    assert [owed.mail.id for owed in desk.office.delivery.claim(10)] == ["mail-3"]


def test_another_address_is_written_to_as_ever(desk: Desk) -> None:
    desk.suppressions.add("bob@example.com")
    desk.office.owe()

    [owed] = desk.office.delivery.claim(10)

    assert owed.suppressed_at == frozenset()


def test_answers_about_an_address_are_paired_with_its_mails_by_time(desk: Desk) -> None:
    start = desk.office.clock.now()
    desk.hand_over(1)
    desk.office.clock.advance(10 * MINUTE)
    desk.hand_over(2)
    desk.office.clock.advance(10 * MINUTE)
    fates = [
        MailFate(status=DeliveryStatus.FAILED, at=start + 12 * MINUTE, error_code="SmtpMfFreq"),
        MailFate(status=DeliveryStatus.DELIVERED, at=start + MINUTE),
        MailFate(status=DeliveryStatus.DELIVERED, at=start - 60 * MINUTE),
    ]

    news = [desk.reports.note_fates(ADA, fates), desk.reports.note_fates(ADA, fates)]

    assert news == [2, 0]
    assert (desk.story(1).standing, desk.story(2).standing) == ("delivered", "failed")


def test_what_was_told_is_not_told_again_by_asking(desk: Desk) -> None:
    desk.hand_over(1)
    desk.reports.note([a_report()])

    new = desk.reports.note_fates(
        ADA, [MailFate(status=DeliveryStatus.DELIVERED, at=desk.office.clock.now())]
    )

    assert new == 0
