"""The mails of a server, read as the files that its outbox sender keeps: that is cheap."""

import time
from collections import Counter
from pathlib import Path

from authserver.mail.outbox_folder import KeptMail, read_outbox

PATIENCE_SECONDS = 30.0
LOOKS_EVERY_SECONDS = 0.01


class KeptInbox:
    """Hands out each mail to an address once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: Counter[str] = Counter()

    def __call__(self, address: str) -> str:
        """Wait for a mail to the address that was not read before, and return its code."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up_at:
            mails = self.mails(address)
            if len(mails) > self._read[address]:
                self._read[address] = len(mails)
                return str(mails[0]["code"])
            time.sleep(LOOKS_EVERY_SECONDS)
        raise AssertionError(f"no new mail to {address} within {PATIENCE_SECONDS} s")

    def mails(self, address: str) -> list[KeptMail]:
        """Return every mail to the address, newest first."""
        return read_outbox(self._folder, address)

    def clear(self) -> None:
        """Remove all mails, as who looks for one looks through them all."""
        for kept in self._folder.glob("*.json"):
            kept.unlink(missing_ok=True)
        self._read.clear()
