"""Logout notices among several processes: each has one holder, and none is lost with a process."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from authserver.delivery.logout_notices import LEASE, LogoutDelivery, NoticeToSend
from authserver.domain.client_metadata import ClientMetadata
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.grants import AuthorizationId
from authserver.domain.logout_notices import LogoutNotice, LogoutNoticeState, NoticeAnswer
from authserver.domain.sessions import SessionId
from authserver.storage.endings import delete_account, end_session, end_sign_ins
from tests.delivery.office import Office, open_office
from tests.storage.racing import race_of
from tests.storage.samples import (
    CLIENT,
    SUBJECT,
    a_client,
    a_session,
    an_account,
    an_authorization,
)
from tests.support.units import depth_of_units

URL = "https://shop.example/told"
OK = NoticeAnswer(status=200)
STATE = LogoutNoticeState


@dataclass(frozen=True, slots=True)
class Process:
    """One of several processes over one database."""

    office: Office
    delivery: LogoutDelivery

    def sign_in(self, number: int) -> None:
        """Let Ada sign in to the shop in one more session."""
        now = self.office.clock.now()
        session = a_session(id=SessionId(f"session-{number}"), created_at=now, last_used_at=now)
        authorization = an_authorization(
            id=AuthorizationId(f"authorization-{number}"), session_id=session.id
        )
        with self.office.base.storage.writing() as work:
            work.sessions.add(session, f"digest-{number}".encode(), now + timedelta(days=1))
            work.authorizations.add(authorization, now + timedelta(days=1))
            work.commit()

    def sign_out(self, number: int) -> None:
        with self.office.base.storage.writing() as work:
            session = work.sessions.find(SessionId(f"session-{number}"))
            assert session is not None
            end_session(work, session, None, self.office.clock.now())
            work.commit()

    def notices(self) -> list[LogoutNotice]:
        with self.office.base.storage.reading() as work:
            return work.logout_notices.recent(None, 1000)


@pytest.fixture
def processes(any_database: str, tmp_path: Path) -> Iterator[tuple[Process, Process]]:
    """Return two processes, and a shop that Ada may sign in to."""
    with ExitStack() as stack:
        first, second = (stack.enter_context(open_office(any_database, tmp_path)) for _ in range(2))
        with first.base.storage.writing() as work:
            work.accounts.add(an_account())
            work.clients.add(a_client(metadata=ClientMetadata(backchannel_logout_uri=URL)))
            work.commit()
        yield process(first), process(second)


def process(office: Office) -> Process:
    base = office.base
    delivery = LogoutDelivery(
        storage=base.storage,
        clients=base.clients,
        keys=lambda: base.keys.load().current,
        clock=office.clock,
        issuer=base.endpoint.issuer,
    )
    return Process(office, delivery)


def ids(claimed: list[NoticeToSend]) -> list[str]:
    return [each.notice.id for each in claimed]


def test_two_processes_never_claim_one_notice(processes: tuple[Process, Process]) -> None:
    for number in range(30):
        processes[0].sign_in(number)
        processes[0].sign_out(number)

    rounds = [
        claimed
        for _ in range(5)
        for claimed in race_of([partial(each.delivery.claim, 4) for each in processes])
    ]

    taken = [each for claimed in rounds for each in ids(claimed)]
    assert len(taken) == len(set(taken))
    assert len(taken) >= 20  # two claims of four, five times, but for those that met
    assert {each.claims for each in processes[0].notices()} <= {0, 1}


def test_ends_of_one_session_at_the_same_instant_owe_one_notice(
    processes: tuple[Process, Process],
) -> None:
    first, second = processes
    first.sign_in(1)

    def sign_out_everywhere() -> None:
        with second.office.base.storage.writing() as work:
            assert work.accounts.hold(SUBJECT)
            end_sign_ins(work, SUBJECT, second.office.clock.now())
            work.commit()

    race_of([lambda: first.sign_out(1), sign_out_everywhere])

    assert [each.session_id for each in first.notices()] == ["session-1"]


def test_whoever_has_no_address_any_more_is_not_told_and_no_unit_stands_in_another(
    processes: tuple[Process, Process],
) -> None:
    first, _ = processes
    first.sign_in(1)
    first.sign_out(1)
    with first.office.base.storage.writing() as work:
        work.clients.change(a_client(metadata=ClientMetadata()))
        work.configuration_changed(ConfigurationKind.CLIENTS)
        work.commit()

    with depth_of_units(first.office.base.storage) as depths:
        claimed = first.delivery.claim(5)

    assert claimed == []
    assert [(each.state, each.last_outcome) for each in first.notices()] == [
        (STATE.GIVEN_UP, "no_address")
    ]
    assert set(depths) == {1}


def test_what_a_killed_process_held_is_claimed_when_its_lease_is_over(
    processes: tuple[Process, Process],
) -> None:
    killed, other = processes
    killed.sign_in(1)
    killed.sign_out(1)
    [held] = killed.delivery.claim(5)

    nothing = other.delivery.claim(5)
    for each in processes:
        each.office.clock.advance(LEASE)
    [again] = other.delivery.claim(5)
    other.delivery.record(again, OK)
    # It was only slow: what it says now counts no more.
    killed.delivery.record(held, NoticeAnswer(fault="not_reached"))

    assert nothing == []
    assert [(each.state, each.last_outcome) for each in killed.notices()] == [
        (STATE.DELIVERED, "status_200")
    ]


def test_what_a_process_gives_back_is_claimed_at_once(processes: tuple[Process, Process]) -> None:
    first, second = processes
    first.sign_in(1)
    first.sign_out(1)

    first.delivery.give_back(first.delivery.claim(5))

    assert len(second.delivery.claim(5)) == 1


def test_a_unit_that_is_undone_owes_nothing(processes: tuple[Process, Process]) -> None:
    first, _ = processes
    first.sign_in(1)

    with first.office.base.storage.writing() as work:
        end_sign_ins(work, SUBJECT, first.office.clock.now())

    assert first.notices() == []


def test_a_notice_outlives_the_account_and_goes_with_its_client(
    processes: tuple[Process, Process],
) -> None:
    first, _ = processes
    first.sign_in(1)
    with first.office.base.storage.writing() as work:
        assert delete_account(work, an_account(), first.office.clock.now())
        work.commit()
    kept = first.notices()

    with first.office.base.storage.writing() as work:
        work.clients.delete(CLIENT)
        work.commit()

    assert [(each.subject, each.session_id) for each in kept] == [(SUBJECT, "session-1")]
    assert first.notices() == []


def test_a_client_deleted_beside_an_ending_never_breaks_it(
    processes: tuple[Process, Process],
) -> None:
    first, second = processes
    for number in range(10):
        first.sign_in(number)

    def sign_out() -> None:
        for number in range(10):
            first.sign_out(number)

    def delete() -> None:
        with second.office.base.storage.writing() as work:
            work.clients.delete(CLIENT)
            work.commit()

    race_of([sign_out, delete])

    assert first.notices() == []
