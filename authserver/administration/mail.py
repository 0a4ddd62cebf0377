"""What operators do with mail: the sender, its templates, test mails and the timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from authserver.administration.mail_documents import (
    document_of,
    read_document,
    read_sender_document,
)
from authserver.administration.mail_suppressions import required_address
from authserver.administration.mail_templates import stored_templates
from authserver.administration.mistakes import MailInvalid
from authserver.crypto.key_ring import CannotOpen, KeyRing
from authserver.domain.audit_events import AuditEvent, AuditKind
from authserver.domain.branding import accent_of, shown_name
from authserver.domain.clients import ACCOUNT_CLIENT
from authserver.domain.clock import Clock
from authserver.domain.configuration import ConfigurationKind
from authserver.domain.delivery_reports import TimelineStep
from authserver.domain.emails import ASKED_BY_ANYBODY, Email, UsageType
from authserver.domain.endpoint import Endpoint
from authserver.domain.limits import HOUR, Limit, LimitKind
from authserver.domain.mail_configuration import (
    MailConfiguration,
    OutboxSettings,
    SenderSettings,
)
from authserver.domain.mail_connector import ConnectorInvalid, parse_connector, read_sender
from authserver.domain.mail_senders import AliyunSettings
from authserver.domain.mail_templates import TYPES_WITHOUT_CODE, OperatorTemplate
from authserver.domain.secret import Secret
from authserver.storage.brands import StoredBrands
from authserver.storage.configuration_cache import ConfigurationCache
from authserver.storage.outgoing_mail import MailStory
from authserver.storage.unit_of_work import Storage, UnitOfWork

ALIYUN: Final = "aliyun"
OPERATOR: Final = "operator"
LOOKED_UP: Final = "in force"
INSTANCE: Final = "instance"
TEST_MAILS: Final = Limit(kind=LimitKind.TEST_MAILS, key=INSTANCE, most=10, window=HOUR)
TEST_CODE: Final = "000000"
TEST_LABEL: Final = "000"
TEST_MINUTES: Final = 10
SAMPLE_ADDRESS: Final = "ada@example.com"
SAMPLE_BROWSER: Final = "Firefox on Linux"
SAMPLE_USER: Final = {"name": "Ada Lovelace", "username": "ada", "primaryEmail": SAMPLE_ADDRESS}
SAMPLE_DETAILS: Final = {"new_address": "new@example.com", "change": "on"}
MOST_SHOWN: Final = 50
ONE_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedMail:
    """What the settings say of mail: a chain that nobody can change while the server runs.

    Without one, `default_outbox` keeps mails as files until a sender is configured.
    `aliyun_endpoint` is where Direct Mail is called, and `event_secret` what its events must
    bring, whoever configured its sender.
    """

    senders: tuple[SenderSettings, ...] = ()
    default_outbox: Path | None = None
    aliyun_endpoint: str | None = None
    event_secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What every mail says of the server it comes from."""

    endpoint: Endpoint
    brands: StoredBrands

    @property
    def brand(self) -> str:
        """Return the name of the instance."""
        return shown_name(self.brands.all().instance)

    @property
    def accent(self) -> str:
        """Return its main colour."""
        return accent_of(self.brands.all().instance)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAdministration:
    """Configures senders and shows what became of mails."""

    storage: Storage
    cache: ConfigurationCache
    key_ring: KeyRing
    clock: Clock
    fixed: FixedMail
    instance: Instance

    def configure(self, connector: Mapping[str, object]) -> MailConfiguration:
        """Store sender and templates of a connector's JSON; return what is in force then.

        Raises MailInvalid with all faults together.
        """
        try:
            settings, templates = parse_connector(connector, self.instance.endpoint.url)
        except ConnectorInvalid as invalid:
            raise MailInvalid(*invalid.faults) from invalid
        self._put(settings, templates)
        return self.configuration()

    def stored_sender(self) -> AliyunSettings | None:
        """Return the sender that is stored, in force or not."""
        with self.storage.reading() as work:
            found = work.configuration.find(ConfigurationKind.MAIL_SENDERS, ALIYUN)
        return None if found is None else read_sender_document(found.body, self.key_ring)

    def judge_sender(self, connector: Mapping[str, object]) -> AliyunSettings:
        """Return the sender of a connector's members, and store nothing; may raise MailInvalid."""
        settings, faults = read_sender(connector)
        if faults:
            raise MailInvalid(*faults)
        return settings

    def put_sender(self, settings: AliyunSettings) -> None:
        """Store a sender; the templates that came with the connector stay."""
        with self.storage.reading() as work:
            found = work.configuration.find(ConfigurationKind.MAIL_SENDERS, ALIYUN)
        templates = () if found is None else read_document(found.body, self.key_ring).templates
        self._put(settings, templates)

    def _put(self, settings: AliyunSettings, templates: Sequence[OperatorTemplate]) -> None:
        now = self.clock.now()
        document = document_of(settings, templates, self.key_ring)
        with self.storage.writing() as work:
            work.configuration.put(
                ConfigurationKind.MAIL_SENDERS, ALIYUN, document, changed_by=OPERATOR, now=now
            )
            work.configuration_changed(ConfigurationKind.MAIL_SENDERS)
            event = AuditEvent(kind=AuditKind.MAIL_SENDER_CONFIGURED, detail={"sender": ALIYUN})
            work.record(event, now)
            work.commit()

    def configuration(self) -> MailConfiguration:
        """Return the senders and templates in force now.

        Senders that the settings name win over the configured one; the default outbox gives
        way to it. Raises CannotOpen where the secret keys do not fit.
        """
        return self.cache.get(ConfigurationKind.MAIL_SENDERS, LOOKED_UP, self._read)

    def event_secret(self) -> Secret | None:
        """Return what delivery events must bring, or None where nobody awaits any."""
        if self.fixed.event_secret is not None:
            return self.fixed.event_secret
        try:
            senders = self.configuration().senders
        except CannotOpen:
            return None
        secrets = (each.event_secret for each in senders if isinstance(each, AliyunSettings))
        return next(secrets, None)

    def test_email(
        self, to: str, usage_type: UsageType = UsageType.GENERIC, locale: str = "en"
    ) -> Email:
        """Return a mail with a code that opens nothing; at most ten an hour.

        Raises MailInvalid for an address that is none, and once the limit is reached.
        """
        now = self.clock.now()
        address = required_address(to)
        with self.storage.writing() as work:
            if not work.limits.charge(TEST_MAILS, now):
                minutes = -(-work.limits.wait(TEST_MAILS, now) // ONE_MINUTE)
                raise MailInvalid(
                    f"At most {TEST_MAILS.most} test mails leave in an hour; "
                    f"the next one can in {minutes} min."
                )
            work.commit()
        return replace(self.sample_email(usage_type, locale), to=address.typed)

    def sample_email(self, usage_type: UsageType, locale: str) -> Email:
        """Return a mail that shows what such mails look like; it need not be sent."""
        now = self.clock.now()
        carries_code = usage_type not in TYPES_WITHOUT_CODE
        return Email(
            usage_type=usage_type,
            to=SAMPLE_ADDRESS,
            is_test=True,
            locale=locale,
            brand=self.instance.brand,
            accent=self.instance.accent,
            host=self.instance.endpoint.host,
            endpoint=self.instance.endpoint.url,
            application_id=ACCOUNT_CLIENT,
            application_name=self.instance.brand,
            request_label=TEST_LABEL,
            requested_at=now,
            browser=SAMPLE_BROWSER,
            details=SAMPLE_DETAILS,
            user={} if usage_type in ASKED_BY_ANYBODY else SAMPLE_USER,
            code=Secret(TEST_CODE) if carries_code else None,
            minutes=TEST_MINUTES if carries_code else None,
        )

    def log(self, to: str | None = None) -> list[MailStory]:
        """Return the newest mails with their timelines; `to` narrows them to one address."""
        spellings: set[str | None] = {None}
        if to is not None:
            address = required_address(to)
            # Mails are kept under the address as it was typed.
            spellings = {address.typed, address.canonical}
        with self.storage.reading() as work:
            stories = [
                replace(story, events=work.delivery_events.of_mail(story.mail.id))
                for spelling in spellings
                for story in work.outgoing_mails.recent(spelling, MOST_SHOWN)
            ]
        newest_first = sorted(stories, key=lambda story: story.mail.created_at, reverse=True)
        return newest_first[:MOST_SHOWN]

    def timelines(self) -> dict[str, tuple[TimelineStep, ...]]:
        """Return the timelines of the newest mails by the ids that their providers gave them."""
        return {
            attempt.outcome.provider_id: story.timeline
            for story in self.log()
            for attempt in story.attempts
            if attempt.outcome.provider_id
        }

    def _read(self, work: UnitOfWork) -> MailConfiguration:
        document = work.configuration.find(ConfigurationKind.MAIL_SENDERS, ALIYUN)
        if document is None:
            configured = MailConfiguration(senders=self._default())
        else:
            configured = self._redirected(read_document(document.body, self.key_ring))
        # In the fallback language one of these comes before the connector's, which names none.
        templates = (*stored_templates(work), *configured.templates)
        configured = replace(configured, templates=templates)
        if self.fixed.senders:
            return replace(configured, senders=self.fixed.senders, is_fixed=True)
        return configured

    def _redirected(self, configured: MailConfiguration) -> MailConfiguration:
        endpoint = self.fixed.aliyun_endpoint
        if endpoint is None:
            return configured
        senders = tuple(
            replace(sender, endpoint=endpoint) if isinstance(sender, AliyunSettings) else sender
            for sender in configured.senders
        )
        return replace(configured, senders=senders)

    def _default(self) -> tuple[SenderSettings, ...]:
        folder = self.fixed.default_outbox
        return () if folder is None else (OutboxSettings(folder=folder),)
