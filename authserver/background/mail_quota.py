"""The errand that asks the provider of mail for its daily quota."""

import logging
from dataclasses import dataclass

from authserver.delivery.mail_quota import QuotaWatch
from authserver.lane import Lane
from authserver.mail.direct_mail_enquiries import DirectMailEnquiries, EnquiryFailed

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QuotaErrand:
    """Asks once an hour, in one of all processes, while Direct Mail is among the senders."""

    watch: QuotaWatch
    enquiries: DirectMailEnquiries
    lane: Lane

    async def run(self) -> str:
        """Ask where it is due and judge the answer; return what came of it."""
        if not (await self.enquiries.is_configured() and await self.lane.run(self.watch.may_ask)):
            return "not asked"
        try:
            account = await self.enquiries.account()
        except EnquiryFailed as fault:
            logger.warning("mail.quota_unknown", extra={"detail": str(fault)})
            return "no answer"
        quota = await self.lane.run(self.watch.note, account)
        return f"{quota.left} left"
