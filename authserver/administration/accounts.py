"""What operators do with accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from authserver.administration.mistakes import AccountInvalid, AccountUnknown
from authserver.domain.accounts import (
    SIGN_IN_LINK_LIFE,
    Account,
    AccountOrigin,
    AccountStatus,
    SignInLink,
    Subject,
)
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.email_address import parse_email_address
from authserver.domain.emails import UsageType
from authserver.domain.randomness import Randomness, new_identifier, new_token
from authserver.domain.secret import Secret, fingerprint
from authserver.domain.standard_claims import claims_faults
from authserver.storage.accounts import AddressTaken
from authserver.storage.endings import delete_account, stop_account
from authserver.storage.notices import MailedNotice, owe_notice
from authserver.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSignInLink:
    """A link just made; its token is shown this once and belongs after `/sign-in-link/`."""

    account: Account
    token: Secret
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAdministration:
    """Makes, stops and deletes accounts; `reference` is a subject or an e-mail address."""

    storage: Storage
    clock: Clock
    randomness: Randomness

    def create(
        self, email: str, *, is_admin: bool = False, claims: Mapping[str, object] | None = None
    ) -> Account:
        """Make an account whose mailbox is still to be proven.

        Raises AccountInvalid with all faults together.
        """
        now = self.clock.now()
        address = parse_email_address(email)
        faults = claims_faults(claims or {})
        if address is None:
            faults = [f"{email!r} is not one plain e-mail address.", *faults]
        if address is None or faults:
            raise AccountInvalid(*faults)
        account = Account(
            subject=Subject(new_identifier(self.randomness)),
            address=address,
            is_admin=is_admin,
            claims=dict(claims or {}),
            origin=AccountOrigin.OPERATOR,
            created_at=now,
            updated_at=now,
        )
        with self.storage.writing() as work:
            try:
                work.accounts.add(account)
            except AddressTaken as taken:
                raise AccountInvalid(f"The address {address.typed} has an account.") from taken
            record(work, AuditKind.ACCOUNT_CREATED, account, now, origin=account.origin)
            work.commit()
        return account

    def list(self) -> list[Account]:
        """Return every account, oldest first."""
        with self.storage.reading() as work:
            return work.accounts.list()

    def show(self, reference: str) -> Account:
        """Return an account by subject or address; raises AccountUnknown."""
        with self.storage.reading() as work:
            return wanted(work, reference)

    def suspend(self, reference: str) -> Account:
        """Let nobody use the account, and end its sessions, codes and tokens."""
        now = self.clock.now()
        with self.storage.writing() as work:
            account = stopped(work, wanted(work, reference), now)
            if not work.accounts.set_status(account.subject, AccountStatus.SUSPENDED, now):
                raise AccountInvalid(f"The account of {account.address.typed} is suspended.")
            record(work, AuditKind.ACCOUNT_SUSPENDED, account, now)
            after = found(work, account.subject)
            work.commit()
        return after

    def resume(self, reference: str) -> Account:
        """Let a suspended account be used again; what was ended stays ended."""
        now = self.clock.now()
        with self.storage.writing() as work:
            account = wanted(work, reference)
            if not work.accounts.set_status(account.subject, AccountStatus.ACTIVE, now):
                raise AccountInvalid(f"The account of {account.address.typed} is not suspended.")
            record(work, AuditKind.ACCOUNT_RESUMED, account, now)
            after = found(work, account.subject)
            work.commit()
        return after

    def delete(self, reference: str) -> Account:
        """End everything of an account and delete it; return what it was."""
        now = self.clock.now()
        with self.storage.writing() as work:
            account = wanted(work, reference)
            deleted = delete_account(work, account, now)
            if deleted is None:
                raise just_deleted(account)
            work.commit()
        return deleted

    def remove_second_factor(self, reference: str) -> Account:
        """Switch every second factor off and forget the recovery codes: nobody can show them."""
        now = self.clock.now()
        with self.storage.writing() as work:
            account = work.accounts.hold(wanted(work, reference).subject)
            if account is None or not work.second_factors.list(account.subject):
                raise AccountInvalid(f"The account of {reference} has no second factor.")
            work.second_factors.remove_all(account.subject)
            notice = MailedNotice(
                usage_type=UsageType.SECOND_FACTOR_CHANGED,
                address=account.address.typed,
                details={"change": "off"},
            )
            owe_notice(work, notice, self.randomness, now)
            record(work, AuditKind.SECOND_FACTOR_REMOVED, account, now)
            work.commit()
        return account

    def make_sign_in_link(self, reference: str) -> NewSignInLink:
        """Make a one-time link that signs the account in; only its digest is stored."""
        now = self.clock.now()
        token = Secret(new_token(self.randomness))
        with self.storage.writing() as work:
            account = wanted(work, reference)
            if not account.is_active:
                raise AccountInvalid(
                    f"The account of {account.address.typed} is suspended; resume it first."
                )
            if work.second_factors.list(account.subject):
                # A link is one factor, and no mail or code stands beside it.
                raise AccountInvalid(
                    f"The account of {account.address.typed} has a second factor; remove it first."
                )
            link = SignInLink(
                digest=fingerprint(token.reveal()),
                subject=account.subject,
                created_at=now,
                expires_at=now + SIGN_IN_LINK_LIFE,
            )
            work.accounts.add_sign_in_link(link)
            record(work, AuditKind.SIGN_IN_LINK_MADE, account, now)
            work.commit()
        return NewSignInLink(account=account, token=token, expires_at=link.expires_at)


def wanted(work: UnitOfWork, reference: str) -> Account:
    """Return the account with that subject or address, or raise AccountUnknown."""
    account = work.accounts.find(Subject(reference))
    if account is None:
        address = parse_email_address(reference)
        account = None if address is None else work.accounts.find_by_address(address.canonical)
    if account is None:
        raise AccountUnknown(
            f"There is no account {reference!r}; `account list` shows all there are."
        )
    return account


def stopped(work: UnitOfWork, account: Account, now: datetime) -> Account:
    """End everything of an account that nobody can sign in to until the commit."""
    held = stop_account(work, account, now)
    if held is None:
        raise just_deleted(account)
    return held


def just_deleted(account: Account) -> AccountUnknown:
    """Return what to raise where somebody else was faster."""
    return AccountUnknown(f"The account of {account.address.typed} has just been deleted.")


def found(work: UnitOfWork, subject: Subject) -> Account:
    """Return an account that this unit has just changed."""
    account = work.accounts.find(subject)
    if account is None:
        raise AccountUnknown(f"The account {subject!r} has just been deleted.")
    return account


def record(
    work: UnitOfWork, kind: AuditKind, account: Account, now: datetime, **detail: str
) -> None:
    """Record what was done to the account."""
    work.record(AuditEvent(kind=kind, subject=account.subject, detail=detail), now)
