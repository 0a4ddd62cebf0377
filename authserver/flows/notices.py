"""Notices to the owner of an account, in the owner's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from authserver.domain.accounts import Account
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.emails import UsageType
from authserver.domain.randomness import Randomness
from authserver.storage.notices import MailedNotice, owe_notice
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorChange:
    """What happened to the second step of an account, in which browser, from where."""

    change: str
    browser: str
    source: str


def notice_to(
    account: Account, usage_type: UsageType, page_locale: str, details: Mapping[str, str]
) -> MailedNotice:
    """Return a notice to the address of the account.

    Its language is the one that was chosen for the account, else that of the page on which it
    happened.
    """
    return MailedNotice(
        usage_type=usage_type,
        address=account.address.typed,
        locale=account.locale or page_locale,
        details=details,
    )


def tell_of_second_factor(
    work: UnitOfWork,
    account: Account,
    locale: str,
    change: SecondFactorChange,
    randomness: Randomness,
    now: datetime,
) -> None:
    """Tell the owner of a change of the second step, and the audit log."""
    notice = MailedNotice(
        usage_type=UsageType.SECOND_FACTOR_CHANGED,
        address=account.address.typed,
        locale=locale,
        details={"browser": change.browser, "change": change.change},
    )
    owe_notice(work, notice, randomness, now)
    event = AuditEvent(
        kind=AuditKind.SECOND_FACTOR_CHANGED,
        subject=account.subject,
        source=change.source,
        detail={"change": change.change},
    )
    work.record(event, now)
