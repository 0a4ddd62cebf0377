"""The share of the day's mails that is kept for addresses with an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from authserver.delivery.choice import Chosen
from authserver.domain.clock import Clock
from authserver.domain.outgoing_mail import OutgoingMail
from authserver.domain.verifications import CodePolicy
from authserver.storage.unit_of_work import Storage, UnitOfWork

Due = tuple[OutgoingMail, Chosen]

# So coarse that it does not tell when somebody else asked.
COARSE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrations:
    """The use case of the banner that says how long registrations wait, to everybody alike."""

    storage: Storage
    clock: Clock
    policy: CodePolicy

    def __call__(self) -> timedelta:
        """Return the wait until a seat is open again; zero while one is."""
        with self.storage.reading() as work:
            wait = work.limits.wait(self.policy.open_seats, self.clock.now())
        return -(-wait // COARSE) * COARSE


def take_seats(
    work: UnitOfWork, policy: CodePolicy, due: Sequence[Due], now: datetime
) -> tuple[list[Due], list[OutgoingMail]]:
    """Return the mails that may leave, and those for which no seat is open.

    Notices and addresses with an account need none. A mail takes its seat when it is claimed
    first. Only dispatchers lock this counter, all of them before any verification.
    """
    seats = policy.open_seats
    asking = [
        mail
        for mail, chosen in due
        if chosen.account is None and mail.claims == 1 and not mail.is_notice
    ]
    if not asking or seats.most >= policy.mails_per_day:
        return list(due), []
    oldest_first = sorted(asking, key=lambda mail: (mail.created_at, mail.id))
    dropped = oldest_first[work.limits.charge_up_to(seats, len(asking), now) :]
    gone = {mail.id for mail in dropped}
    return [each for each in due if each[0].id not in gone], dropped


def give_seats_back(work: UnitOfWork, dropped: Sequence[OutgoingMail], now: datetime) -> None:
    """Let others have the mails of the day that were dropped, or the share would be worth nothing.

    Last of all in the unit: nobody waits for a lock while holding the counter of the instance.
    """
    if dropped:
        work.instance_mails.give_back([mail.created_at for mail in dropped], now)


def by_verification(due: Due) -> str:
    """Return what orders mails so that two dispatchers lock verifications in one order."""
    return due[0].verification_id or ""
