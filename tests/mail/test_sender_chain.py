from collections import deque
from collections.abc import Callable
from datetime import timedelta

import anyio
import pytest

from authserver.domain.outgoing_mail import (
    Attempt,
    ComposedMail,
    MailOutcome,
    MailResult,
    MailState,
    deciding,
    next_step,
)
from authserver.mail.sender_chain import SenderChain, TimeLimits
from tests.support.known_randomness import KnownRandomness
from tests.support.stopped_clock import StoppedClock

pytestmark = pytest.mark.anyio

ACCEPTED = MailOutcome(result=MailResult.ACCEPTED, provider_id="e1")
NOT_ACCEPTED = MailOutcome(result=MailResult.NOT_ACCEPTED, error_code="Throttling")
REFUSED = MailOutcome(result=MailResult.REFUSED, error_code="InvalidSendMail.Spam")
MISCONFIGURED = MailOutcome(
    result=MailResult.REFUSED, error_code="Forbidden", is_configuration_fault=True
)
RECIPIENT_REFUSED = MailOutcome(result=MailResult.RECIPIENT_REFUSED, error_code="InvalidToAddress")
SUPPRESSED = MailOutcome(
    result=MailResult.RECIPIENT_REFUSED,
    error_code="InvalidToAddress.Spam",
    another_sender_may_try=True,
)
UNKNOWN = MailOutcome(result=MailResult.UNKNOWN, error_code="ReadTimeout")


class ScriptedSender:
    """Comes to the given outcomes one after the other, then always to the last one."""

    def __init__(self, name: str, *outcomes: MailOutcome) -> None:
        self.name = name
        self.outcomes = deque(outcomes)
        self.mails: list[ComposedMail] = []
        self.is_closed = False

    async def send(self, mail: ComposedMail) -> MailOutcome:
        self.mails.append(mail)
        return self.outcomes.popleft() if len(self.outcomes) > 1 else self.outcomes[0]

    async def close(self) -> None:
        self.is_closed = True


class HangingSender(ScriptedSender):
    async def send(self, mail: ComposedMail) -> MailOutcome:
        await anyio.sleep_forever()
        return await super().send(mail)


class BrokenSender(ScriptedSender):
    async def send(self, mail: ComposedMail) -> MailOutcome:
        raise RuntimeError(f"cannot send {mail.text}")


class Chain:
    """A chain over scripted senders, with the pauses it made."""

    def __init__(self, clock: StoppedClock, *senders: ScriptedSender) -> None:
        self.pauses: list[float] = []
        self.chain = SenderChain(
            senders,
            clock=clock,
            randomness=KnownRandomness(),
            sleep=self.note_pause,
            limits=TimeLimits(attempt=timedelta(milliseconds=30), sender=timedelta(milliseconds=50))
            if any(isinstance(sender, HangingSender) for sender in senders)
            else None,
        )

    async def note_pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def send(self, mail: ComposedMail) -> list[Attempt]:
        return await self.chain.send(mail)


def names(attempts: list[Attempt]) -> list[str]:
    return [attempt.sender for attempt in attempts]


@pytest.mark.parametrize(
    ("outcomes", "tries"),
    [
        ([ACCEPTED], ["first"]),
        ([NOT_ACCEPTED, ACCEPTED], ["first", "first"]),
        ([NOT_ACCEPTED], ["first", "first", "first", "second"]),
        ([REFUSED], ["first", "second"]),
        ([MISCONFIGURED], ["first", "second"]),
        ([RECIPIENT_REFUSED], ["first"]),
        ([SUPPRESSED], ["first", "second"]),
        ([UNKNOWN], ["first", "first", "second"]),
        ([UNKNOWN, ACCEPTED], ["first", "first"]),
        ([UNKNOWN, NOT_ACCEPTED], ["first", "first", "first", "second"]),
        ([NOT_ACCEPTED, UNKNOWN], ["first", "first", "first", "second"]),
    ],
)
async def test_each_outcome_leads_to_its_next_step(
    clock: StoppedClock, mail: ComposedMail, outcomes: list[MailOutcome], tries: list[str]
) -> None:
    first, second = ScriptedSender("first", *outcomes), ScriptedSender("second", ACCEPTED)

    attempts = await Chain(clock, first, second).send(mail)

    assert names(attempts) == tries
    assert len(second.mails) == tries.count("second")
    assert {each.message_id for each in first.mails} == {mail.message_id}


async def test_pauses_are_drawn_below_their_bounds(clock: StoppedClock, mail: ComposedMail) -> None:
    chain = Chain(clock, ScriptedSender("only", NOT_ACCEPTED))

    await chain.send(mail)

    assert 0 <= chain.pauses[0] <= 0.3
    assert 0 <= chain.pauses[1] <= 1.0
    assert len(chain.pauses) == 2


async def test_a_short_wait_asked_for_is_kept_and_a_long_one_leads_to_the_next_sender(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    short = MailOutcome(result=MailResult.NOT_ACCEPTED, retry_after=timedelta(milliseconds=300))
    long = MailOutcome(result=MailResult.NOT_ACCEPTED, retry_after=timedelta(seconds=2))
    chain = Chain(clock, ScriptedSender("first", short, long), ScriptedSender("second", ACCEPTED))

    attempts = await chain.send(mail)

    assert names(attempts) == ["first", "first", "second"]
    assert chain.pauses == [0.3]


async def test_a_sender_that_hangs_is_cut_off_and_may_have_sent(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    chain = Chain(clock, HangingSender("first", ACCEPTED), ScriptedSender("second", ACCEPTED))

    with anyio.fail_after(5):
        attempts = await chain.send(mail)

    assert [attempt.outcome.result for attempt in attempts[:-1]] == [MailResult.UNKNOWN] * (
        len(attempts) - 1
    )
    assert attempts[-1].sender == "second"


async def test_a_bug_in_one_sender_does_not_keep_the_mail_from_the_next(
    clock: StoppedClock, mail: ComposedMail, log: Callable[[], str]
) -> None:
    chain = Chain(clock, BrokenSender("first", ACCEPTED), ScriptedSender("second", ACCEPTED))

    attempts = await chain.send(mail)

    assert names(attempts) == ["first", "first", "second"]
    assert attempts[0].outcome.error_code == "RuntimeError"
    assert mail.code is not None
    assert mail.code.reveal() not in log()
    assert "mail.sender_failed" in log()


async def test_five_failures_in_a_row_spare_the_sender_until_one_probe_after_30_s(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    first, second = ScriptedSender("first", REFUSED), ScriptedSender("second", ACCEPTED)
    chain = Chain(clock, first, second)

    for _ in range(7):
        await chain.send(mail)
    tried_before = len(first.mails)
    clock.advance(timedelta(seconds=30))
    await chain.send(mail)
    await chain.send(mail)

    assert tried_before == 5
    assert len(first.mails) == 6
    assert len(second.mails) == 9


async def test_a_probe_that_succeeds_brings_the_sender_back(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    first = ScriptedSender("first", *[REFUSED] * 5, ACCEPTED)
    chain = Chain(clock, first, ScriptedSender("second", ACCEPTED))
    for _ in range(5):
        await chain.send(mail)
    clock.advance(timedelta(seconds=30))

    attempts = [await chain.send(mail) for _ in range(3)]

    assert [names(each) for each in attempts] == [["first"]] * 3


async def test_a_breaker_that_opens_midway_ends_the_tries_here(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    chain = Chain(clock, ScriptedSender("first", NOT_ACCEPTED), ScriptedSender("second", ACCEPTED))

    first_mail, second_mail = await chain.send(mail), await chain.send(mail)

    assert names(first_mail) == ["first", "first", "first", "second"]
    assert names(second_mail) == ["first", "first", "second"]


async def test_a_configuration_fault_spares_the_sender_at_once_for_five_minutes(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    first = ScriptedSender("first", MISCONFIGURED, ACCEPTED)
    chain = Chain(clock, first, ScriptedSender("second", ACCEPTED))

    await chain.send(mail)
    clock.advance(timedelta(seconds=299))
    spared = await chain.send(mail)
    clock.advance(timedelta(seconds=1))
    probed = await chain.send(mail)

    assert (names(spared), names(probed)) == (["second"], ["first"])


async def test_over_half_of_the_last_twenty_failing_within_a_minute_spares_the_sender(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    first = ScriptedSender("first", *[REFUSED, ACCEPTED] * 9, REFUSED, REFUSED, ACCEPTED)
    chain = Chain(clock, first, ScriptedSender("second", ACCEPTED))

    for _ in range(25):
        await chain.send(mail)

    assert len(first.mails) == 20


async def test_failures_spread_over_more_than_a_minute_spare_nobody(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    first = ScriptedSender("first", *[REFUSED, ACCEPTED] * 9, REFUSED, REFUSED, ACCEPTED)
    chain = Chain(clock, first, ScriptedSender("second", ACCEPTED))

    for _ in range(25):
        await chain.send(mail)
        clock.advance(timedelta(seconds=7))

    assert len(first.mails) == 25


async def test_faults_of_recipients_never_spare_the_sender(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    first = ScriptedSender("first", SUPPRESSED)
    chain = Chain(clock, first)

    for _ in range(30):
        await chain.send(mail)

    assert len(first.mails) == 30


async def test_with_every_sender_spared_or_none_at_all_nobody_is_tried(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    chain = Chain(clock, ScriptedSender("only", MISCONFIGURED))
    await chain.send(mail)

    assert await chain.send(mail) == []
    assert await Chain(clock).send(mail) == []


async def test_only_one_probe_at_a_time_goes_to_a_sender_that_is_being_spared(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    release = anyio.Event()

    class SlowSender(ScriptedSender):
        async def send(self, mail: ComposedMail) -> MailOutcome:
            outcome = await super().send(mail)
            if outcome is ACCEPTED:
                await release.wait()
            return outcome

    first = SlowSender("first", MISCONFIGURED, ACCEPTED)
    chain = Chain(clock, first, ScriptedSender("second", ACCEPTED))
    await chain.send(mail)
    clock.advance(timedelta(minutes=5))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(chain.send, mail)
        await anyio.wait_all_tasks_blocked()
        during_probe = await chain.send(mail)
        release.set()

    assert names(during_probe) == ["second"]
    assert len(first.mails) == 2


async def test_a_probe_that_is_cancelled_leaves_room_for_the_next(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    class HangingOnce(ScriptedSender):
        async def send(self, mail: ComposedMail) -> MailOutcome:
            outcome = await super().send(mail)
            if len(self.mails) == 2:
                await anyio.sleep_forever()
            return outcome

    chain = Chain(clock, HangingOnce("only", MISCONFIGURED, ACCEPTED))
    await chain.send(mail)
    clock.advance(timedelta(minutes=5))

    with anyio.move_on_after(0.02):
        await chain.send(mail)

    assert names(await chain.send(mail)) == ["only"]


async def test_the_log_names_the_attempt_and_never_address_code_or_body(
    clock: StoppedClock, mail: ComposedMail, log: Callable[[], str]
) -> None:
    chain = Chain(clock, ScriptedSender("first", REFUSED), ScriptedSender("second", ACCEPTED))

    await chain.send(mail)

    assert '"mail.attempt"' in log()
    assert '"error_code": "InvalidSendMail.Spam"' in log()
    assert '"mail.sent_by_later_sender"' in log()
    assert mail.code is not None
    for forbidden in (mail.code.reveal(), mail.to, mail.to.lower(), "This is your code"):
        assert forbidden not in log()


async def test_closing_the_chain_closes_every_sender(clock: StoppedClock) -> None:
    senders = [ScriptedSender("first", ACCEPTED), ScriptedSender("second", ACCEPTED)]

    await SenderChain(senders, clock=clock, randomness=KnownRandomness()).close()

    assert all(sender.is_closed for sender in senders)


async def test_a_suppressed_sender_is_not_asked_and_the_next_one_is(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    first, second = ScriptedSender("first", ACCEPTED), ScriptedSender("second", ACCEPTED)

    attempts = await Chain(clock, first, second).chain.send(mail, {"first"})

    assert [attempt.outcome.result for attempt in attempts] == ["suppressed", "accepted"]
    assert (len(first.mails), len(second.mails)) == (0, 1)


async def test_a_mail_that_every_sender_refuses_is_settled_as_suppressed(
    clock: StoppedClock, mail: ComposedMail
) -> None:
    chain = Chain(clock, ScriptedSender("first", ACCEPTED), ScriptedSender("second", ACCEPTED))

    attempts = await chain.chain.send(mail, {"first", "second"})

    outcome = deciding(attempts)
    assert outcome is not None
    assert next_step(outcome, 1).state is MailState.DROPPED


@pytest.mark.parametrize("order", [("refusing", "broken"), ("broken", "refusing")])
async def test_a_mail_waits_for_a_sender_that_may_still_take_it(
    clock: StoppedClock, mail: ComposedMail, order: tuple[str, str]
) -> None:
    senders = {
        "refusing": ScriptedSender("refusing", ACCEPTED),
        "broken": ScriptedSender("broken", MISCONFIGURED),
    }
    chain = Chain(clock, *(senders[name] for name in order))

    tried = await chain.chain.send(mail, {"refusing"})
    spared = await chain.chain.send(mail, {"refusing"})

    for attempts in (tried, spared):
        outcome = deciding(attempts)
        assert outcome is None or next_step(outcome, 1).state is MailState.QUEUED
    assert len(senders["broken"].mails) == 1
