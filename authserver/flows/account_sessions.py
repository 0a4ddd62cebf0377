"""Where an account is signed in, which browsers know it, and which applications it is used by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from authserver.domain.api_resources import ApiResource
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import Client, ClientId
from authserver.domain.clock import Clock
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.recognised_browsers import RecognisedBrowser, RecognisedBrowserId
from authserver.domain.sessions import Session, SessionId
from authserver.flows.account_entry import (
    Actor,
    Refused,
    Said,
    SignedInAccount,
    hold_signed_in,
)
from authserver.storage.connected_applications import ConnectedApplication
from authserver.storage.endings import end_session, end_sign_ins
from authserver.storage.registered_apis import RegisteredApis
from authserver.storage.registered_clients import RegisteredClients
from authserver.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connected application with what is known of its client."""

    application: ConnectedApplication
    client: Client | None
    apis: tuple[ApiResource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSessions:
    """The use cases of the sections `sessions`, `browsers` and `applications`.

    Ids come from forms: one of somebody else is as unknown as one that never was.
    """

    storage: Storage
    clients: RegisteredClients
    apis: RegisteredApis
    clock: Clock
    lifetimes: Lifetimes

    def sessions(self, entered: SignedInAccount) -> list[Session]:
        """Return the account's live sessions, the last used first."""
        with self.storage.reading() as work:
            return work.sessions.list(entered.account.subject, self.clock.now(), self.lifetimes)

    def browsers(
        self, entered: SignedInAccount, device_secret: str | None
    ) -> tuple[list[RecognisedBrowser], RecognisedBrowserId | None]:
        """Return the recognised browsers, the last used first, and which of them this one is."""
        now = self.clock.now()
        with self.storage.reading() as work:
            known = work.recognised_browsers.list(entered.account.subject, now)
            this = work.recognised_browsers.find(device_secret, now)
        return known, None if this is None else this.id

    def applications(self, entered: SignedInAccount) -> list[Connection]:
        """Return the applications that hold live tokens of the account."""
        with self.storage.reading() as work:
            found = work.connected_applications.list(entered.account.subject, self.clock.now())
        return [
            Connection(
                application=each,
                client=self.clients.client(each.client_id),
                apis=self.apis.find_each(sorted(each.resources))[0],
            )
            for each in found
        ]

    def end_one(self, actor: Actor, session_id: str) -> Said | Refused:
        """End one session of the account; ending this one signs out."""
        now = self.clock.now()
        with self.storage.writing() as work:
            held = hold_signed_in(work, actor.session_secret, now, self.lifetimes)
            if held is None:
                return Refused.SIGNED_OUT
            wanted = work.sessions.find(SessionId(session_id))
            if (
                wanted is None
                or wanted.subject != held.account.subject
                or not wanted.is_live(now, self.lifetimes)
            ):
                return Said(outcome="unknown")
            end_session(work, wanted, None, now)
            work.commit()
        return Said(outcome="signed_out" if wanted.id == held.session.id else "session_ended")

    def end_others(self, actor: Actor) -> Said | Refused:
        """End every session but this one."""
        now = self.clock.now()
        with self.storage.writing() as work:
            held = hold_signed_in(work, actor.session_secret, now, self.lifetimes)
            if held is None:
                return Refused.SIGNED_OUT
            live = work.sessions.list(held.account.subject, now, self.lifetimes)
            for session in sorted(live, key=lambda each: each.id):
                if session.id != held.session.id:
                    end_session(work, session, None, now)
            work.commit()
        return Said(outcome="others_ended")

    def end_all(self, actor: Actor) -> Refused:
        """Sign out everywhere: all sessions, codes and tokens of the account end."""
        now = self.clock.now()
        with self.storage.writing() as work:
            held = hold_signed_in(work, actor.session_secret, now, self.lifetimes)
            if held is not None:
                end_sign_ins(work, held.account.subject, now)
                record(work, AuditKind.SESSIONS_ENDED, held, actor, now)
                work.commit()
        return Refused.SIGNED_OUT

    def forget_browser(self, actor: Actor, browser_id: str | None) -> Said | Refused:
        """Make a stranger of one recognised browser, or of all."""
        now = self.clock.now()
        with self.storage.writing() as work:
            held = hold_signed_in(work, actor.session_secret, now, self.lifetimes)
            if held is None:
                return Refused.SIGNED_OUT
            subject = held.account.subject
            if browser_id is None:
                work.recognised_browsers.forget_all(subject)
            elif not work.recognised_browsers.forget(RecognisedBrowserId(browser_id), subject):
                return Said(outcome="unknown")
            record(work, AuditKind.BROWSERS_FORGOTTEN, held, actor, now)
            work.commit()
        return Said(outcome="browser_forgotten" if browser_id else "browsers_forgotten")

    def withdraw(self, actor: Actor, client_id: str) -> Said | Refused:
        """End every authorization of one client, and with it all its tokens of the account."""
        now = self.clock.now()
        with self.storage.writing() as work:
            held = hold_signed_in(work, actor.session_secret, now, self.lifetimes)
            if held is None:
                return Refused.SIGNED_OUT
            subject = held.account.subject
            # The grant first: whoever issues under it at this moment is waited for.
            withdrawn = work.grants.withdraw(subject, ClientId(client_id))
            revoked = work.authorizations.revoke_of_client(subject, client_id, now)
            if not (revoked or withdrawn):
                return Said(outcome="unknown")
            detail = {"client": client_id}
            record(work, AuditKind.APPLICATION_WITHDRAWN, held, actor, now, detail)
            work.commit()
        return Said(outcome="withdrawn")


def record(
    work: UnitOfWork,
    kind: AuditKind,
    held: SignedInAccount,
    actor: Actor,
    now: datetime,
    detail: Mapping[str, str] | None = None,
) -> None:
    """Record what the person did to their account."""
    event = AuditEvent(
        kind=kind, subject=held.account.subject, source=actor.source, detail=detail or {}
    )
    work.record(event, now)
