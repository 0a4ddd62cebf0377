"""The person's record and its stable public identifier."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from authserver.domain.email_address import EmailAddress

Subject = NewType("Subject", str)

SIGN_IN_LINK_LIFE: Final = timedelta(minutes=10)


class AccountStatus(StrEnum):
    """Whether an account may be used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class AccountOrigin(StrEnum):
    """Who made an account."""

    REGISTRATION = "registration"
    OPERATOR = "operator"
    SEED = "seed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person; `claims` are standard claims, whoever set them (OIDC Core §5.1)."""

    subject: Subject
    address: EmailAddress
    status: AccountStatus = AccountStatus.ACTIVE
    is_admin: bool = False
    email_proven_at: datetime | None = None
    claims: Mapping[str, object] = field(default_factory=dict)
    origin: AccountOrigin
    created_at: datetime
    updated_at: datetime

    @property
    def is_active(self) -> bool:
        """Tell whether the account may sign in and its tokens are honoured."""
        return self.status is AccountStatus.ACTIVE

    @property
    def locale(self) -> str | None:
        """Return the language of notices, where one was chosen: the standard claim `locale`."""
        locale = self.claims.get("locale")
        return locale if isinstance(locale, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    """A one-time link that an operator made for an account; it proves no mailbox."""

    digest: bytes
    subject: Subject
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
