"""Typed configuration of the senders, and what can be wrong with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from authserver.domain.email_address import parse_email_address
from authserver.domain.secret import Secret

MAX_ALIAS_LENGTH: Final = 14
MAX_PORT: Final = 65535
SHORTEST_EVENT_SECRET: Final = 20
TAG_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
DEFAULT_REGION: Final = "cn-hangzhou"
CALLS_PER_SECOND: Final = 50
MOST_CALLS_PER_SECOND: Final = 1000

REGION_HOSTS: Final = {
    "cn-hangzhou": "dm.aliyuncs.com",
    "ap-southeast-1": "dm.ap-southeast-1.aliyuncs.com",
    "ap-southeast-2": "dm.ap-southeast-2.aliyuncs.com",
    "us-east-1": "dm.us-east-1.aliyuncs.com",
    "eu-central-1": "dm.eu-central-1.aliyuncs.com",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AliyunSettings:
    """One sender address of Aliyun Direct Mail; it exists in one region only."""

    access_key_id: str
    access_key_secret: Secret
    account_name: str
    from_alias: str | None = None
    region_id: str = DEFAULT_REGION
    endpoint: str | None = None
    tag_name: str | None = None
    security_token: Secret | None = None
    event_secret: Secret | None = None
    calls_per_second: int = CALLS_PER_SECOND

    @property
    def url(self) -> str:
        """Return the address of the service: the override, or what the region gives."""
        if self.endpoint:
            return self.endpoint.rstrip("/") + "/"
        return f"https://{REGION_HOSTS[self.region_id]}/"


class SmtpTls(StrEnum):
    """How a connection to a mail server is protected."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """One account at one mail server; `from_address` may carry a display name."""

    host: str
    port: int
    username: str | None = None
    password: Secret | None = None
    tls: SmtpTls = SmtpTls.IMPLICIT
    from_address: str

    @property
    def envelope_from(self) -> str:
        """Return the bare sender address."""
        return envelope_address(parseaddr(self.from_address)[1])


def envelope_address(address: str) -> str:
    """Return `address` as it travels: its domain in A-labels, its local part unchanged."""
    parsed = parse_email_address(address)
    if parsed is None:
        return address
    local_part, _, _ = parsed.typed.rpartition("@")
    return f"{local_part}@{parsed.canonical.rpartition('@')[2]}"


def aliyun_faults(settings: AliyunSettings) -> list[str]:
    """Return every fault of a Direct Mail configuration, in the connector's field names."""
    token = settings.security_token
    return [
        *empty_fields(
            accessKeyId=settings.access_key_id,
            accessKeySecret=settings.access_key_secret.reveal(),
            accountName=settings.account_name,
        ),
        *(empty_fields(securityToken=token.reveal()) if token else ()),
        *event_secret_faults(settings.event_secret),
        *account_faults(settings.account_name),
        *alias_faults(settings.from_alias or ""),
        *address_faults(settings),
        *(
            []
            if 1 <= settings.calls_per_second <= MOST_CALLS_PER_SECOND
            else [f"callsPerSecond: must be from 1 to {MOST_CALLS_PER_SECOND}"]
        ),
        *(
            ["tagName: must be 1 to 128 letters, digits, '_' or '-'"]
            if settings.tag_name and not TAG_NAME.fullmatch(settings.tag_name)
            else []
        ),
    ]


def empty_fields(**fields: str) -> Iterator[str]:
    """Yield a sentence for each field that is blank or could not travel in a header."""
    for name, value in fields.items():
        if not value.strip():
            yield f"{name}: must be filled in"
        elif value != value.strip() or not (value.isascii() and value.isprintable()):
            yield f"{name}: must be plain ASCII without blanks around it"


def event_secret_faults(secret: Secret | None) -> Iterator[str]:
    """Yield a sentence where the secret of delivery events could be guessed, or not be sent."""
    if secret is None:
        return
    yield from empty_fields(eventSecret=secret.reveal())
    if len(secret.reveal()) < SHORTEST_EVENT_SECRET:
        yield f"eventSecret: must have at least {SHORTEST_EVENT_SECRET} characters"


def account_faults(account_name: str) -> Iterator[str]:
    """Yield a sentence where a filled-in account name is no address."""
    if account_name.strip() and parse_email_address(account_name) is None:
        yield "accountName: must be the sender address made in the Direct Mail console"


def alias_faults(alias: str) -> Iterator[str]:
    """Yield sentences about a nickname that the service refuses."""
    if len(alias) > MAX_ALIAS_LENGTH:
        yield f"fromAlias: must be at most {MAX_ALIAS_LENGTH} characters"
    if not alias.isprintable():
        yield "fromAlias: must not hold line breaks or control characters"


def address_faults(settings: AliyunSettings) -> Iterator[str]:
    """Yield sentences about an unknown region or an unprotected endpoint."""
    if settings.region_id not in REGION_HOSTS:
        known = ", ".join(REGION_HOSTS)
        yield f"regionId: {settings.region_id!r} is not known; known are {known}"
    if settings.endpoint is None:
        return
    try:
        parts = urlsplit(settings.endpoint)
        is_plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        yield "endpoint: must be a URL"
        return
    if not (parts.scheme == "https" or is_plain) or not parts.hostname or not has_port:
        yield "endpoint: must be an https URL; http is for this machine only"
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
        yield "endpoint: must hold nothing but scheme, host and port"


def is_loopback(host: str) -> bool:
    """Tell whether `host` names this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def smtp_faults(settings: SmtpSettings) -> list[str]:
    """Return every fault of an SMTP configuration, in the names of the settings."""
    faults = list(empty_fields(host=settings.host))
    if not 0 < settings.port <= MAX_PORT:
        faults.append(f"port: must be between 1 and {MAX_PORT}")
    if (
        parse_email_address(settings.envelope_from) is None
        or not settings.from_address.isprintable()
    ):
        faults.append("from: must be one address, with or without a name before it")
    if (settings.username is None) != (settings.password is None):
        faults.append("username, password: must be given together, or neither")
    if (
        settings.tls is SmtpTls.NONE
        and settings.password is not None
        and not is_loopback(settings.host)
    ):
        faults.append("tls: a password must not travel unprotected to another machine")
    return faults
