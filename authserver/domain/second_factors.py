"""What an account asks for beside the first factor, and the codes for when that is lost."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from authserver.domain.accounts import Subject
from authserver.domain.secret import Secret
from authserver.domain.sessions import Authentication, AuthenticationContext, AuthenticationMethod

RECOVERY_CODES: Final = 10
RECOVERY_CODE_LENGTH: Final = 16
SELECTOR_LENGTH: Final = 4
GROUP_LENGTH: Final = 4


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


def show_recovery_code(code: str) -> str:
    """Return a recovery code as it is copied: `XXXX-XXXX-XXXX-XXXX`."""
    return "-".join(
        code[start : start + GROUP_LENGTH] for start in range(0, len(code), GROUP_LENGTH)
    )


def one_factor(method: AuthenticationMethod) -> Authentication:
    """Return what a single factor comes to."""
    return Authentication(amr=(method,))


def mail_and_password(first: AuthenticationMethod, *, rests_on_mail: bool) -> Authentication:
    """Return what a mailed code and a password come to.

    A password that nothing but mail stands behind is mail once more: one factor.
    """
    order = sorted(
        (AuthenticationMethod.MAILED_CODE, AuthenticationMethod.PASSWORD),
        key=lambda method: method is not first,
    )
    if rests_on_mail:
        return Authentication(amr=tuple(order))
    return two_factors(*order)


def two_factors(*methods: AuthenticationMethod) -> Authentication:
    """Return what two kinds of factor come to; RFC 8176 has no word for a recovery code."""
    return Authentication(
        amr=(*methods, AuthenticationMethod.SEVERAL_FACTORS),
        acr=AuthenticationContext.TWO_FACTORS,
    )
