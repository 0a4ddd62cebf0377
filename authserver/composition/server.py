"""The assembled server, the same for production, commands, demo and tests."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from authserver.administration.account_changes import AccountChanges
from authserver.administration.accounts import AccountAdministration
from authserver.administration.address_budgets import AddressBudgets
from authserver.administration.api_resources import ApiAdministration
from authserver.administration.as_code import ConfigurationAsCode
from authserver.administration.audit_log import AuditLog
from authserver.administration.branding import BrandAdministration
from authserver.administration.clients import ClientAdministration
from authserver.administration.diagnosis import Diagnosis
from authserver.administration.logout_notices import LogoutNoticeLog
from authserver.administration.mail import MailAdministration
from authserver.administration.mail_suppressions import MailSuppressions
from authserver.administration.mail_templates import MailTemplates
from authserver.administration.preparation import Preparation
from authserver.administration.registration_tokens import RegistrationTokenAdministration
from authserver.administration.roles import RoleAdministration
from authserver.administration.sign_in_experience import SignInExperienceAdministration
from authserver.administration.signing_keys import SigningKeyAdministration
from authserver.composition.foundation import Foundation
from authserver.composition.operating import Operating
from authserver.delivery.delivery_reports import DeliveryReports
from authserver.delivery.mail_quota import QuotaWatch
from authserver.domain.clock import Clock
from authserver.domain.randomness import Randomness
from authserver.settings.sources import Loaded
from authserver.settings.tree import LogFormat, Settings
from authserver.storage.unit_of_work import Storage
from authserver.telemetry.logs import configure

if TYPE_CHECKING:
    from authserver.background.client_logos import LogoFetcher
    from authserver.composition.edge import Edge
    from authserver.composition.sending import Sending
    from authserver.mail.direct_mail_enquiries import DirectMailEnquiries
    from authserver.mail.hand_over import HandOver
    from authserver.web.application import Application


@dataclass(frozen=True, kw_only=True)
class AuthServer:
    """ASGI applications, and the use cases that commands call.

    Whoever serves enters `loops`: inside of it mails leave and expired rows go. What most
    commands do without is made when it is first asked for: its modules are a quarter of a start.
    """

    base: Foundation
    operating: Operating
    loaded: Loaded
    storage: Storage
    clients: ClientAdministration
    audit_log: AuditLog
    logout_notices: LogoutNoticeLog
    accounts: AccountAdministration
    account_changes: AccountChanges
    registration_tokens: RegistrationTokenAdministration
    apis: ApiAdministration
    roles: RoleAdministration
    address_budgets: AddressBudgets
    signing_keys: SigningKeyAdministration
    mail: MailAdministration
    brands: BrandAdministration
    experience: SignInExperienceAdministration
    as_code: ConfigurationAsCode
    suppressions: MailSuppressions
    templates: MailTemplates
    delivery_reports: DeliveryReports
    quota: QuotaWatch
    diagnosis: Diagnosis
    preparation: Preparation
    prune: Callable[[], dict[str, int]]

    @cached_property
    def sending(self) -> "Sending":
        """Return what mails leave through."""
        from authserver.composition.sending import Sending

        return Sending(self.base, self.operating)

    @cached_property
    def edge(self) -> "Edge":
        """Return what answers requests."""
        from authserver.composition.edge import Edge

        return Edge(self.base, self.operating)

    @cached_property
    def application(self) -> "Application":
        """Return the server as one ASGI application."""
        return self.edge.application()

    @cached_property
    def management_application(self) -> "Application":
        """Return the ASGI application of the second listener."""
        return self.edge.management_application()

    @property
    def hand_over(self) -> "HandOver":
        """Return what hands single mails over."""
        return self.sending.hand_over

    @property
    def enquiries(self) -> "DirectMailEnquiries":
        """Return what asks the provider of mail."""
        return self.sending.enquiries

    @property
    def logos(self) -> "LogoFetcher":
        """Return what fetches the logos of clients."""
        return self.base.logos

    def loops(self) -> AbstractAsyncContextManager[None]:
        """Return what runs beside the requests."""
        return self.sending.loops().running()

    def prepare(self) -> None:
        """Bring schema, administrator and signing key in order; see Preparation.run."""
        self.preparation.run()

    def drain(self) -> None:
        """Tell probes that this process is about to stop."""
        self.diagnosis.drain()

    def close(self) -> None:
        """Close the database."""
        self.storage.database.close()


def configure_logs(settings: Settings, *, is_terminal: bool) -> None:
    """Send the log of this process to standard error, as the settings have it."""
    wanted = settings.log.format or (LogFormat.TEXT if is_terminal else LogFormat.JSON)
    configure(as_json=wanted is LogFormat.JSON, level=settings.log.level)


def assemble(loaded: Loaded, clock: Clock, randomness: Randomness) -> AuthServer:
    """Return the server for these settings; it connects to nothing before its first use."""
    base = Foundation(loaded, clock, randomness)
    operating = Operating(base)
    return AuthServer(
        base=base,
        operating=operating,
        loaded=loaded,
        storage=base.storage,
        clients=operating.clients,
        audit_log=operating.audit_log,
        logout_notices=operating.logout_notices,
        accounts=operating.accounts,
        account_changes=operating.account_changes,
        registration_tokens=operating.registration_tokens,
        apis=operating.apis,
        roles=operating.roles,
        address_budgets=operating.address_budgets,
        signing_keys=operating.signing_keys,
        mail=operating.mail,
        brands=operating.brands,
        experience=operating.experience,
        as_code=operating.as_code,
        suppressions=operating.suppressions,
        templates=operating.templates,
        delivery_reports=operating.delivery_reports,
        quota=operating.quota,
        diagnosis=operating.diagnosis,
        preparation=operating.preparation,
        prune=operating.prune,
    )
