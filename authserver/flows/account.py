"""A person's own account: who is signed in here, and signing out."""

from dataclasses import dataclass

from authserver.domain.accounts import Account
from authserver.domain.clock import Clock
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.sessions import Session
from authserver.storage.endings import end_session
from authserver.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInAccount:
    """The browser's session and whose it is."""

    session: Session
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """The use cases of the account page."""

    storage: Storage
    clock: Clock
    lifetimes: Lifetimes

    def look(self, session_secret: str | None) -> SignedInAccount | None:
        """Return who is signed in in this browser."""
        if session_secret is None:
            return None
        with self.storage.reading() as work:
            session = work.sessions.find_live(session_secret, self.clock.now(), self.lifetimes)
            account = None if session is None else work.accounts.find(session.subject)
        if session is None or account is None:
            return None
        return SignedInAccount(session=session, account=account)

    def sign_out(self, session_secret: str | None) -> None:
        """End this browser's session; clients keep what was granted for offline use."""
        now = self.clock.now()
        with self.storage.writing() as work:
            session = work.sessions.find_live(session_secret, now, self.lifetimes)
            if session is not None:
                end_session(work, session, None, now)
                work.commit()
