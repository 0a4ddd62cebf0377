"""A new account for a mailbox that has just been proven."""

from datetime import datetime

from authserver.domain.accounts import Account, AccountOrigin, Subject
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.email_address import EmailAddress
from authserver.domain.randomness import Randomness, new_identifier
from authserver.domain.sign_in_experience import SignInExperience
from authserver.flows.visitor import Visitor
from authserver.storage.unit_of_work import UnitOfWork


def register(
    work: UnitOfWork,
    address: EmailAddress,
    experience: SignInExperience,
    randomness: Randomness,
    visitor: Visitor,
    now: datetime,
) -> Account | None:
    """Write and return the account; raises AddressTaken where somebody has been faster.

    Here, and not in a page, closed registration and the lists of domains are enforced: None
    where no account may be made for the address.
    """
    if not experience.admits(address):
        return None
    account = Account(
        subject=Subject(new_identifier(randomness)),
        address=address,
        email_proven_at=now,
        origin=AccountOrigin.REGISTRATION,
        created_at=now,
        updated_at=now,
    )
    work.accounts.add(account)
    event = AuditEvent(
        kind=AuditKind.ACCOUNT_REGISTERED, subject=account.subject, source=visitor.source
    )
    work.record(event, now)
    return account
