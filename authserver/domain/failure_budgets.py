"""Counts of failures, over all verifications of one address or one recognised browser."""

from dataclasses import dataclass
from enum import StrEnum


class BudgetKind(StrEnum):
    """Whose failures a budget counts; the key names the address or the browser."""

    ADDRESS = "address"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class FailureBudget:
    """One budget: strangers share that of the address, a recognised browser has its own."""

    kind: BudgetKind
    key: str
