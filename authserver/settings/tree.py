"""Every setting with its meaning, its default and its range."""

from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator

from authserver.domain.email_address import parse_email_address
from authserver.domain.lifetimes import Lifetimes
from authserver.domain.mail_senders import DEFAULT_REGION, SmtpTls, is_loopback
from authserver.settings.codes import CodeSettings, Group
from authserver.settings.fields import (
    Duration,
    ExistingFile,
    Networks,
    SecretText,
    SecretTexts,
    Switch,
    between,
    read_list,
)

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
SHORTEST_SECRET_KEY: Final = 32
DATABASE_SCHEMES: Final = ("sqlite:///", "postgresql://", "postgresql+psycopg://")


class SenderName(StrEnum):
    """The senders there are."""

    ALIYUN = "aliyun"
    SMTP = "smtp"
    OUTBOX = "outbox"


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


class AliyunGroup(Group):
    """Aliyun Direct Mail."""

    access_key_id: str | None = Field(default=None, description="id of the access key")
    access_key_secret: SecretText | None = Field(
        default=None, description="secret of the access key"
    )
    account_name: str | None = Field(default=None, description="sender address made in the console")
    from_alias: str | None = Field(
        default=None, description="name of the sender, at most 14 characters"
    )
    region_id: str = Field(default=DEFAULT_REGION, description="region of the sender address")
    endpoint: str | None = Field(
        default=None, description="address of the service, where it is not that of the region"
    )
    tag_name: str | None = Field(default=None, description="tag made in the console")
    security_token: SecretText | None = Field(default=None, description="token of a temporary key")


class SmtpGroup(Group):
    """A mail server."""

    host: str | None = Field(default=None, description="name of the mail server")
    port: Annotated[int, between(1, 65535)] = Field(default=465, description="its port")
    username: str | None = Field(default=None, description="user name, where it asks for one")
    password: SecretText | None = Field(default=None, description="password, where it asks for one")
    tls: SmtpTls = Field(default=SmtpTls.IMPLICIT, description="implicit, starttls or none")
    from_: str | None = Field(default=None, description="sender, with or without a name before it")


class MailGroup(Group):
    """Senders of mail."""

    senders: Annotated[tuple[SenderName, ...], BeforeValidator(read_list)] | None = Field(
        default=None,
        description="the chain of senders in its order; the default is outbox on a loopback "
        "endpoint, else what is configured in SQL",
    )
    aliyun: AliyunGroup = AliyunGroup()
    smtp: SmtpGroup = SmtpGroup()


class LimitGroup(Group):
    """Limits that do not concern codes."""

    requests_per_source_minute: Annotated[int, between(10, 10_000_000)] = Field(
        default=600, description="requests of one source in a minute, for each process"
    )
    body_bytes: Annotated[int, between(1024, 1024 * 1024)] = Field(
        default=16384, description="size of a request's body"
    )


class LifetimeGroup(Group):
    """Lifetimes of what the provider hands out."""

    id_token: Annotated[Duration, between(60 * SECOND, DAY)] = Field(
        default=HOUR, description="ID token"
    )
    access_token: Annotated[Duration, between(60 * SECOND, DAY)] = Field(
        default=HOUR, description="access token"
    )
    authorization_code: Annotated[Duration, between(SECOND, 600 * SECOND)] = Field(
        default=60 * SECOND, description="authorization code"
    )
    refresh_idle: Annotated[Duration, between(60 * SECOND, 365 * DAY)] = Field(
        default=14 * DAY, description="refresh token, unused"
    )
    refresh_max: Annotated[Duration, between(60 * SECOND, 3650 * DAY)] = Field(
        default=365 * DAY, description="all refresh tokens of one authorization together"
    )
    refresh_grace: Annotated[Duration, between(timedelta(0), 300 * SECOND)] = Field(
        default=30 * SECOND,
        description="how long a refresh token that was used gives the same successor",
    )
    session_idle: Annotated[Duration, between(60 * SECOND, 365 * DAY)] = Field(
        default=14 * DAY, description="session, unused"
    )
    session_max: Annotated[Duration, between(60 * SECOND, 365 * DAY)] = Field(
        default=90 * DAY, description="session in all"
    )
    interaction: Annotated[Duration, between(60 * SECOND, DAY)] = Field(
        default=HOUR, description="time to finish one sign-in"
    )

    def lifetimes(self) -> Lifetimes:
        """Return the lifetimes as the provider takes them."""
        return Lifetimes(**{name: getattr(self, name) for name in type(self).model_fields})


class OutgoingGroup(Group):
    """Outgoing calls."""

    ca_file: ExistingFile | None = Field(
        default=None, description="certificates to trust beside the well-known ones"
    )


class TlsGroup(Group):
    """TLS spoken by the server itself."""

    cert_file: ExistingFile | None = Field(
        default=None, description="certificate with its chain, PEM"
    )
    key_file: ExistingFile | None = Field(default=None, description="private key, PEM")


class LogGroup(Group):
    """The log, on standard error."""

    format: LogFormat | None = Field(default=None, description="json or text; text on a terminal")
    level: LogLevel = Field(default=LogLevel.INFO, description="debug, info, warning or error")


class Settings(Group):
    """What a process is started with: read once and frozen."""

    endpoint: str = Field(
        default="http://localhost:3001",
        description="public base URL; the issuer is {endpoint}/oidc. Never derived from a request",
    )
    data_dir: Path = Field(
        default=Path("data"), description="folder of the embedded database and of generated keys"
    )
    database_url: str = Field(default="", description="sqlite:///... or postgresql://...")
    secret_keys: SecretTexts = Field(
        default=(), description="newest first; seal signing keys and sender secrets, key the codes"
    )
    admin_email: str | None = Field(
        default=None, description="whom the first start makes administrator"
    )
    trusted_proxies: Networks = Field(
        default=(), description="networks of proxies whose X-Forwarded-For counts"
    )
    mail: MailGroup = MailGroup()
    codes: CodeSettings = CodeSettings()
    limits: LimitGroup = LimitGroup()
    lifetimes: LifetimeGroup = LifetimeGroup()
    outgoing: OutgoingGroup = OutgoingGroup()
    tls: TlsGroup = TlsGroup()
    allow_outbox: Switch = Field(
        default=False, description="allow the outbox sender outside of this machine"
    )
    management_bind: str | None = Field(
        default=None, description="address and port of a second listener for health and metrics"
    )
    log: LogGroup = LogGroup()

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str) -> str:
        url = value.strip().rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an https URL, or http on this machine")
        if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("must hold nothing but scheme, host and port")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
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
        return url

    @field_validator("secret_keys")
    @classmethod
    def _check_secret_keys(cls, value: SecretTexts) -> SecretTexts:
        if any(len(key.reveal().encode()) < SHORTEST_SECRET_KEY for key in value):
            raise ValueError(f"every key needs at least {SHORTEST_SECRET_KEY} characters")
        return value

    @field_validator("admin_email")
    @classmethod
    def _check_admin_email(cls, value: str | None) -> str | None:
        if not value:
            return None
        if parse_email_address(value) is None:
            raise ValueError("must be one plain e-mail address")
        return value.strip()

    @field_validator("management_bind")
    @classmethod
    def _check_management_bind(cls, value: str | None) -> str | None:
        if not value:
            return None
        host, _, port = value.rpartition(":")
        ip_address(host.strip("[]"))
        if not port.isdigit():
            raise ValueError("write address and port, like 127.0.0.1:9090")
        return value

    @property
    def is_loopback(self) -> bool:
        """Tell whether the endpoint is on this machine."""
        return is_loopback(urlsplit(self.endpoint).hostname or "")

    @property
    def is_secure(self) -> bool:
        """Tell whether browsers reach the server over TLS."""
        return self.endpoint.startswith("https://")
