"""The chain of senders that the settings name, and what is wrong with it."""

import re
from pathlib import Path
from typing import Final

from authserver.domain.mail_configuration import OutboxSettings, SenderSettings
from authserver.domain.mail_senders import (
    AliyunSettings,
    SmtpSettings,
    address_faults,
    aliyun_faults,
    event_secret_faults,
    smtp_faults,
)
from authserver.domain.secret import Secret
from authserver.settings.mail import AliyunGroup, SenderName, SmtpGroup
from authserver.settings.tree import Settings

OUTBOX_FOLDER: Final = "outbox"
INNER_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def outbox_folder(settings: Settings) -> Path:
    """Return where the outbox sender keeps its mails."""
    return settings.data_dir / OUTBOX_FOLDER


def fixed_senders(settings: Settings) -> tuple[SenderSettings, ...]:
    """Return the senders that the settings name, in their order."""
    chain: list[SenderSettings] = []
    for name in settings.mail.senders or ():
        match name:
            case SenderName.ALIYUN:
                chain.append(aliyun(settings.mail.aliyun))
            case SenderName.SMTP:
                chain.append(smtp(settings.mail.smtp))
            case SenderName.OUTBOX:
                chain.append(OutboxSettings(folder=outbox_folder(settings)))
    return tuple(chain)


def sender_faults(settings: Settings) -> list[str]:
    """Return what is wrong with the named senders, a sentence each."""
    faults: list[str] = []
    if SenderName.ALIYUN not in (settings.mail.senders or ()):
        # Address and event secret count for a sender configured in SQL, too.
        group = aliyun(settings.mail.aliyun)
        found = [*address_faults(group), *event_secret_faults(group.event_secret)]
        faults += [named("ALIYUN", fault) for fault in found]
    for sender in fixed_senders(settings):
        match sender:
            case AliyunSettings():
                faults += [named("ALIYUN", fault) for fault in aliyun_faults(sender)]
            case SmtpSettings():
                faults += [named("SMTP", fault) for fault in smtp_faults(sender)]
            case OutboxSettings():
                if not (settings.is_loopback or settings.allow_outbox):
                    faults.append(
                        "AUTHSERVER_MAIL__SENDERS: outbox shows codes to whoever opens the "
                        "server, so it is for a loopback endpoint only (AUTHSERVER_ALLOW_OUTBOX)"
                    )
    return faults


def named(group: str, fault: str) -> str:
    """Return a fault with its fields, written as in the connector's JSON, named as settings."""
    fields, _, sentence = fault.partition(": ")
    names = [INNER_CAPITAL.sub("_", field).upper() for field in fields.split(", ")]
    return ", ".join(f"AUTHSERVER_MAIL__{group}__{name}" for name in names) + f": {sentence}"


def aliyun(group: AliyunGroup) -> AliyunSettings:
    """Return the settings as the sender takes them; what is missing is empty."""
    return AliyunSettings(
        access_key_id=group.access_key_id or "",
        access_key_secret=group.access_key_secret or Secret(""),
        account_name=group.account_name or "",
        from_alias=group.from_alias,
        region_id=group.region_id,
        endpoint=group.endpoint,
        tag_name=group.tag_name,
        calls_per_second=group.calls_per_second,
        security_token=group.security_token,
        event_secret=group.event_secret,
    )


def smtp(group: SmtpGroup) -> SmtpSettings:
    """Return the settings as the sender takes them; what is missing is empty."""
    return SmtpSettings(
        host=group.host or "",
        port=group.port,
        username=group.username,
        password=group.password,
        tls=group.tls,
        from_address=group.from_ or "",
    )
