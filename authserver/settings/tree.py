"""Every setting with its meaning, its default and its range."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator

from authserver.domain.email_address import parse_email_address
from authserver.domain.languages import Language
from authserver.domain.mail_senders import is_loopback
from authserver.domain.secret import Secret
from authserver.settings.addresses import is_bind, origin_of
from authserver.settings.codes import CodeSettings, Group
from authserver.settings.fields import (
    Duration,
    ExistingFile,
    Networks,
    Number,
    SecretTexts,
    Switch,
    Text,
    Texts,
    between,
    read_optional,
)
from authserver.settings.lifetimes import LifetimeGroup
from authserver.settings.mail import MailGroup
from authserver.settings.passwords import PasswordGroup
from authserver.settings.secret_file import SHORTEST_SECRET_KEY

MEMORY_DATABASES: Final = ("sqlite:///", "sqlite:///:memory:")
DATABASE_SCHEMES: Final = ("sqlite:///", "postgresql://", "postgresql+psycopg://")


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """From which level on events are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Registration(StrEnum):
    """Who may register clients over HTTP."""

    OFF = "off"
    TOKEN = "token"  # noqa: S105 - the name of a way to register
    OPEN = "open"


class LimitGroup(Group):
    """Limits that do not concern codes."""

    requests_per_source_minute: Annotated[Number, between(10, 10_000_000)] = Field(
        default=600, description="requests of one source in a minute, for each process"
    )
    client_requests_per_source_minute: Annotated[Number, between(10, 10_000_000)] = Field(
        default=60_000, description="the same for what clients call: tokens, userinfo, keys"
    )
    body_bytes: Annotated[Number, between(1024, 1024 * 1024)] = Field(
        default=16384, description="size of a request's body, in bytes"
    )


OptionalFile = Annotated[ExistingFile | None, BeforeValidator(read_optional)]


class OutgoingGroup(Group):
    """Outgoing calls."""

    ca_file: OptionalFile = Field(
        default=None, description="certificates to trust beside the well-known ones, PEM"
    )
    allow: Texts = Field(
        default=(),
        description="origins, such as https://localhost:8443, that calls to clients' addresses may "
        "reach although they are private",
    )

    @field_validator("allow")
    @classmethod
    def _check_allow(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(origin_of, value))


class RegistrationGroup(Group):
    """Dynamic client registration."""

    dynamic: Registration = Field(
        default=Registration.OFF,
        description="whether clients may register themselves: not at all, with an initial access "
        "token, or anybody",
    )
    require_pkce: Switch = Field(
        default=True, description="whether clients registered so must use PKCE"
    )
    per_source_hour: Annotated[Number, between(1, 1_000_000)] = Field(
        default=100, description="registrations of one source in an hour"
    )
    per_day: Annotated[Number, between(1, 10_000_000)] = Field(
        default=1000, description="registrations in 24 hours, of everybody together"
    )
    keep_unused: Annotated[Duration, between(timedelta(days=1), timedelta(days=400))] = Field(
        default=timedelta(days=30),
        description="how long a client that registered itself is kept while nobody signs in to it",
    )

    @property
    def is_on(self) -> bool:
        """Tell whether clients may register themselves at all."""
        return self.dynamic is not Registration.OFF

    @property
    def is_open(self) -> bool:
        """Tell whether they need no initial access token."""
        return self.dynamic is Registration.OPEN


class TlsGroup(Group):
    """TLS spoken by the server itself."""

    cert_file: OptionalFile = Field(default=None, description="certificate with its chain, PEM")
    key_file: OptionalFile = Field(default=None, description="private key, PEM")


class LogGroup(Group):
    """The log, on standard error."""

    format: LogFormat | None = Field(default=None, description="how log lines look")
    level: LogLevel = Field(
        default=LogLevel.INFO, description="from which level on events are logged"
    )


class Settings(Group):
    """What a process is started with: read once and frozen."""

    endpoint: str = Field(
        default="http://localhost:3001",
        description="public base URL; the issuer is {endpoint}/oidc. Never derived from a request",
    )
    data_dir: Path = Field(
        default=Path("data"), description="folder of the embedded database and of generated keys"
    )
    database_url: str = Field(
        default="", repr=False, description="sqlite:///... or postgresql://..."
    )
    secret_keys: SecretTexts = Field(
        default=(),
        description="keys, newest first; they seal signing keys and sender secrets, key the codes",
    )
    admin_email: Text = Field(default=None, description="whom the first start makes administrator")
    fallback_language: Language = Field(
        default=Language.ENGLISH,
        description="language of pages and mails for people who asked for none of the others",
    )
    trusted_proxies: Networks = Field(
        default=(), description="networks of proxies whose X-Forwarded-For counts"
    )
    mail: MailGroup = MailGroup()
    codes: CodeSettings = CodeSettings()
    limits: LimitGroup = LimitGroup()
    lifetimes: LifetimeGroup = LifetimeGroup()
    passwords: PasswordGroup = PasswordGroup()
    outgoing: OutgoingGroup = OutgoingGroup()
    tls: TlsGroup = TlsGroup()
    registration: RegistrationGroup = RegistrationGroup()
    allow_outbox: Switch = Field(
        default=False, description="allow the outbox sender outside of this machine"
    )
    management_bind: Text = Field(
        default=None, description="address and port of a second listener for health and metrics"
    )
    log: LogGroup = LogGroup()

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str) -> str:
        url = origin_of(value.strip().rstrip("/"))
        if url.startswith("http://") and not is_loopback(urlsplit(url).hostname or ""):
            raise ValueError("plain http is for this machine only; use https")
        return url

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: str) -> str:
        url = value.strip()
        if url.startswith("postgres://"):
            url = "postgresql://" + url.removeprefix("postgres://")
        if url and not url.startswith(DATABASE_SCHEMES):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        if url.partition("?")[0] in MEMORY_DATABASES:
            raise ValueError("must name a file: a database in memory is gone with the process")
        return url

    @field_validator("secret_keys")
    @classmethod
    def _check_secret_keys(cls, value: tuple[Secret, ...]) -> tuple[Secret, ...]:
        if not value:
            raise ValueError("holds no key")
        if any(len(key.reveal().encode()) < SHORTEST_SECRET_KEY for key in value):
            raise ValueError(f"every key needs at least {SHORTEST_SECRET_KEY} characters")
        return value

    @field_validator("admin_email")
    @classmethod
    def _check_admin_email(cls, value: str | None) -> str | None:
        if value is not None and parse_email_address(value) is None:
            raise ValueError("must be one plain e-mail address")
        return value and value.strip()

    @field_validator("management_bind")
    @classmethod
    def _check_management_bind(cls, value: str | None) -> str | None:
        if value is not None and not is_bind(value):
            raise ValueError("write address and port, like 127.0.0.1:9090 or [::1]:9090")
        return value

    @property
    def is_loopback(self) -> bool:
        """Tell whether the endpoint is on this machine."""
        return is_loopback(urlsplit(self.endpoint).hostname or "")

    @property
    def is_secure(self) -> bool:
        """Tell whether browsers reach the server over TLS."""
        return self.endpoint.startswith("https://")
