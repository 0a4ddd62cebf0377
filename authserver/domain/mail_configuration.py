"""The senders and templates in force, wherever they were configured."""

from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from authserver.domain.mail_senders import AliyunSettings, SmtpSettings
from authserver.domain.mail_templates import OperatorTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSettings:
    """Mails are kept as files in `folder` instead of being sent."""

    folder: Path


SenderSettings = AliyunSettings | SmtpSettings | OutboxSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class MailConfiguration:
    """The chain of senders in its order; `is_fixed` where the settings name it."""

    senders: tuple[SenderSettings, ...]
    templates: tuple[OperatorTemplate, ...] = ()
    is_fixed: bool = False

    @property
    def sender_name(self) -> str | None:
        """Return what mailboxes show as the sender, as far as it was configured."""
        match self.senders[0] if self.senders else None:
            case AliyunSettings(from_alias=alias, account_name=address):
                return alias or address
            case SmtpSettings(from_address=address):
                name, bare = parseaddr(address)
                return name or bare or None
            case _:
                return None

    @property
    def outbox(self) -> Path | None:
        """Return the folder of the outbox sender, where it is part of the chain."""
        folders = [each.folder for each in self.senders if isinstance(each, OutboxSettings)]
        return folders[0] if folders else None
