"""Every e-mail as a typed value, and which template it is composed from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from authserver.domain.branding import DEFAULT_COLOUR
from authserver.domain.secret import Secret


class UsageType(StrEnum):
    """What a mail is for; the first seven carry a code, in the connector's spelling.

    Two answer a request for a code that is not sent; the others are notices: of a change, of a
    new browser, of attempts by strangers.
    """

    SIGN_IN = "SignIn"
    REGISTER = "Register"
    FORGOT_PASSWORD = "ForgotPassword"  # noqa: S105 - the name of a usage type
    BIND_NEW_IDENTIFIER = "BindNewIdentifier"
    USER_PERMISSION_VALIDATION = "UserPermissionValidation"
    MFA_VERIFICATION = "MfaVerification"
    GENERIC = "Generic"
    NO_ACCOUNT = "NoAccount"
    SUSPENDED = "Suspended"
    PASSWORD_CHANGED = "PasswordChanged"  # noqa: S105 - the name of a usage type
    ADDRESS_CHANGED = "AddressChanged"
    SECOND_FACTOR_CHANGED = "SecondFactorChanged"
    NEW_BROWSER = "NewBrowser"
    LONGER_CODES = "LongerCodes"
    ACCOUNT_DELETED = "AccountDeleted"
    SPRAY_ALARM = "SprayAlarm"

    @property
    def carries_code(self) -> bool:
        """Tell whether mails of this type exist to bring a code."""
        return self in CODE_TYPES


CODE_TYPES: Final = frozenset(
    {
        UsageType.SIGN_IN,
        UsageType.REGISTER,
        UsageType.FORGOT_PASSWORD,
        UsageType.BIND_NEW_IDENTIFIER,
        UsageType.USER_PERMISSION_VALIDATION,
        UsageType.MFA_VERIFICATION,
        UsageType.GENERIC,
    }
)

# Owed without reading accounts, and sent only to an address that has one.
NOTICES_TO_ACCOUNTS: Final = frozenset({UsageType.LONGER_CODES})
# Who has such an address now need not be the person whom the notice concerns.
NOTICES_TO_FORMER_ADDRESSES: Final = frozenset(
    {UsageType.ADDRESS_CHANGED, UsageType.ACCOUNT_DELETED}
)
# What anybody may have asked for: such mails tell nothing of the account.
ASKED_BY_ANYBODY: Final = (
    CODE_TYPES - {UsageType.USER_PERMISSION_VALIDATION, UsageType.MFA_VERIFICATION}
) | {UsageType.NO_ACCOUNT, UsageType.SUSPENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """Everything a mail says; `code`, `link` and `minutes` are absent where it carries no code.

    `support` is the address or URL of whoever runs the instance, where one was given. `details`
    are what only some notices say, by name: `new_address`, `browser`, and the like. `user` is
    what an operator's template may say of the account: `name`, `username`, `primaryEmail`.
    A test says so in its subject, because its code opens nothing.
    """

    usage_type: UsageType
    to: str
    locale: str
    brand: str
    host: str
    endpoint: str
    application_id: str
    application_name: str
    request_label: str
    requested_at: datetime
    browser: str
    accent: str = DEFAULT_COLOUR
    support: str = ""
    code: Secret | None = None
    minutes: int | None = None
    link: Secret | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    user: Mapping[str, str] = field(default_factory=dict)
    is_test: bool = False
