"""Watching the provider's daily quota: whoever triggers codes can use it up."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.clock import Clock
from authserver.domain.limits import DAY, HOUR, Limit, LimitKind
from authserver.domain.mail_quota import MailQuota, ProviderAccount
from authserver.storage.unit_of_work import Storage

logger = logging.getLogger(__name__)

INSTANCE: Final = "instance"
SENDER: Final = "aliyun"
A_DAY: Final = timedelta(hours=24)
ENQUIRIES: Final = Limit(kind=LimitKind.QUOTA_ENQUIRIES, key=INSTANCE, most=1, window=HOUR)
ALARMS: Final = Limit(kind=LimitKind.QUOTA_ALARMS, key=INSTANCE, most=1, window=DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaWatch:
    """Compares what the provider allows with what was sent; `show` hears of the figures."""

    storage: Storage
    clock: Clock
    own_ceiling: int
    show: Callable[[MailQuota], None]

    def may_ask(self) -> bool:
        """Tell whether this process is the one that asks the provider in this hour."""
        with self.storage.writing() as work:
            may = work.limits.charge(ENQUIRIES, self.clock.now())
            work.commit()
        return may

    def judge(self, account: ProviderAccount) -> MailQuota:
        """Return the quota with what was sent of it; nothing is noted."""
        with self.storage.reading() as work:
            sent = work.delivery_events.accepted_since(SENDER, self.clock.now() - A_DAY)
        return MailQuota(account=account, sent=sent)

    def note(self, account: ProviderAccount) -> MailQuota:
        """Show the quota and, at most once a day, raise the alarm where it is scarce."""
        quota = self.judge(account)
        self.show(quota)
        warnings = tuple(quota.warnings(self.own_ceiling))
        if warnings:
            logger.warning("mail.quota", extra={"sender": SENDER, "warnings": warnings})
        if quota.is_scarce or account.standing:
            self._raise_alarm(quota)
        return quota

    def _raise_alarm(self, quota: MailQuota) -> None:
        now = self.clock.now()
        with self.storage.writing() as work:
            if work.limits.charge(ALARMS, now):
                detail = {
                    "sender": SENDER,
                    "daily_quota": str(quota.account.daily_quota),
                    "left": str(quota.left),
                    "standing": str(quota.account.standing),
                }
                work.record(AuditEvent(kind=AuditKind.MAIL_QUOTA_LOW, detail=detail), now)
            work.commit()
