"""What leaves the house: mails and their senders, logout notices, and the loops beside them."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Final

from authserver.background.housekeeping import Errand, Housekeeping, Job
from authserver.background.logout_dispatcher import LogoutDispatcher
from authserver.background.loops import Loops
from authserver.background.mail_dispatcher import MailDispatcher
from authserver.background.mail_quota import QuotaErrand
from authserver.composition.foundation import Foundation
from authserver.composition.operating import Operating
from authserver.delivery.logout_notices import LogoutDelivery
from authserver.delivery.outgoing_mail import MailDelivery, MailToSend
from authserver.domain.mail_configuration import (
    MailConfiguration,
    OutboxSettings,
    SenderSettings,
)
from authserver.domain.mail_senders import AliyunSettings, SmtpSettings
from authserver.domain.outgoing_mail import Attempt
from authserver.mail.direct_mail_api import DirectMailApi
from authserver.mail.direct_mail_enquiries import DirectMailEnquiries
from authserver.mail.hand_over import HandOver
from authserver.mail.sender_chain import MailSender, SenderChain
from authserver.mail.senders.aliyun import AliyunSender
from authserver.mail.senders.outbox import OutboxSender
from authserver.mail.senders.smtp import SmtpSender
from authserver.outbound.http_caller import HttpCaller

PRUNES_EVERY: Final = timedelta(minutes=10)
LOOKS_AT_QUOTA_EVERY: Final = timedelta(minutes=10)
CHAINS_EVERY: Final = timedelta(minutes=1)
LOOKS_FOR_LOGOS_EVERY: Final = timedelta(minutes=1)


class Sending:
    """Everything between an owed mail and its provider."""

    def __init__(self, base: Foundation, operating: Operating) -> None:
        self.base = base
        self.operating = operating
        self.hand_over = HandOver(
            base.composer,
            base.lane,
            configuration=operating.mail.configuration,
            build=self.chain,
            count=base.metrics.count_attempts,
        )

        self.enquiries = DirectMailEnquiries(
            operating.mail.configuration, self.direct_mail_api, lane=base.lane, clock=base.clock
        )

    def direct_mail_api(self, configured: AliyunSettings) -> DirectMailApi:
        """Return what calls the Direct Mail account of these settings."""
        caller = HttpCaller(self.base.trust)
        return DirectMailApi(configured, caller, self.base.clock, self.base.randomness)

    def chain(self, configuration: MailConfiguration) -> SenderChain:
        """Return the chain of the senders in force."""
        senders = [self.sender(each) for each in configuration.senders]
        return SenderChain(senders, clock=self.base.clock, randomness=self.base.randomness)

    def sender(self, configured: SenderSettings) -> MailSender:
        """Return the sender for its configuration; a new kind gets its line here."""
        match configured:
            case AliyunSettings():
                caller = HttpCaller(self.base.trust)
                return AliyunSender(configured, caller, self.base.clock, self.base.randomness)
            case SmtpSettings():
                return SmtpSender(configured, self.base.clock, self.base.trust)
            case OutboxSettings():
                return OutboxSender(configured.folder, self.base.clock)

    def loops(self) -> Loops:
        """Return what runs beside the requests."""
        delivery = MailDelivery(
            storage=self.base.storage,
            clients=self.base.clients,
            deriver=self.base.deriver,
            clock=self.base.clock,
            policy=self.base.policy,
            endpoint=self.base.endpoint,
            brands=self.base.brands,
            experience=self.base.experience,
            fallback_language=self.base.settings.fallback_language,
        )
        quota = QuotaErrand(self.operating.quota, self.enquiries, self.base.lane)
        jobs: list[Job | Errand] = [
            Job(name="prune", every=PRUNES_EVERY, call=self.operating.prune),
            Job(name="audit_chain", every=CHAINS_EVERY, call=self.operating.audit_log.chain),
            Errand(name="mail_quota", every=LOOKS_AT_QUOTA_EVERY, run=quota.run),
            Errand(name="client_logos", every=LOOKS_FOR_LOGOS_EVERY, run=self.base.logos.run),
        ]
        return Loops(
            bells=(self.base.bell, self.base.logout_bell),
            mails=MailDispatcher(delivery, self.base.lane, self.send_owed, self.base.bell),
            logouts=self.logout_dispatcher(),
            housekeeping=Housekeeping(self.base.lane, jobs),
            hand_over=self.hand_over,
        )

    def logout_dispatcher(self) -> LogoutDispatcher:
        """Return what tells clients that sessions have ended."""
        base = self.base
        delivery = LogoutDelivery(
            storage=base.storage,
            clients=base.clients,
            keys=lambda: base.keys.load().current,
            clock=base.clock,
            issuer=base.endpoint.issuer,
        )
        return LogoutDispatcher(delivery, base.lane, lambda: base.client_sites, base.logout_bell)

    def send_owed(self, owed: MailToSend) -> Awaitable[list[Attempt]]:
        """Send a claimed mail; its `Message-ID` stays the same over all claims."""
        return self.hand_over.send(owed.email, owed.mail.id, owed.suppressed_at)
