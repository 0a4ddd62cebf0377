"""Notices to the owner of an account, in the owner's language."""

from collections.abc import Mapping

from authserver.domain.accounts import Account
from authserver.domain.emails import UsageType
from authserver.storage.notices import MailedNotice


def notice_to(
    account: Account, usage_type: UsageType, page_locale: str, details: Mapping[str, str]
) -> MailedNotice:
    """Return a notice to the address of the account.

    Its language is the one that was chosen for the account, else that of the page on which it
    happened.
    """
    return MailedNotice(
        usage_type=usage_type,
        address=account.address.typed,
        locale=account.locale or page_locale,
        details=details,
    )
