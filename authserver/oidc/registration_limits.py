"""How many clients may register themselves: of one source, and at this server."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from authserver.domain.limits import DAY, HOUR, Limit, LimitKind
from authserver.oidc.errors import TemporarilyUnavailable
from authserver.storage.unit_of_work import Storage

EVERYBODY: Final = "everybody"


class TooManyRegistrations(TemporarilyUnavailable):
    """No registration before `wait_seconds` are over."""

    status = 429

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many clients have registered; wait as Retry-After says")
        self.wait_seconds = max(1, math.ceil(wait.total_seconds()))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationLimits:
    """Counts registrations in the database, so that all processes count together."""

    storage: Storage
    per_source_hour: int
    per_day: int

    def charge(self, source: str, now: datetime) -> None:
        """Count one more of the source; raises TooManyRegistrations, and has counted nothing."""
        with self.storage.writing() as work:
            for limit in self._limits(source):
                if not work.limits.charge(limit, now):
                    raise TooManyRegistrations(work.limits.wait(limit, now))
            work.commit()

    def _limits(self, source: str) -> tuple[Limit, ...]:
        """Return the limits, that of everybody last, so that nobody waits long for its row."""
        of_source, of_all = LimitKind.REGISTRATIONS_OF_SOURCE, LimitKind.REGISTRATIONS_OF_INSTANCE
        return (
            Limit(kind=of_source, key=source, most=self.per_source_hour, window=HOUR),
            Limit(kind=of_all, key=EVERYBODY, most=self.per_day, window=DAY),
        )
