"""The shop's own sessions, in memory: a random id in the browser, everything else here."""

import asyncio
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from authserver.demo.oidc_client import PendingSignIn, SignedIn

ID_BYTES = 32
CAPACITY = 2000
VISITOR_SECONDS = 3600.0
SIGNED_IN_SECONDS = 12 * 3600.0
MOST_PENDING = 10


def _token() -> str:
    return secrets.token_urlsafe(ID_BYTES)


@dataclass(slots=True, kw_only=True)
class Session:
    """What the shop knows of one browser between two requests."""

    used_at: float
    id: str = field(default_factory=_token, repr=False)
    form_token: str = field(default_factory=_token, repr=False)
    pending: dict[str, PendingSignIn] = field(default_factory=dict, repr=False)
    signed_in: SignedIn | None = None
    sign_out_state: str | None = field(default=None, repr=False)
    notice: str | None = None
    refreshing: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    def remember(self, pending: PendingSignIn) -> None:
        """Keep a sign-in under way, one for each tab; the oldest go when there are too many."""
        self.pending[pending.state] = pending
        while len(self.pending) > MOST_PENDING:
            del self.pending[next(iter(self.pending))]

    def take_pending(self, state: str | None) -> PendingSignIn | None:
        """Return the sign-in that began with this state; each can be taken once."""
        return None if state is None else self.pending.pop(state, None)

    def take_notice(self) -> str | None:
        """Return the message that waits for the next page, and forget it."""
        notice, self.notice = self.notice, None
        return notice

    def ends_sign_out(self, state: str | None) -> bool:
        """Say whether the browser comes back from the sign-out that was begun here."""
        if state is None or self.sign_out_state is None:
            return False
        return hmac.compare_digest(state.encode(), self.sign_out_state.encode())


class Sessions:
    """All sessions of the shop; bounded, so that strangers cannot fill the memory."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._sessions: dict[str, Session] = {}

    def find(self, session_id: str | None) -> Session | None:
        """Return the session of a cookie; None if it is unknown or has expired."""
        session = None if session_id is None else self._sessions.get(session_id)
        if session is None:
            return None
        if self._is_over(session):
            self.end(session)
            return None
        session.used_at = self._now()
        return session

    def start(self, signed_in: SignedIn | None = None) -> Session:
        """Return a new session under an id that nobody has seen before."""
        self._make_room()
        session = Session(used_at=self._now(), signed_in=signed_in)
        self._sessions[session.id] = session
        return session

    def end(self, session: Session) -> None:
        """Forget a session; its id is worth nothing from now on."""
        self._sessions.pop(session.id, None)

    def _is_over(self, session: Session) -> bool:
        lifetime = VISITOR_SECONDS if session.signed_in is None else SIGNED_IN_SECONDS
        return self._now() >= session.used_at + lifetime

    def _make_room(self) -> None:
        if len(self._sessions) < CAPACITY:
            return
        for session in [held for held in self._sessions.values() if self._is_over(held)]:
            self.end(session)
        if len(self._sessions) < CAPACITY:
            return
        # Visitors go before people who have signed in; the longest-held first.
        held = self._sessions.values()
        visitor = next((session for session in held if session.signed_in is None), None)
        self.end(visitor or next(iter(held)))
