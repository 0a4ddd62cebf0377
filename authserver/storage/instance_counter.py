"""The mails of the whole instance, counted in several rows so that starts do not queue for one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection

from authserver.domain.limits import DAY, Limit, LimitKind
from authserver.storage.limits import Limits

ROWS: Final = 8


class InstanceCounter:
    """The ceiling of one unit of work, dealt to the rows; together they never admit more.

    Its rows are locked after all others. Nobody waits for a row while holding one with room:
    whoever holds several has found each of them full.
    """

    def __init__(self, connection: Connection) -> None:
        self.limits = Limits(connection)

    def charge(self, most: int, subject: str, now: datetime) -> bool:
        """Count one mail; False where `most` are counted. `subject` only chooses the row."""
        row: int | None = sha256(subject.encode()).digest()[0] % ROWS
        tried: set[int] = set()
        while row is not None:
            if self.limits.charge(share_of(most, row), now):
                return True
            tried.add(row)
            # Looked up after each row that was full: an earlier look may be out of date.
            row = next((each for each in self._with_room(most, now) if each not in tried), None)
        return False

    def wait(self, most: int, now: datetime) -> timedelta:
        """Return how long it takes until one more is admitted."""
        counted = self._counted()
        return min(
            DAY.wait(counted[row], now, share_of(most, row).most) for row in range(min(most, ROWS))
        )

    def give_back(self, counted_at: Sequence[datetime], now: datetime) -> None:
        """Take back mails that were counted then and never left."""
        counted = self._counted()
        chosen: list[tuple[int, datetime]] = []
        for instant in counted_at:
            part = DAY.part_of(instant)
            counts = [parts.get(part, 0) for parts in counted]
            row = counts.index(max(counts))
            counted[row][part] = counted[row].get(part, 0) - 1
            chosen.append((row, instant))
        for row, instant in sorted(chosen):
            self.limits.give_back(share_of(0, row), instant, now)

    def _with_room(self, most: int, now: datetime) -> list[int]:
        counted = self._counted()
        return [row for row in range(ROWS) if DAY.room(counted[row], now, share_of(most, row).most)]

    def _counted(self) -> list[dict[int, int]]:
        """Return the parts of each row, without locking them."""
        rows = self.limits.all_of(LimitKind.MAILS_OF_INSTANCE)
        return [rows.get(str(row), {}) for row in range(ROWS)]


def share_of(most: int, row: int) -> Limit:
    """Return the limit of one row."""
    share = most // ROWS + (row < most % ROWS)
    return Limit(kind=LimitKind.MAILS_OF_INSTANCE, key=str(row), most=share, window=DAY)
