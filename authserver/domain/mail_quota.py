"""What a provider of mail allows in a day, and when that gets scarce."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# Below this share of the quota an operator is told.
SCARCE_BELOW: Final = 0.20
# Our own ceiling leaves room for what else the account sends.
ADVISED_SHARE: Final = 0.80
NORMAL: Final = 0
STANDINGS: Final = {
    1: "frozen",
    2: "overdue with its payments",
    4: "restricted in what it sends",
    8: "deleted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccount:
    """Quota and standing, as the provider has them; `standing` is a sum of flags, 0 is normal."""

    daily_quota: int
    standing: int = NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class MailQuota:
    """What is allowed in a day, and what this server has sent of it in the last 24 hours.

    The account may have sent more by other means: the provider does not say.
    """

    account: ProviderAccount
    sent: int

    @property
    def left(self) -> int:
        """Return how many mails are left at most."""
        return max(0, self.account.daily_quota - self.sent)

    @property
    def is_scarce(self) -> bool:
        """Tell whether codes may soon stop."""
        return self.left < self.account.daily_quota * SCARCE_BELOW

    def warnings(self, own_ceiling: int) -> Iterator[str]:
        """Yield a sentence for each thing to look after; `own_ceiling` is `MAILS__PER_DAY`."""
        quota = self.account.daily_quota
        for flag, words in STANDINGS.items():
            if self.account.standing & flag:
                yield f"The account is {words}."
        if self.is_scarce:
            yield f"Of {quota} mails a day at most {self.left} are left."
        if own_ceiling > quota * ADVISED_SHARE:
            yield (
                f"AUTHSERVER_CODES__MAILS__PER_DAY is {own_ceiling}; 80 % of the quota are "
                f"{int(quota * ADVISED_SHARE)}."
            )
