"""Notices owed by mail: what has happened to an account, and how to undo it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from authserver.domain.emails import UsageType
from authserver.domain.outgoing_mail import MailId, OutgoingMail
from authserver.domain.randomness import Randomness, new_identifier
from authserver.storage.unit_of_work import Notice, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedNotice:
    """One notice for one address; `details` are short values that the mail shows.

    Without a `locale` it speaks the language of the account, else the fallback language.
    """

    usage_type: UsageType
    address: str
    locale: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


def owe_notice(
    work: UnitOfWork, notice: MailedNotice, randomness: Randomness, now: datetime
) -> None:
    """Owe a notice; it carries no code and is charged to no limit.

    The dispatcher sends one of `NOTICES_TO_ACCOUNTS` only where the address has an account.
    """
    work.outgoing_mails.add(
        OutgoingMail(
            id=MailId(new_identifier(randomness)),
            usage_type=notice.usage_type,
            address=notice.address,
            locale=notice.locale,
            details=notice.details,
            due_at=now,
            created_at=now,
        )
    )
    work.announce(Notice.MAIL_OWED)
