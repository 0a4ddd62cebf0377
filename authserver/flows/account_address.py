"""A new address for an account: proof of the old mailbox, then of the new one, then the switch."""

from dataclasses import dataclass
from datetime import datetime

from authserver.domain.accounts import Account
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.email_address import EmailAddress, mask, parse_email_address
from authserver.domain.emails import UsageType
from authserver.domain.interactions import OLD_ADDRESS, Interaction
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.sign_in_experience import SignInExperience
from authserver.domain.verifications import CodeOutcome, Verification
from authserver.flows.account_entry import Refused, Said, hold_signed_in
from authserver.flows.email_code import EmailCode
from authserver.flows.visitor import Visitor
from authserver.storage.notices import MailedNotice, owe_notice
from authserver.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressSwitch:
    """What a right code of the purpose `BindNewIdentifier` does."""

    codes: EmailCode
    lifetimes: Lifetimes

    def prepare(self, work: UnitOfWork, interaction: Interaction) -> None:
        """Lock what a switch may end, before the code's own verification is locked."""
        new = "" if interaction.address is None else interaction.address.canonical
        work.verifications.hold_for_addresses(interaction.parameters[OLD_ADDRESS], new)

    def switch(
        self,
        work: UnitOfWork,
        interaction: Interaction,
        verification: Verification,
        visitor: Visitor,
        now: datetime,
    ) -> Said | Refused:
        """Give the account the address that has just been proven.

        Raises AddressTaken where somebody else got it a moment ago.
        """
        if not self.codes.use_proof(work, verification, interaction, now):
            return Refused.NOTHING_DUE
        old, new = interaction.parameters[OLD_ADDRESS], verification.address
        owner = work.accounts.find_by_address(new.canonical)
        if owner is not None:
            # Told only now: whoever reads this reads that mailbox, too.
            work.commit()
            return Said(outcome="address_taken")
        # Verifications before the account, as everywhere.
        work.verifications.cancel_for_address(old)
        held = hold_signed_in(work, visitor.session_secret, now, self.lifetimes)
        if held is None:
            return Refused.SIGNED_OUT
        before = held.account
        if before.address.canonical != old or not work.accounts.change_address(
            before.subject, before.address, new, now, proven_at=now
        ):
            work.commit()
            return Said(outcome="address_changed_meanwhile")
        self._end_what_rested_on_it(work, before, now)
        locale = before.locale or visitor.locale_in(interaction)
        notice = MailedNotice(
            usage_type=UsageType.ADDRESS_CHANGED,
            address=before.address.typed,
            locale=locale,
            details={"new_address": mask(new.typed), "browser": visitor.browser},
        )
        owe_notice(work, notice, self.codes.randomness, now)
        record(work, before, new, visitor, now)
        work.commit()
        return Said(outcome="address_changed")

    def _end_what_rested_on_it(self, work: UnitOfWork, before: Account, now: datetime) -> None:
        """End what was begun with the old address: other proofs, browsers, operators' links."""
        work.interactions.end_of_subject(before.subject, now)
        work.recognised_browsers.forget_all(before.subject)
        work.accounts.forget_sign_in_links(before.subject)


def usable_address(
    typed: str, account: Account, experience: SignInExperience
) -> EmailAddress | Said:
    """Return the address that was typed, or why it is not worth a mail.

    Whether another account has it is told only to whoever reads its mail.
    """
    address = parse_email_address(typed)
    details = {"entered": typed[:254]}
    if address is None:
        return Said(outcome=CodeOutcome.ADDRESS_INVALID, details=details)
    if not experience.permits(address):
        return Said(outcome="address_refused", details=details)
    if address.canonical == account.address.canonical:
        return Said(outcome="address_same", details=details)
    return address


def record(
    work: UnitOfWork, before: Account, new: EmailAddress, visitor: Visitor, now: datetime
) -> None:
    """Record the switch; the log names no address in full."""
    event = AuditEvent(
        kind=AuditKind.ADDRESS_CHANGED,
        subject=before.subject,
        source=visitor.source,
        detail={"from": mask(before.address.typed), "to": mask(new.typed)},
    )
    work.record(event, now)
