"""What ends together: a session with its tokens, everything of an account."""

from datetime import datetime

from authserver.domain.accounts import Account, Subject
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clients import Client, ClientId
from authserver.domain.sessions import Session
from authserver.storage.unit_of_work import Notice, UnitOfWork


def end_session(work: UnitOfWork, session: Session, leaving: Client | None, now: datetime) -> None:
    """End a session and what it carried.

    The access tokens of the session end, and the refresh tokens that the leaving client holds
    from it; other clients keep what was granted for offline use. Whoever has an address for it
    is told.
    """
    if not work.sessions.end(session.id, now):
        return
    if work.logout_notices.owe_of_session(session.id, now):
        work.announce(Notice.LOGOUT_OWED)
    leaving_id = None if leaving is None else leaving.id
    work.authorizations.revoke_of_session(session.id, leaving_id, now)
    work.tokens.revoke_access_of_session(session.id, now)
    event = AuditEvent(kind=AuditKind.SIGNED_OUT, subject=session.subject, client_id=leaving_id)
    work.record(event, now)


def end_everything(work: UnitOfWork, account: Account, now: datetime) -> None:
    """End all codes, sessions and tokens of an account."""
    work.verifications.cancel_for_address(account.address.canonical)
    work.recognised_browsers.forget_all(account.subject)
    end_sign_ins(work, account.subject, now)


def end_sign_ins(work: UnitOfWork, subject: Subject, now: datetime) -> None:
    """End all sessions and tokens of an account, and the links by which one could sign in."""
    work.accounts.forget_sign_in_links(subject)
    work.sessions.end_all(subject, now)
    # Now, for of a deleted account no authorization is left to say whom to tell.
    if work.logout_notices.owe_of_subject(subject, now):
        work.announce(Notice.LOGOUT_OWED)
    work.authorizations.revoke_of_subject(subject, now)


def delete_account(work: UnitOfWork, account: Account, now: datetime) -> Account | None:
    """End everything of an account and delete it; return what it was, None where it is gone."""
    lock_for_deletion(work, account)
    held = stop_account(work, account, now)
    if held is None:
        return None
    work.interactions.end_of_subject(held.subject, now)
    work.accounts.delete(held.subject)
    work.record(AuditEvent(kind=AuditKind.ACCOUNT_DELETED, subject=held.subject), now)
    return held


def lock_for_deletion(work: UnitOfWork, account: Account) -> None:
    """End what is locked before the account; whoever then refuses undoes the unit."""
    # Codes and tokens are locked before their authorizations, as by those who use them.
    work.authorization_codes.forget_of_subject(account.subject)
    work.tokens.forget_refresh_of_subject(account.subject)
    work.verifications.cancel_for_address(account.address.canonical)


def stop_account(work: UnitOfWork, account: Account, now: datetime) -> Account | None:
    """End everything of an account; nobody can sign in to it until the commit."""
    # Verifications are locked before the account, as everywhere; and the account before its
    # sessions are ended, or a sign-in beside this would start one more.
    work.verifications.cancel_for_address(account.address.canonical)
    held = work.accounts.hold(account.subject)
    if held is not None:
        end_everything(work, held, now)
    return held


def wipe_unproven(work: UnitOfWork, subject: Subject, now: datetime) -> None:
    """Remove what was left in an account before its mailbox was first proven.

    Whoever was in before the owner came goes, and no password or second factor of theirs
    stays, nor what they allowed applications; claims and roles that an operator set remain.
    """
    end_sign_ins(work, subject, now)
    work.grants.withdraw_all(subject)
    work.passwords.remove(subject)
    work.second_factors.remove_all(subject)
    work.recognised_browsers.forget_all(subject)


def delete_client(work: UnitOfWork, client_id: ClientId) -> None:
    """Delete a client with its secrets, authorizations and tokens."""
    # Codes and tokens are locked before their authorizations, as by those who use them.
    work.authorization_codes.forget_of_client(client_id)
    work.tokens.forget_refresh_of_client(client_id)
    work.clients.delete(client_id)
