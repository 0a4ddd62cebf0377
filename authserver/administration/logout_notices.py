"""What came of the logout notices to clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from authserver.domain.clients import ClientId
from authserver.domain.logout_notices import LogoutNotice
from authserver.storage.unit_of_work import Storage

SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutNoticeLog:
    """The use case of looking at the newest notices."""

    storage: Storage

    def recent(self, client_id: str | None = None) -> Sequence[LogoutNotice]:
        """Return the newest notices, of one client or of all, newest first."""
        with self.storage.reading() as work:
            wanted = None if client_id is None else ClientId(client_id)
            return work.logout_notices.recent(wanted, SHOWN)
