"""Every e-mail as a typed value, and which template it is composed from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from authserver.domain.secret import Secret


class UsageType(StrEnum):
    """What a mail is for; the first seven carry a code, in the connector's spelling."""

    SIGN_IN = "SignIn"
    REGISTER = "Register"
    FORGOT_PASSWORD = "ForgotPassword"  # noqa: S105 - the name of a usage type
    BIND_NEW_IDENTIFIER = "BindNewIdentifier"
    USER_PERMISSION_VALIDATION = "UserPermissionValidation"
    MFA_VERIFICATION = "MfaVerification"
    GENERIC = "Generic"
    NO_ACCOUNT = "NoAccount"
    SUSPENDED = "Suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """Everything a mail says; `code` and `minutes` are absent where it carries no code."""

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
    code: Secret | None = None
    minutes: int | None = None
