"""A person's own account: who is signed in here, and signing out."""

from dataclasses import dataclass

from authserver.domain.clock import Clock
from authserver.domain.lifetimes import Lifetimes
from authserver.flows.account_entry import SignedInAccount, find_signed_in
from authserver.storage.endings import end_session
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """The use cases of the account page's first view."""

    storage: Storage
    clock: Clock
    lifetimes: Lifetimes
    clients: RegisteredClients
    issuer: str

    def look(self, session_secret: str | None) -> SignedInAccount | None:
        """Return who is signed in in this browser."""
        if session_secret is None:
            return None
        with self.storage.reading() as work:
            return find_signed_in(work, session_secret, self.clock.now(), self.lifetimes)

    def sign_out(self, session_secret: str | None) -> tuple[str, ...]:
        """End this browser's session; clients keep what was granted for offline use.

        Return what the browser is to load, so that clients hear of it.
        """
        now = self.clock.now()
        with self.storage.writing() as work:
            session = work.sessions.find_live(session_secret, now, self.lifetimes)
            if session is None:
                return ()
            told = work.authorizations.clients_of_session(session.id)
            end_session(work, session, None, now)
            work.commit()
        return self.clients.front_channel_urls(told, self.issuer, session.id)
