"""Which mail answers what was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

from authserver.domain.accounts import Account
from authserver.domain.emails import ASKED_BY_ANYBODY, UsageType
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
    account: Account | None = None
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
        account=account,
        verification=verification,
    )


def choose_notice(mail: OutgoingMail, account: Account | None, fallback_language: str) -> Chosen:
    """Return the notice that is owed, in the language that the account has chosen."""
    return Chosen(
        usage_type=mail.usage_type,
        to=mail.address if account is None else account.address.typed,
        locale=(account and account.locale) or mail.locale or fallback_language,
        carries_code=False,
        account=account,
    )


def user_of(chosen: Chosen) -> Mapping[str, str]:
    """Return what an operator's template may say of the account, by placeholder."""
    account = chosen.account
    if account is None or chosen.usage_type in ASKED_BY_ANYBODY:
        return {}
    claims = {"name": "name", "username": "preferred_username"}
    values = {name: str(account.claims.get(claim, "")) for name, claim in claims.items()}
    return {**values, "primaryEmail": account.address.typed}


def serves_without_account(verification: Verification, experience: SignInExperience) -> bool:
    """Tell whether a code is of use to an address without an account."""
    match verification.purpose:
        case Purpose.SIGN_IN | Purpose.REGISTER:
            return experience.admits(verification.address)
        case Purpose.FORGOT_PASSWORD | Purpose.MFA_VERIFICATION:
            return False
        case _:
            return True
