"""Hands a mail over: tries again, fails over to the next sender, spares what is broken."""

import logging
import traceback
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import anyio

from authserver.domain.clock import Clock
from authserver.domain.outgoing_mail import (
    REFUSED_FOR_GOOD,
    Attempt,
    ComposedMail,
    MailOutcome,
    MailResult,
)
from authserver.domain.randomness import Randomness
from authserver.domain.secret import fingerprint
from authserver.mail.circuit_breaker import CircuitBreaker

logger = logging.getLogger(__name__)

# Upper bounds of the pause before the second and the third try here; drawn with full jitter.
PAUSES_SECONDS: Final = (0.3, 1.0)
TRIES_AFTER_UNKNOWN: Final = 2
RECIPIENT_HASH_LENGTH: Final = 16
JITTER_OCTETS: Final = 4
PASSED_OVER: Final = MailOutcome(result=MailResult.SUPPRESSED, error_code="suppressed")
SPARED: Final = MailOutcome(result=MailResult.NOT_ACCEPTED, error_code="sender_spared")


class MailSender(Protocol):
    """Hands over one composed mail through one provider."""

    @property
    def name(self) -> str:
        """Return the name that settings, timeline and logs use."""

    async def send(self, mail: ComposedMail) -> MailOutcome:
        """Make one attempt and say what it came to; time-outs of the whole are the chain's."""

    async def close(self) -> None:
        """Close connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """How long one attempt, and all attempts at one sender together, may take."""

    attempt: timedelta = timedelta(seconds=6)
    sender: timedelta = timedelta(seconds=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One sender of the chain with the breaker that guards it."""

    sender: MailSender
    breaker: CircuitBreaker


class SenderChain:
    """The senders in their order, with one circuit breaker each."""

    def __init__(
        self,
        senders: Sequence[MailSender],
        *,
        clock: Clock,
        randomness: Randomness,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
        limits: TimeLimits | None = None,
    ) -> None:
        self._links = [Link(sender=sender, breaker=CircuitBreaker()) for sender in senders]
        self._clock = clock
        self._randomness = randomness
        self._sleep = sleep
        self._limits = limits or TimeLimits()

    async def send(
        self, mail: ComposedMail, suppressed_at: Collection[str] = frozenset()
    ) -> list[Attempt]:
        """Try to hand `mail` over; return all attempts in order, the last one decides.

        The senders `suppressed_at` are not asked. An empty list means that nobody could be
        tried: no sender, or all of them spared.
        """
        attempts: list[Attempt] = []
        spared: Attempt | None = None
        for position, link in enumerate(self._links):
            if link.sender.name in suppressed_at:
                attempts.append(self._not_made(link, PASSED_OVER))
            elif not link.breaker.admits(self._clock.monotonic()):
                spared = self._not_made(link, SPARED)
            else:
                attempts += await self._try_sender(link, mail)
                if is_final(attempts[-1].outcome):
                    self._tell_of_later_sender(attempts[-1], position)
                    return attempts
        # Whoever is spared now may take later what the last one refuses for good.
        if spared and attempts and attempts[-1].outcome.result in REFUSED_FOR_GOOD:
            attempts.append(spared)
        return attempts

    async def close(self) -> None:
        """Close all senders."""
        for link in self._links:
            await link.sender.close()

    def _not_made(self, link: Link, outcome: MailOutcome) -> Attempt:
        """Return the attempt that stands for a sender which was not asked."""
        return Attempt(
            sender=link.sender.name,
            started_at=self._clock.now(),
            duration=timedelta(0),
            outcome=outcome,
        )

    async def _try_sender(self, link: Link, mail: ComposedMail) -> list[Attempt]:
        deadline = anyio.current_time() + self._limits.sender.total_seconds()
        attempts: list[Attempt] = []
        while True:
            attempts.append(await self._attempt(link, mail, deadline - anyio.current_time()))
            pause = None if link.breaker.is_open else self._pause_before_retry(attempts)
            if pause is None or anyio.current_time() + pause >= deadline:
                return attempts
            await self._sleep(pause)

    async def _attempt(self, link: Link, mail: ComposedMail, seconds_left: float) -> Attempt:
        started_at, started = self._clock.now(), self._clock.monotonic()
        # What neither ends nor fails in time may have arrived.
        outcome = MailOutcome(result=MailResult.UNKNOWN, error_code="AttemptTimeout")
        try:
            with anyio.move_on_after(min(self._limits.attempt.total_seconds(), seconds_left)):
                outcome = await self._guarded_send(link.sender, mail)
        except BaseException:
            link.breaker.abandon_probe()
            raise
        ended = self._clock.monotonic()
        was_open = link.breaker.is_open
        link.breaker.note(outcome, ended)
        attempt = Attempt(
            sender=link.sender.name,
            started_at=started_at,
            duration=timedelta(seconds=ended - started),
            outcome=outcome,
        )
        log_attempt(attempt, mail)
        if link.breaker.is_open and not was_open:
            logger.error("mail.sender_spared", extra={"sender": link.sender.name})
        return attempt

    async def _guarded_send(self, sender: MailSender, mail: ComposedMail) -> MailOutcome:
        try:
            return await sender.send(mail)
        except Exception as fault:  # noqa: BLE001 - one sender's bug must not keep the mail from the next
            # Only where it happened: the text of the exception may hold a part of the mail.
            trace = "".join(traceback.format_tb(fault.__traceback__))
            logger.error(  # noqa: TRY400 - the logger's own trace would add that text
                "mail.sender_failed", extra={"sender": sender.name, "trace": trace}
            )
            return MailOutcome(result=MailResult.UNKNOWN, error_code=type(fault).__name__)

    def _pause_before_retry(self, attempts: Sequence[Attempt]) -> float | None:
        """Return the seconds to wait before another try here, or None for the next sender."""
        outcome, tries = attempts[-1].outcome, len(attempts)
        if tries > len(PAUSES_SECONDS) or not is_worth_a_retry(attempts):
            return None
        longest = PAUSES_SECONDS[tries - 1]
        asked = outcome.retry_after.total_seconds() if outcome.retry_after else 0.0
        if asked > longest:
            return None
        fraction = int.from_bytes(self._randomness.draw(JITTER_OCTETS)) / 256**JITTER_OCTETS
        return max(asked, longest * fraction)

    def _tell_of_later_sender(self, attempt: Attempt, position: int) -> None:
        if position > 0 and attempt.outcome.result is MailResult.ACCEPTED:
            logger.warning(
                "mail.sent_by_later_sender",
                extra={"sender": attempt.sender, "position": position + 1},
            )


def is_worth_a_retry(attempts: Sequence[Attempt]) -> bool:
    """Tell whether the same sender is tried again after the last of `attempts`."""
    match attempts[-1].outcome.result:
        case MailResult.NOT_ACCEPTED:
            return True
        case MailResult.UNKNOWN:
            unknown = [each for each in attempts if each.outcome.result is MailResult.UNKNOWN]
            return len(unknown) < TRIES_AFTER_UNKNOWN
        case MailResult.ACCEPTED | MailResult.REFUSED | MailResult.RECIPIENT_REFUSED:
            return False
        case MailResult.SUPPRESSED:
            return False


def is_final(outcome: MailOutcome) -> bool:
    """Tell whether no later sender is asked after `outcome`."""
    return outcome.result is MailResult.ACCEPTED or (
        outcome.result is MailResult.RECIPIENT_REFUSED and not outcome.another_sender_may_try
    )


def log_attempt(attempt: Attempt, mail: ComposedMail) -> None:
    """Write one line about an attempt: never code, body, address or the provider's words."""
    outcome = attempt.outcome
    level = logging.INFO if outcome.result is MailResult.ACCEPTED else logging.WARNING
    if outcome.result is MailResult.REFUSED:
        level = logging.ERROR
    logger.log(
        level,
        "mail.attempt",
        extra={
            "sender": attempt.sender,
            "outcome": outcome.result.value,
            "error_code": outcome.error_code,
            "status": outcome.status,
            "request_id": outcome.request_id,
            "provider_id": outcome.provider_id,
            "is_configuration_fault": outcome.is_configuration_fault,
            "duration_ms": round(attempt.duration.total_seconds() * 1000),
            "usage_type": mail.usage_type.value,
            "recipient_hash": fingerprint(mail.to.lower()).hex()[:RECIPIENT_HASH_LENGTH],
        },
    )
