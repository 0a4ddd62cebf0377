"""One-time links that an operator makes, so that the first administrator needs no mail."""

from dataclasses import dataclass

from authserver.domain.accounts import Account
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.randomness import Randomness, new_token
from authserver.domain.secret import Secret, fingerprint
from authserver.domain.sessions import Authentication
from authserver.flows.completion import Completion
from authserver.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInByLink:
    """The use cases of `/sign-in-link`; opening a link changes nothing, the button does."""

    storage: Storage
    completion: Completion
    clock: Clock
    randomness: Randomness

    def look(self, token: str) -> Account | None:
        """Return whom the link would sign in, or None where it cannot be used."""
        with self.storage.reading() as work:
            link = work.accounts.find_sign_in_link(fingerprint(token))
            if link is None or link.used_at or link.expires_at <= self.clock.now():
                return None
            account = work.accounts.find(link.subject)
            return account if account is not None and self._serves(work, account) else None

    def use(self, token: str, former_secret: str | None, source: str) -> Secret | None:
        """Use the link up and return the secret of a new session; the mailbox stays unproven."""
        now = self.clock.now()
        secret = Secret(new_token(self.randomness))
        with self.storage.writing() as work:
            subject = work.accounts.use_sign_in_link(fingerprint(token), now)
            account = None if subject is None else work.accounts.hold(subject)
            if account is None or not self._serves(work, account):
                return None
            # RFC 8176 has no word for an operator's link.
            authentication = Authentication(amr=())
            begun = self.completion.new_session(account, authentication, source, "", now)
            self.completion.start_session(work, former_secret, begun, secret)
            event = AuditEvent(
                kind=AuditKind.SIGN_IN_LINK_USED, subject=account.subject, source=source
            )
            work.record(event, now)
            work.commit()
        return secret

    def _serves(self, work: UnitOfWork, account: Account) -> bool:
        """Tell whether a link is enough: never past a second factor."""
        return account.is_active and not work.second_factors.list(account.subject)
