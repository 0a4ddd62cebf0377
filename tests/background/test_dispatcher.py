from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from authserver.background.dispatcher import AT_ONCE, Bell
from authserver.background.mail_dispatcher import MailDispatcher
from authserver.delivery.outgoing_mail import MailToSend
from authserver.domain.outgoing_mail import Attempt, MailResult, MailState
from authserver.lane import Lane
from tests.delivery.office import Office, open_office
from tests.delivery.outage import database_away
from tests.support.databases import PostgresServer

pytestmark = pytest.mark.anyio

PATIENCE_SECONDS = 10.0


class Post:
    """A stand-in for the senders: notes what it was handed; `gate` lets mails through."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.gate = anyio.Event()
        self.gate.set()
        self.results = [MailResult.ACCEPTED]
        self.begun: list[str] = []
        self.sent: list[str] = []

    async def send(self, owed: MailToSend) -> list[Attempt]:
        self.begun.append(owed.mail.id)
        await self.gate.wait()
        if not self.results:
            raise OSError("the sender broke")
        self.sent.append(owed.mail.id)
        return [self.office.attempt(self.results[-1])]


def dispatcher_of(
    office: Office, post: Post, bell: Bell | None = None, lane: Lane | None = None
) -> MailDispatcher:
    chosen = bell or Bell()
    chosen.hang()
    return MailDispatcher(office.delivery, lane or Lane(threads=4), post.send, chosen)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what the database or a stand-in shows; neither tells of itself."""
    with anyio.fail_after(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await anyio.sleep(0.01)


def states(office: Office, count: int) -> Counter[MailState]:
    return Counter(office.story(number).mail.state for number in range(count))


async def test_what_is_owed_is_sent_and_recorded(office: Office) -> None:
    mails = office.owe_many(5)
    post = Post(office)
    dispatcher = dispatcher_of(office, post)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(dispatcher.run)
        await until(lambda: len(post.sent) == 5)
        dispatcher.drain()

    assert sorted(post.sent) == mails
    assert states(office, 5) == {MailState.ACCEPTED: 5}


@pytest.mark.parametrize("rings_before", [True, False])
async def test_a_ring_from_any_thread_ends_the_wait(*, rings_before: bool) -> None:
    bell = Bell()
    bell.ring()  # before there is a loop to wake
    bell.hang()

    async with anyio.create_task_group() as tasks:
        if rings_before:
            await Lane(threads=1).run(bell.ring)
        else:
            tasks.start_soon(Lane(threads=1).run, bell.ring)
        with anyio.fail_after(PATIENCE_SECONDS):
            await bell.wait(timedelta(hours=1))


async def test_a_mail_of_which_no_bell_told_is_found_all_the_same(office: Office) -> None:
    post = Post(office)
    dispatcher = dispatcher_of(office, post)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(dispatcher.run)
        await anyio.sleep(0.1)
        office.owe(0)
        await until(lambda: post.sent)
        dispatcher.drain()

    assert post.sent == ["mail-0"]


async def test_a_mail_whose_code_died_is_not_handed_over(office: Office) -> None:
    verification = office.owe(0)
    with office.base.storage.writing() as work:
        work.verifications.replace(verification.id)
        work.commit()
    post = Post(office)
    dispatcher = dispatcher_of(office, post)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(dispatcher.run)
        await until(lambda: states(office, 1) == {MailState.DROPPED: 1})
        dispatcher.drain()

    assert post.begun == []


async def test_two_dispatchers_never_send_a_mail_twice(office: Office) -> None:
    mails = office.owe_many(40)
    post = Post(office)
    dispatchers = [dispatcher_of(office, post) for _ in range(2)]

    async with anyio.create_task_group() as tasks:
        for dispatcher in dispatchers:
            tasks.start_soon(dispatcher.run)
        await until(lambda: len(post.sent) >= 40)
        for dispatcher in dispatchers:
            dispatcher.drain()

    assert Counter(post.begun) == Counter(mails)


async def test_no_more_than_so_many_mails_are_in_hand_at_once(office: Office) -> None:
    office.owe_many(AT_ONCE + 4)
    post = Post(office)
    post.gate = anyio.Event()
    dispatcher = dispatcher_of(office, post)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(dispatcher.run)
        await until(lambda: len(post.begun) == AT_ONCE)
        await anyio.sleep(0.1)
        assert len(post.begun) == AT_ONCE
        post.gate.set()
        await until(lambda: len(post.sent) == AT_ONCE + 4)
        dispatcher.drain()


async def test_draining_finishes_what_is_in_hand_and_claims_nothing_more(office: Office) -> None:
    office.owe(0)
    post = Post(office)
    post.gate = anyio.Event()
    lane = Lane(threads=1)
    dispatcher = dispatcher_of(office, post, lane=lane)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(dispatcher.run)
        await until(lambda: post.begun)
        dispatcher.drain()
        await lane.run(lambda: None)  # A claim that was under way is over.
        office.owe(1)
        await anyio.sleep(0.05)
        post.gate.set()

    assert states(office, 2) == {MailState.ACCEPTED: 1, MailState.QUEUED: 1}
    assert post.begun == ["mail-0"]


async def test_what_cannot_be_finished_is_given_back_and_sent_by_the_next(office: Office) -> None:
    office.owe_many(3)
    stuck = Post(office)
    stuck.gate = anyio.Event()
    first = dispatcher_of(office, stuck)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first.run)
        await until(lambda: len(stuck.begun) == 3)
        tasks.cancel_scope.cancel()
    assert states(office, 3) == {MailState.QUEUED: 3}

    post = Post(office)
    second = dispatcher_of(office, post)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(second.run)
        await until(lambda: len(post.sent) == 3)
        second.drain()

    assert states(office, 3) == {MailState.ACCEPTED: 3}
    assert {office.story(number).mail.claims for number in range(3)} == {2}


async def test_a_sender_that_breaks_costs_no_mail_and_no_loop(office: Office) -> None:
    office.owe(0)
    post = Post(office)
    post.results = []
    bell = Bell()
    dispatcher = dispatcher_of(office, post, bell)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(dispatcher.run)
        await until(lambda: post.begun)
        await anyio.sleep(0.05)
        post.results = [MailResult.ACCEPTED]
        office.clock.advance(timedelta(seconds=60))
        bell.ring()
        await until(lambda: post.sent)
        dispatcher.drain()

    story = office.story(0)
    assert (story.mail.state, story.mail.claims) == (MailState.ACCEPTED, 2)


async def test_mails_leave_once_a_database_that_was_away_is_back(
    postgres: PostgresServer, postgres_database: str, tmp_path: Path
) -> None:
    with open_office(postgres_database, tmp_path) as office:
        office.owe(0)
        post = Post(office)
        dispatcher = dispatcher_of(office, post)

        async with anyio.create_task_group() as tasks:
            with database_away(postgres, postgres_database):
                tasks.start_soon(dispatcher.run)
                await anyio.sleep(0.3)
                assert post.begun == []
            await until(lambda: post.sent)
            dispatcher.drain()

        assert office.story(0).mail.state is MailState.ACCEPTED
