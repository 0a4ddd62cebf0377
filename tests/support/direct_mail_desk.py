"""What the stand-in for Direct Mail answers about mails, quota and refused addresses."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.support.direct_mail_rules import Call, Refused, form_of

MOST_DAYS = timedelta(days=30)
DETAIL_PARAMETERS = frozenset(
    {
        "AccountName",
        "TagName",
        "ToAddress",
        "StartTime",
        "EndTime",
        "Length",
        "NextStart",
        "Status",
    }
)
SUPPRESSION_PARAMETERS = frozenset({"Address", "PageNo", "PageSize"})


@dataclass(kw_only=True)
class EnquiryDesk:
    """The figures of one account; tests fill them in."""

    details: list[dict[str, object]] = field(default_factory=list)
    summary: dict[str, object] = field(
        default_factory=lambda: {"DailyQuota": 2000, "MonthQuota": 60000, "UserStatus": 0}
    )
    suppressions: dict[int, str] = field(default_factory=dict)
    invalid_addresses: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def answer(self, action: str, call: Call) -> dict[str, object]:
        self.asked.append(action)
        match action:
            case "SenderStatisticsDetailByParam":
                return self.details_of(form_of(call, DETAIL_PARAMETERS))
            case "DescAccountSummary":
                form_of(call, frozenset())
                return self.summary
            case "ListUserSuppression":
                return self.list_suppressions(form_of(call, SUPPRESSION_PARAMETERS))
            case "RemoveUserSuppression":
                return self.remove(form_of(call, frozenset({"SuppressionIds"})))
            case "DeleteInvalidAddress":
                self.invalid_addresses.discard(form_of(call, frozenset({"ToAddress"}))["ToAddress"])
                return {}
            case _:
                raise Refused(404, "InvalidAction.NotFound")

    def details_of(self, parameters: dict[str, str]) -> dict[str, object]:
        if len({"AccountName", "TagName", "ToAddress"} & set(parameters)) > 1:
            raise Refused(400, "InvalidParameter")
        start, end = (minute(parameters.get(name, "")) for name in ("StartTime", "EndTime"))
        if not timedelta(0) <= end - start <= MOST_DAYS:
            raise Refused(400, "InvalidDate.Malformed")
        length = int(parameters.get("Length", "10"))
        if not 1 <= length <= 100:
            raise Refused(400, "InvalidLength")
        begin = int(parameters.get("NextStart", "0"))
        wanted = parameters.get("ToAddress")
        found = [each for each in self.details if wanted in {None, each["ToAddress"]}]
        page = found[begin : begin + length]
        members: dict[str, object] = {"data": {"mailDetail": page}}
        if begin + length < len(found):
            members["NextStart"] = str(begin + length)
        return members

    def list_suppressions(self, parameters: dict[str, str]) -> dict[str, object]:
        found = [
            {"SuppressionId": number, "Address": address, "Type": "system"}
            for number, address in self.suppressions.items()
            if parameters.get("Address") in {None, address}
        ]
        return {"Data": {"UserSuppressions": found}, "TotalCount": len(found)}

    def remove(self, parameters: dict[str, str]) -> dict[str, object]:
        for number in parameters["SuppressionIds"].split(","):
            if self.suppressions.pop(int(number), None) is None:
                raise Refused(400, "InvalidSuppressionId")
        return {}


def minute(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - the service names no zone
    except ValueError:
        raise Refused(400, "InvalidDate.Malformed") from None
