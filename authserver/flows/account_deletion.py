"""The end of an account, by its owner."""

from dataclasses import dataclass

from authserver.domain.clock import Clock
from authserver.domain.emails import UsageType
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.randomness import Randomness
from authserver.flows.account_entry import (
    Actor,
    Refused,
    Said,
    find_signed_in,
    hold_confirmed,
)
from authserver.storage.endings import delete_account, lock_for_deletion
from authserver.storage.notices import MailedNotice, owe_notice
from authserver.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeletion:
    """The use case of the section `deletion`."""

    storage: Storage
    clock: Clock
    lifetimes: Lifetimes
    randomness: Randomness

    def delete(self, actor: Actor, *, is_sure: bool) -> Said | Refused:
        """Delete the account with everything that belongs to it, and tell its mailbox."""
        now = self.clock.now()
        with self.storage.writing() as work:
            entered = find_signed_in(work, actor.session_secret, now, self.lifetimes)
            if entered is None:
                return Refused.SIGNED_OUT
            lock_for_deletion(work, entered.account)
            held = hold_confirmed(work, actor.session_secret, now, self.lifetimes)
            if isinstance(held, Refused):
                return held
            if not is_sure:
                return Said(outcome="not_sure")
            account = held.account
            if delete_account(work, account, now) is None:
                return Refused.SIGNED_OUT
            notice = MailedNotice(
                usage_type=UsageType.ACCOUNT_DELETED,
                address=account.address.typed,
                locale=actor.locale_for(account),
                details={"browser": actor.browser},
            )
            owe_notice(work, notice, self.randomness, now)
            work.commit()
        return Said(outcome="account_deleted")
