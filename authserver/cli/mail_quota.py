"""What `authserver doctor --ask-provider` finds out from Direct Mail."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from authserver.administration.findings import Finding
    from authserver.composition.server import AuthServer

NAME = "mail_provider"


def provider_finding(server: "AuthServer") -> "Finding":
    """Ask for quota and standing of the account; nothing is sent."""
    # Only this flag asks, hence waits.
    import anyio

    from authserver.administration.findings import failed, passed
    from authserver.mail.direct_mail_enquiries import EnquiryFailed

    try:
        account = anyio.run(server.enquiries.account)
    except EnquiryFailed as fault:
        advice = "Look at access key, region and the RAM right dm:DescAccountSummary."
        return failed(NAME, str(fault), advice)
    quota = server.quota.judge(account)
    message = (
        f"Direct Mail allows {account.daily_quota} mails a day; this server sent {quota.sent} "
        "in the last 24 hours."
    )
    advice = " ".join(quota.warnings(server.quota.own_ceiling))
    if quota.is_scarce or account.standing:
        return failed(NAME, message, advice)
    return passed(NAME, message, advice or None)
