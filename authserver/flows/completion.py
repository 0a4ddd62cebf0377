"""The end of every flow: start the session and note it on the interaction."""

from dataclasses import dataclass
from datetime import datetime

from authserver.crypto.deriver import Deriver
from authserver.domain.accounts import Account
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.emails import UsageType
from authserver.domain.failure_budgets import budget_of, password_budget_of
from authserver.domain.interactions import InteractionId
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.randomness import Randomness, new_identifier, new_token
from authserver.domain.recognised_browsers import RecognisedBrowser, RecognisedBrowserId
from authserver.domain.secret import Secret, fingerprint
from authserver.domain.sessions import Authentication, Session, SessionId
from authserver.domain.verifications import CodePolicy
from authserver.flows.notices import notice_to
from authserver.flows.visitor import Visitor
from authserver.storage.endings import end_session
from authserver.storage.notices import owe_notice
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody signed in; the secret is for the session cookie."""

    interaction_id: InteractionId
    session_secret: Secret
    device_secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Starts sessions."""

    deriver: Deriver
    randomness: Randomness
    lifetimes: Lifetimes
    policy: CodePolicy

    def sign_in(
        self,
        work: UnitOfWork,
        visitor: Visitor,
        account: Account,
        authentication: Authentication,
        now: datetime,
    ) -> SignedIn | None:
        """Start or renew the browser's session; None where the interaction was settled before.

        The secret is derived from the interaction's cookie, so that the same answer can be
        given again; at each sign-in it is another one (ASVS 7.2.4).
        """
        secret = self.deriver.session_cookie(
            visitor.interaction_id, visitor.interaction_cookie or ""
        )
        begun = self.new_session(account, authentication, visitor.source, visitor.browser, now)
        session_id = self.start_session(work, visitor.session_secret, begun, secret)
        if not work.interactions.note_sign_in(
            visitor.interaction_id, account.subject, session_id, now
        ):
            return None
        event = AuditEvent(
            kind=AuditKind.SIGNED_IN,
            subject=account.subject,
            source=visitor.source,
            detail={"amr": " ".join(authentication.amr), "browser": visitor.browser},
        )
        work.record(event, now)
        return SignedIn(
            interaction_id=visitor.interaction_id,
            session_secret=secret,
            device_secret=self.recognise(work, visitor, account, now),
        )

    def recognise(
        self, work: UnitOfWork, visitor: Visitor, account: Account, now: datetime
    ) -> Secret:
        """Remember the browser for the account; return the new secret of its device cookie.

        Every sign-in changes the secret: a stolen copy is worth what it can fail until then, and
        never profits from the failures that the owner's success clears. A cookie of another
        account, or one with too many failures, gives way to a new one. Of too many browsers the
        one used least lately goes.
        """
        until = now + self.policy.device_life
        secret = Secret(new_token(self.randomness))
        known = work.recognised_browsers.find(visitor.device_secret, now)
        if known is not None and known.subject == account.subject:
            failures = work.failure_budgets.count(
                budget_of(account.address, known.id), now - self.policy.budget_window
            )
            if failures < self.policy.device_stop_at:
                # The account is held: no other sign-in has found the browser meanwhile.
                work.recognised_browsers.renew(known.id, secret.reveal(), now, until)
                work.failure_budgets.clear(password_budget_of(known.id))
                return secret
        if known is not None:
            work.recognised_browsers.abandon(known.id)
        browser = RecognisedBrowser(
            id=RecognisedBrowserId(new_identifier(self.randomness)),
            subject=account.subject,
            canonical_address=account.address.canonical,
            name=visitor.browser,
            first_used_at=now,
            last_used_at=now,
            expires_at=until,
        )
        earlier = work.recognised_browsers.list(account.subject, now)
        for surplus in earlier[self.policy.devices_max - 1 :]:
            work.recognised_browsers.abandon(surplus.id)
        work.recognised_browsers.add(browser, secret.reveal())
        if account.email_proven_at is not None and account.email_proven_at < now:
            self._tell_of_new_browser(work, visitor, account, now)
        return secret

    def _tell_of_new_browser(
        self, work: UnitOfWork, visitor: Visitor, account: Account, now: datetime
    ) -> None:
        """Tell the owner of a sign-in from elsewhere; the very first one needs no notice."""
        interaction = work.interactions.find(visitor.interaction_id)
        if interaction is None:
            return
        locale = visitor.locale_in(interaction)
        details = {"browser": visitor.browser}
        notice = notice_to(account, UsageType.NEW_BROWSER, locale, details)
        owe_notice(work, notice, self.randomness, now)

    def new_session(
        self,
        account: Account,
        authentication: Authentication,
        source: str,
        browser: str,
        now: datetime,
    ) -> Session:
        """Return a session of somebody who has just signed in so."""
        return Session(
            id=SessionId(new_identifier(self.randomness)),
            subject=account.subject,
            authenticated_at=now,
            amr=authentication.amr,
            acr=authentication.acr,
            source=source,
            browser=browser,
            created_at=now,
            last_used_at=now,
        )

    def start_session(
        self, work: UnitOfWork, former_secret: str | None, begun: Session, secret: Secret
    ) -> SessionId:
        """Return the new or renewed session; of the browser's former user nothing remains."""
        now = begun.authenticated_at
        digest = fingerprint(secret.reveal())
        former = work.sessions.find_live(former_secret, now, self.lifetimes)
        if former is not None and former.subject == begun.subject:
            if work.sessions.renew(former.id, digest, begun):
                return former.id
        elif former is not None:
            end_session(work, former, None, now)
        work.sessions.add(begun, digest, now + self.lifetimes.session_max)
        return begun.id
