"""The mails of a server, read as the files that its outbox sender keeps: that is cheap."""

from pathlib import Path

from authserver.mail.outbox_folder import KeptMail, read_outbox
from tests.support.person import Inbox

PATIENCE_SECONDS = 30.0
LOOKS_EVERY_SECONDS = 0.01


class KeptInbox(Inbox):
    """Reads the folder of the outbox sender."""

    def __init__(self, folder: Path) -> None:
        super().__init__(patience_seconds=PATIENCE_SECONDS, pause_seconds=LOOKS_EVERY_SECONDS)
        self._folder = folder

    def mails(self, address: str) -> list[KeptMail]:
        """Return every mail to the address, newest first."""
        return read_outbox(self._folder, address)

    def clear(self) -> None:
        """Remove all mails, as who looks for one looks through them all."""
        for kept in self._folder.glob("*.json"):
            kept.unlink(missing_ok=True)
        self.forget()
