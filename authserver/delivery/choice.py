"""Which mail answers what was asked for."""

from dataclasses import dataclass

from authserver.domain.accounts import Account
from authserver.domain.emails import UsageType
from authserver.domain.outgoing_mail import OutgoingMail
from authserver.domain.sign_in_experience import SignInExperience
from authserver.domain.verifications import Purpose, Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which mail leaves, and to which address; a notice belongs to no verification."""

    usage_type: UsageType
    to: str
    locale: str
    carries_code: bool
    has_account: bool
    verification: Verification | None = None
    suppressed_at: frozenset[str] = frozenset()


def choose_mail(
    mail: OutgoingMail,
    verification: Verification,
    account: Account | None,
    experience: SignInExperience,
) -> Chosen:
    """Return the mail that is owed: a code, unless nothing could come of it.

    Mail goes to the address stored with the account, never to a variant typed for it.
    """
    if account is None:
        carries_code = serves_without_account(verification, experience)
        otherwise, to = UsageType.NO_ACCOUNT, verification.address.typed
    else:
        carries_code = account.is_active
        otherwise, to = UsageType.SUSPENDED, account.address.typed
    return Chosen(
        usage_type=mail.usage_type if carries_code else otherwise,
        to=to,
        locale=mail.locale,
        carries_code=carries_code,
        has_account=account is not None,
        verification=verification,
    )


def choose_notice(mail: OutgoingMail, account: Account | None) -> Chosen:
    """Return the notice that is owed, in the language that the account has chosen."""
    return Chosen(
        usage_type=mail.usage_type,
        to=mail.address if account is None else account.address.typed,
        locale=(account and account.locale) or mail.locale,
        carries_code=False,
        has_account=True,
    )


def serves_without_account(verification: Verification, experience: SignInExperience) -> bool:
    """Tell whether a code is of use to an address without an account."""
    match verification.purpose:
        case Purpose.SIGN_IN | Purpose.REGISTER:
            return experience.admits(verification.address)
        case Purpose.FORGOT_PASSWORD | Purpose.MFA_VERIFICATION:
            return False
        case _:
            return True
