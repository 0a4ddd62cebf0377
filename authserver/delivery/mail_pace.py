"""Whether mail is slow at the moment: the same for everybody, whatever address was entered."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from authserver.domain.clock import Clock
from authserver.domain.outgoing_mail import MailState
from authserver.storage.unit_of_work import Storage

# A mail that nobody has taken for as long waits for a dispatcher that does not come.
OVERDUE_AFTER: Final = timedelta(seconds=60)
# By then a mail has left, where nothing is wrong.
LEFT_AFTER: Final = timedelta(seconds=20)
REMEMBERED_FOR: Final = timedelta(minutes=5)
NEWEST: Final = 20
WAITING: Final = frozenset({MailState.QUEUED, MailState.SENDING, MailState.GIVEN_UP})
SENT: Final = frozenset({MailState.ACCEPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPace:
    """The use case of the banner on pages that wait for mail."""

    storage: Storage
    clock: Clock
    mails_to_unknown: bool

    def __call__(self) -> bool:
        """Tell whether mails wait for a dispatcher, or most of the newest could not be sent.

        Where unknown addresses get no mail, only those get into trouble that have an account:
        then what senders answer is not shown.
        """
        now = self.clock.now()
        with self.storage.reading() as work:
            if work.mail_paces.is_overdue(now - OVERDUE_AFTER):
                return True
            if not self.mails_to_unknown:
                return False
            states = work.mail_paces.newest_states(
                since=now - REMEMBERED_FOR, until=now - LEFT_AFTER, at_most=NEWEST
            )
        stuck = sum(state in WAITING for state in states)
        return stuck > sum(state in SENT for state in states)
