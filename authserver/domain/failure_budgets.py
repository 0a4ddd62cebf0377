"""Counts of failures, over all verifications of one address or one recognised browser."""

from dataclasses import dataclass
from enum import StrEnum

from authserver.domain.email_address import EmailAddress


class BudgetKind(StrEnum):
    """Whose failures a budget counts; the key names the address or the browser."""

    ADDRESS = "address"
    BROWSER = "browser"
    PASSWORD_OF_ADDRESS = "password_address"  # noqa: S105 - the name of a budget
    PASSWORD_IN_BROWSER = "password_browser"  # noqa: S105 - the name of a budget


@dataclass(frozen=True, slots=True)
class FailureBudget:
    """One budget: strangers share that of the address, a recognised browser has its own."""

    kind: BudgetKind
    key: str


def password_budget_of(recognised_browser_id: str) -> FailureBudget:
    """Return what counts the wrong passwords of one recognised browser."""
    return FailureBudget(BudgetKind.PASSWORD_IN_BROWSER, recognised_browser_id)


def budget_of(address: EmailAddress, recognised_browser_id: str | None) -> FailureBudget:
    """Return whose failures count: those of the browser, or of all strangers to the address."""
    if recognised_browser_id is not None:
        return FailureBudget(BudgetKind.BROWSER, recognised_browser_id)
    return FailureBudget(BudgetKind.ADDRESS, address.canonical)
