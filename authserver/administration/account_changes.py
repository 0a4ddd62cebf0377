"""What operators change of accounts that stay: claims, rights, address, sign-ins; and export."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from authserver.administration.accounts import (
    found,
    just_deleted,
    record,
    stopped,
    wanted,
)
from authserver.administration.mistakes import AccountInvalid
from authserver.domain.accounts import Account
from authserver.domain.audit_events import AuditKind
from authserver.domain.clock import Clock
from authserver.domain.email_address import EmailAddress, mask, parse_email_address
from authserver.domain.emails import UsageType
from authserver.domain.randomness import Randomness
from authserver.domain.standard_claims import claims_faults
from authserver.storage.accounts import AddressTaken
from authserver.storage.endings import end_sign_ins
from authserver.storage.notices import MailedNotice, owe_notice
from authserver.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What to change; None stays. Of `claims` a null removes one, the others stay."""

    email: str | None = None
    is_admin: bool | None = None
    claims: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanges:
    """The use cases; `reference` is a subject or an e-mail address."""

    storage: Storage
    clock: Clock
    randomness: Randomness

    def update(self, reference: str, change: AccountChange) -> Account:
        """Change an account, all or nothing.

        A new address is not proven yet: everything that rested on the old one ends, the old
        one is told, and the first code proves the new one.

        Raises:
            AccountUnknown: there is no such account.
            AccountInvalid: with all faults together.
        """
        now = self.clock.now()
        address = None if change.email is None else parse_email_address(change.email)
        with self.storage.writing() as work:
            account = wanted(work, reference)
            moves_to = None if address == account.address else address
            held = stopped(work, account, now) if moves_to else hold(work, account)
            claims = merged(held.claims, change.claims or {})
            faults = claims_faults(claims)
            if change.email is not None and address is None:
                faults = [f"{change.email!r} is not one plain e-mail address.", *faults]
            if faults:
                raise AccountInvalid(*faults)
            if change.claims is not None:
                work.accounts.set_claims(held.subject, claims, now)
            if change.is_admin is not None:
                work.accounts.set_admin(held.subject, now, is_admin=change.is_admin)
            record_change(work, held, change, now)
            if moves_to is not None:
                self._move(work, held, moves_to, now)
            after = found(work, held.subject)
            work.commit()
        return after

    def sign_out(self, reference: str) -> Account:
        """End all sessions and tokens of an account; its recognised browsers stay."""
        now = self.clock.now()
        with self.storage.writing() as work:
            held = hold(work, wanted(work, reference))
            end_sign_ins(work, held.subject, now)
            record(work, AuditKind.SESSIONS_ENDED, held, now)
            work.commit()
        return held

    def export(self, reference: str) -> dict[str, object]:
        """Return everything that is stored about a person; that it was fetched is recorded."""
        now = self.clock.now()
        with self.storage.writing() as work:
            account = wanted(work, reference)
            record(work, AuditKind.ACCOUNT_EXPORTED, account, now)
            parts = work.personal_records.collect(account)
            work.commit()
        return {"exported_at": now.isoformat(), **parts}

    def _move(self, work: UnitOfWork, held: Account, new: EmailAddress, now: datetime) -> None:
        try:
            work.accounts.change_address(held.subject, held.address, new, now, proven_at=None)
        except AddressTaken as taken:
            raise AccountInvalid(f"The address {new.typed} has an account.") from taken
        work.interactions.end_of_subject(held.subject, now)
        notice = MailedNotice(
            usage_type=UsageType.ADDRESS_CHANGED,
            address=held.address.typed,
            locale=held.locale or "",
            details={"new_address": mask(new.typed)},
        )
        owe_notice(work, notice, self.randomness, now)
        words = {"from": mask(held.address.typed), "to": mask(new.typed)}
        record(work, AuditKind.ADDRESS_CHANGED, held, now, **words)


def merged(before: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Return the claims after the changes; null removes one."""
    return {name: value for name, value in {**before, **changes}.items() if value is not None}


def hold(work: UnitOfWork, account: Account) -> Account:
    """Keep the account as it is until the commit; raises AccountUnknown where it is gone."""
    held = work.accounts.hold(account.subject)
    if held is None:
        raise just_deleted(account)
    return held


def record_change(work: UnitOfWork, held: Account, change: AccountChange, now: datetime) -> None:
    """Record which claims and rights were set; an address has an event of its own."""
    detail = {}
    if change.claims is not None:
        detail["claims"] = " ".join(sorted(change.claims))
    if change.is_admin not in {None, held.is_admin}:
        detail["is_admin"] = str(change.is_admin).lower()
    if detail:
        record(work, AuditKind.ACCOUNT_CHANGED, held, now, **detail)
