"""Keeps mails from waiting for a sender that fails all the time."""

from collections import deque
from typing import Final

from authserver.domain.outgoing_mail import MailOutcome, MailResult

FAILURES_IN_A_ROW: Final = 5
REMEMBERED_ATTEMPTS: Final = 20
REMEMBERED_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 30.0
PAUSE_AFTER_CONFIGURATION_FAULT_SECONDS: Final = 300.0

# A recipient's fault says nothing about the sender: it answered as it should.
FAILURES: Final = frozenset({MailResult.NOT_ACCEPTED, MailResult.REFUSED, MailResult.UNKNOWN})


class CircuitBreaker:
    """Opens after repeated failures; then lets one probe through after a pause.

    Instants are seconds of a monotonic clock.
    """

    def __init__(self) -> None:
        self._remembered: deque[tuple[float, bool]] = deque(maxlen=REMEMBERED_ATTEMPTS)
        self._failures_in_a_row = 0
        self._open_until: float | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Tell whether the sender is being spared."""
        return self._open_until is not None

    def admits(self, now: float) -> bool:
        """Tell whether an attempt may be made; once a pause is over, one caller may probe."""
        if self._open_until is None:
            return True
        if self._is_probing or now < self._open_until:
            return False
        self._is_probing = True
        return True

    def abandon_probe(self) -> None:
        """Give the probe back when its attempt ended without an outcome."""
        self._is_probing = False

    def note(self, outcome: MailOutcome, now: float) -> None:
        """Count the outcome of one attempt; open or close accordingly."""
        failed = outcome.result in FAILURES
        self._remembered.append((now, failed))
        self._failures_in_a_row = self._failures_in_a_row + 1 if failed else 0
        if not failed:
            if self._is_probing:
                self._close()
        elif outcome.is_configuration_fault:
            self._open(now + PAUSE_AFTER_CONFIGURATION_FAULT_SECONDS)
        elif self._is_probing or self._has_failed_too_often(now):
            self._open(now + PAUSE_SECONDS)

    def _has_failed_too_often(self, now: float) -> bool:
        recent_failures = sum(
            failed for at, failed in self._remembered if now - at <= REMEMBERED_SECONDS
        )
        return (
            self._failures_in_a_row >= FAILURES_IN_A_ROW
            or recent_failures > REMEMBERED_ATTEMPTS // 2
        )

    def _open(self, until: float) -> None:
        # A late failure of an earlier attempt must not shorten a longer pause.
        self._open_until = max(until, self._open_until or until)
        self._is_probing = False

    def _close(self) -> None:
        self._open_until = None
        self._is_probing = False
        self._failures_in_a_row = 0
        self._remembered.clear()
