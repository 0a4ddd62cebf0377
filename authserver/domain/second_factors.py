"""What an account asks for beside the first factor, and the codes for when that is lost."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from authserver.domain.accounts import Subject
from authserver.domain.secret import Secret


class SecondFactorKind(StrEnum):
    """The kinds of second factor there are; authenticator apps and passkeys join here."""

    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """A second factor that the account's owner has switched on."""

    subject: Subject
    kind: SecondFactorKind
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCode:
    """A code to be copied by hand and used once; the selector finds it, the hash judges it."""

    subject: Subject
    selector: str
    hash: Secret
    created_at: datetime
    used_at: datetime | None = None
