"""What operators do: the use cases behind commands and, later, the console."""

from authserver.administration.account_changes import AccountChanges
from authserver.administration.accounts import AccountAdministration
from authserver.administration.address_budgets import AddressBudgets
from authserver.administration.api_resources import ApiAdministration
from authserver.administration.api_sections import ResourceSection, RoleSection
from authserver.administration.as_code import ConfigurationAsCode
from authserver.administration.audit_log import AuditLog
from authserver.administration.brand_section import BrandSection
from authserver.administration.branding import BrandAdministration
from authserver.administration.client_section import ClientSection
from authserver.administration.clients import ClientAdministration
from authserver.administration.deployment import Deployment
from authserver.administration.diagnosis import Diagnosis, Examined
from authserver.administration.logout_notices import LogoutNoticeLog
from authserver.administration.mail import FixedMail, Instance, MailAdministration
from authserver.administration.mail_section import MailSection
from authserver.administration.mail_suppressions import MailSuppressions
from authserver.administration.mail_templates import MailTemplates
from authserver.administration.preparation import Preparation
from authserver.administration.registration_tokens import RegistrationTokenAdministration
from authserver.administration.roles import RoleAdministration
from authserver.administration.sign_in_experience import (
    SignInExperienceAdministration,
    SignInExperienceSection,
)
from authserver.administration.signing_keys import SigningKeyAdministration
from authserver.composition.foundation import Foundation
from authserver.delivery.delivery_reports import DeliveryReports
from authserver.delivery.mail_quota import QuotaWatch
from authserver.domain.email_address import parse_email_address
from authserver.settings.senders import fixed_senders, outbox_folder
from authserver.settings.sources import packaged
from authserver.storage.pruning import Retention, prune


class Operating:
    """The administration of one server."""

    def __init__(self, base: Foundation) -> None:
        settings = base.settings
        self.base = base
        self.clients = ClientAdministration(
            storage=base.storage, clock=base.clock, randomness=base.randomness
        )
        self.audit_log = AuditLog(storage=base.storage, deriver=base.deriver, clock=base.clock)
        self.logout_notices = LogoutNoticeLog(storage=base.storage)
        self.registration_tokens = RegistrationTokenAdministration(
            storage=base.storage,
            clock=base.clock,
            randomness=base.randomness,
            is_registration_on=settings.registration.is_on,
        )
        self.apis = ApiAdministration(storage=base.storage, clock=base.clock, own=base.apis.own)
        self.roles = RoleAdministration(
            storage=base.storage, clock=base.clock, own_api=base.apis.own
        )
        self.address_budgets = AddressBudgets(
            storage=base.storage, clock=base.clock, policy=base.policy
        )
        self.accounts = AccountAdministration(
            storage=base.storage, clock=base.clock, randomness=base.randomness
        )
        self.account_changes = AccountChanges(
            storage=base.storage, clock=base.clock, randomness=base.randomness
        )
        self.signing_keys = SigningKeyAdministration(
            storage=base.storage, clock=base.clock, key_ring=base.deriver.keys
        )
        self.mail = MailAdministration(
            storage=base.storage,
            cache=base.cache,
            key_ring=base.deriver.keys,
            clock=base.clock,
            fixed=FixedMail(
                senders=fixed_senders(settings),
                default_outbox=outbox_folder(settings) if settings.is_loopback else None,
                aliyun_endpoint=settings.mail.aliyun.endpoint,
                event_secret=settings.mail.aliyun.event_secret,
            ),
            instance=Instance(endpoint=base.endpoint, brands=base.brands),
        )
        self.templates = MailTemplates(
            storage=base.storage, clock=base.clock, origin=base.endpoint.url
        )
        self.brands = BrandAdministration(
            storage=base.storage, brands=base.brands, clock=base.clock
        )
        self.experience = SignInExperienceAdministration(storage=base.storage, clock=base.clock)
        # A new section gets its line here.
        self.as_code = ConfigurationAsCode(
            (
                ClientSection(self.clients),
                ResourceSection(self.apis),
                RoleSection(self.roles),
                BrandSection(self.brands),
                SignInExperienceSection(self.experience),
                MailSection(self.mail, self.templates),
            )
        )
        self.suppressions = MailSuppressions(storage=base.storage, clock=base.clock)
        self.delivery_reports = DeliveryReports(
            storage=base.storage, clock=base.clock, count=base.metrics.count_delivery
        )
        self.quota = QuotaWatch(
            storage=base.storage,
            clock=base.clock,
            own_ceiling=settings.codes.mails.per_day,
            show=base.metrics.show_quota,
        )
        self.diagnosis = Diagnosis(
            Examined(
                storage=base.storage,
                migrations=packaged("migrations"),
                signing_keys=self.signing_keys,
                mail=self.mail,
                audit_log=self.audit_log,
                deployment=self.deployment(),
            ),
            base.clock,
        )
        self.preparation = Preparation(
            storage=base.storage,
            signing_keys=self.signing_keys,
            clock=base.clock,
            randomness=base.randomness,
            database_url=settings.database_url,
            alembic_ini=packaged("alembic.ini"),
            migrations=packaged("migrations"),
            admin=parse_email_address(settings.admin_email or ""),
        )

    def deployment(self) -> Deployment:
        """Return the surroundings that a diagnosis looks at."""
        settings = self.base.settings
        return Deployment(
            endpoint=self.base.endpoint,
            trusted_proxies=[str(network) for network in settings.trusted_proxies],
            speaks_tls=settings.tls.cert_file is not None,
            data_dir=settings.data_dir,
            generated_key=self.base.loaded.generated_keys,
            keeps_database_beside=self.base.storage.database.is_sqlite,
        )

    def prune(self) -> dict[str, int]:
        """Delete what has expired, in batches; return how many rows of what."""
        codes = self.base.settings.codes
        retention = Retention(
            keep=codes.keep,
            keep_timeline=codes.keep_timeline,
            budget_window=codes.budget.window,
            keep_unused=self.base.settings.registration.keep_unused,
        )
        return prune(self.base.storage, self.base.clock.now(), retention=retention)
