"""The dispatcher of mails."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from authserver.background.dispatcher import Bell, Dispatcher
from authserver.delivery.outgoing_mail import MailDelivery, MailToSend
from authserver.domain.outgoing_mail import Attempt, MailState
from authserver.lane import Lane


@dataclass(frozen=True, slots=True)
class MailRounds:
    """What the dispatcher asks of the use cases, which speak of mails alone."""

    delivery: MailDelivery

    def claim(self, at_most: int) -> list[MailToSend]:
        """Take due mails under a lease."""
        return self.delivery.claim(at_most)

    def record(self, owed: MailToSend, sent: list[Attempt]) -> MailState:
        """Keep what was tried."""
        return self.delivery.record(owed.mail, sent)

    def give_back(self, owed: Sequence[MailToSend]) -> None:
        """Let others claim them at once."""
        self.delivery.give_back([each.mail for each in owed])


class MailDispatcher(Dispatcher[MailToSend, list[Attempt]]):
    """Hands over the mails that are owed."""

    def __init__(
        self,
        delivery: MailDelivery,
        lane: Lane,
        send: Callable[[MailToSend], Awaitable[list[Attempt]]],
        bell: Bell,
    ) -> None:
        super().__init__("mail", MailRounds(delivery), lane, send, bell)
