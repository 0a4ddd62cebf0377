"""Keeps mails as files, for development and closed test networks."""

from datetime import UTC
from itertools import count
from pathlib import Path

from authserver.domain.clock import Clock
from authserver.domain.outgoing_mail import ComposedMail, MailOutcome, MailResult
from authserver.mail.outbox_folder import keep_mail


class OutboxSender:
    """Accepts every mail and writes it into a folder that only its owner can read."""

    name = "outbox"

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._sequence = count()

    async def send(self, mail: ComposedMail) -> MailOutcome:
        """Keep the mail; a full or forbidden disk counts as not accepted."""
        sent_at = self._clock.now().astimezone(UTC).isoformat(timespec="microseconds")
        try:
            identifier = keep_mail(self._folder, mail, sent_at, next(self._sequence))
        except OSError as fault:
            return MailOutcome(result=MailResult.NOT_ACCEPTED, error_code=type(fault).__name__)
        return MailOutcome(result=MailResult.ACCEPTED, provider_id=identifier)

    async def close(self) -> None:
        """Do nothing: no file stays open."""
