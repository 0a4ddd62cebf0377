"""What operators ask Direct Mail: the fate of mails, the quota, addresses it refuses."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from typing import Final

from authserver.domain.clock import Clock
from authserver.domain.delivery_reports import MailFate
from authserver.domain.mail_configuration import MailConfiguration
from authserver.domain.mail_quota import ProviderAccount
from authserver.domain.mail_senders import AliyunSettings, envelope_address
from authserver.lane import Lane
from authserver.mail.direct_mail_api import DirectMailApi, json_members, safe_member
from authserver.mail.direct_mail_reports import fate_of
from authserver.outbound.http_caller import NoAnswer, NotReached

HTTP_OK: Final = 200
# The service keeps a month; times may be meant in its own zone, hence the day on top.
ASKED_BACK: Final = timedelta(days=28)
ASKED_AHEAD: Final = timedelta(days=1)
DETAILS_A_PAGE: Final = 100
MOST_PAGES: Final = 10
MOST_SUPPRESSIONS: Final = 50


class EnquiryFailed(Exception):
    """The provider gave no answer to go by; the text is ours and holds none of its words."""


class DirectMailEnquiries:
    """Asks the Direct Mail account that is configured, over connections of its own."""

    def __init__(
        self,
        configuration: Callable[[], MailConfiguration],
        open_api: Callable[[AliyunSettings], DirectMailApi],
        *,
        lane: Lane,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._lane = lane
        self._open_api = open_api
        self._clock = clock

    async def is_configured(self) -> bool:
        """Tell whether Direct Mail is in the chain of senders."""
        return await self._settings() is not None

    async def fates_of(self, address: str) -> list[MailFate]:
        """Return what became of the mails to an address in the last weeks."""
        now = self._clock.now().astimezone(UTC)
        asked = {
            "ToAddress": envelope_address(address),
            "StartTime": f"{now - ASKED_BACK:%Y-%m-%d %H:%M}",
            "EndTime": f"{now + ASKED_AHEAD:%Y-%m-%d %H:%M}",
            "Length": str(DETAILS_A_PAGE),
        }
        fates: list[MailFate] = []
        async with self._asking() as ask:
            for _ in range(MOST_PAGES):
                members = await ask("SenderStatisticsDetailByParam", asked)
                details = list(objects_in(members, "data", "mailDetail"))
                fates += [fate for each in details if (fate := fate_of(each)) is not None]
                more = safe_member(members, "NextStart")
                if more is None or not details or more == asked.get("NextStart"):
                    break
                asked["NextStart"] = more
        return fates

    async def account(self) -> ProviderAccount:
        """Return quota and standing of the account."""
        async with self._asking() as ask:
            members = await ask("DescAccountSummary", {})
        quota, standing = members.get("DailyQuota"), members.get("UserStatus", 0)
        if not isinstance(quota, int) or not isinstance(standing, int):
            raise EnquiryFailed("Direct Mail's answer does not name the daily quota.")
        return ProviderAccount(daily_quota=quota, standing=standing)

    async def accept_again(self, address: str) -> None:
        """Take an address off the provider's own lists: the account's, and the global one."""
        recipient = envelope_address(address)
        async with self._asking() as ask:
            found = await ask(
                "ListUserSuppression",
                {"Address": recipient, "PageNo": "1", "PageSize": str(MOST_SUPPRESSIONS)},
            )
            listed = [
                str(each["SuppressionId"])
                for each in objects_in(found, "Data", "UserSuppressions")
                if each.get("Address") == recipient and isinstance(each.get("SuppressionId"), int)
            ]
            if listed:
                await ask("RemoveUserSuppression", {"SuppressionIds": ",".join(listed)})
            await ask("DeleteInvalidAddress", {"ToAddress": recipient})

    async def _settings(self) -> AliyunSettings | None:
        senders = (await self._lane.run(self._configuration)).senders
        return next((each for each in senders if isinstance(each, AliyunSettings)), None)

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator["Asking"]:
        settings = await self._settings()
        if settings is None:
            raise EnquiryFailed("Direct Mail is not among the senders: there is nobody to ask.")
        api = self._open_api(settings)
        try:
            yield Asking(api)
        finally:
            await api.close()


class Asking:
    """Some calls over one set of connections."""

    def __init__(self, api: DirectMailApi) -> None:
        self._api = api

    async def __call__(self, action: str, parameters: Mapping[str, str]) -> Mapping[str, object]:
        """Return the members of the answer; raises EnquiryFailed for every other end."""
        try:
            answer = await self._api.call(action, parameters)
        except (NotReached, NoAnswer) as fault:
            raise EnquiryFailed(f"Direct Mail does not answer {action}: {fault}.") from fault
        members = json_members(answer.body)
        if answer.status == HTTP_OK and safe_member(members, "RequestId") is not None:
            return members
        code = safe_member(members, "Code") or "an answer that cannot be read"
        raise EnquiryFailed(f"Direct Mail refuses {action}: {code} (HTTP {answer.status}).")


def objects_in(members: Mapping[str, object], *names: str) -> Iterator[Mapping[str, object]]:
    """Yield the objects of a list that stands below these members."""
    value: object = members
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    for each in value if isinstance(value, list) else []:
        if isinstance(each, Mapping):
            yield each
