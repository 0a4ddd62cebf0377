"""The senders and templates in force, wherever they were configured."""

from dataclasses import dataclass
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
    def outbox(self) -> Path | None:
        """Return the folder of the outbox sender, where it is part of the chain."""
        folders = [each.folder for each in self.senders if isinstance(each, OutboxSettings)]
        return folders[0] if folders else None
