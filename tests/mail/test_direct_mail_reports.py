import json
from datetime import UTC, datetime
from typing import Any

import pytest

from authserver.domain.delivery_reports import DeliveryStatus
from authserver.domain.suppressions import SuppressionReason
from authserver.mail.direct_mail_reports import EventMalformed, fate_of, read_events

TOKEN = "0123456789abcdef" * 2
DELIVERED, BOUNCED, SPAM, FAILED = (
    DeliveryStatus.DELIVERED,
    DeliveryStatus.BOUNCED,
    DeliveryStatus.SPAM,
    DeliveryStatus.FAILED,
)


def event(kind: str = "dm:Deliver:Succeed", **data: Any) -> dict[str, Any]:
    return {
        "id": "45ef4dewdwe1-7c35-447a-bd93-fab****",
        "source": "acs.dm",
        "specversion": "1.0",
        "type": kind,
        "time": "2026-11-22T14:03:31+08:00",
        "data": {"env_id": "600000012345", "rcpt": "ada@example.com", "status": "0", **data},
    }


def body(document: object) -> bytes:
    return json.dumps(document).encode()


def test_a_delivered_mail_is_named_by_its_envelope() -> None:
    [report] = read_events(body(event()))

    assert (report.status, report.provider_id) == (DELIVERED, "600000012345")
    assert report.happened_at == datetime(2026, 11, 22, 6, 3, 31, tzinfo=UTC)
    assert (report.error_code, report.suppresses) == (None, None)


@pytest.mark.parametrize(
    ("status", "failed_type", "expected", "suppresses"),
    [
        ("2", "SmtpNxBox", BOUNCED, SuppressionReason.BOUNCED),
        ("4", "SmtpNxBox", BOUNCED, SuppressionReason.BOUNCED),
        ("2", None, BOUNCED, SuppressionReason.BOUNCED),
        ("2", "SysOutDnsResolveFail", BOUNCED, None),
        ("2", "SysOutInvRcpt", BOUNCED, SuppressionReason.PROVIDERS_LIST),
        ("4", "SysOutRcptOnAccountLevelBounceList", BOUNCED, SuppressionReason.PROVIDERS_LIST),
        ("3", "SmtpContSpam", SPAM, None),
        ("3", None, SPAM, None),
        ("4", "SmtpMfdFreq", FAILED, None),
        ("0", None, FAILED, None),
        (None, None, FAILED, None),
    ],
)
def test_a_failure_is_judged_by_its_class_and_its_status(
    status: str | None,
    failed_type: str | None,
    expected: DeliveryStatus,
    suppresses: SuppressionReason | None,
) -> None:
    failure = event("dm:Deliver:Fail", status=status, failed_type=failed_type, err_code="550")

    [report] = read_events(body(failure))

    assert (report.status, report.suppresses) == (expected, suppresses)
    assert report.error_code == (failed_type or "550")


def test_a_complaint_names_the_mail_by_its_message_id_and_suppresses_nobody() -> None:
    complaint = event("dm:Feedback:FblReport") | {
        "data": {
            "block_email": "ada@example.com",
            "message_id": f"<{TOKEN}@id.example.com>",
            "block_time": "1783036806",
        }
    }

    [report] = read_events(body(complaint))

    assert (report.status, report.message_token) == (SPAM, TOKEN)
    assert report.suppresses is None


def test_no_report_holds_the_address_or_the_providers_words() -> None:
    words = "550 ada@example.com user unknown"
    spiteful = event(
        "dm:Deliver:Fail", err_msg=words, err_code=words, failed_type=words, env_id=words
    )

    reports = read_events(body([spiteful, event("dm:Deliver:Fail", err_msg=words)]))

    assert "ada" not in repr(reports)


def test_a_list_of_events_is_read_and_other_kinds_are_passed_over() -> None:
    events = [event(), event("dm:Trace:Open"), event("dm:Feedback:UnSubscribe"), event("acs:Other")]

    assert len(read_events(body(events))) == 1
    assert read_events(b"[]") == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"null",
        b"7",
        b'"text"',
        b"[1]",
        b"{}",
        b"[" * 100_000,
        b"9" * 5000,
        body({"id": 7, "type": "dm:Deliver:Succeed", "data": {}}),
        body({"id": "", "type": "dm:Deliver:Succeed", "data": {}}),
        body({"id": "x", "type": ["dm:Deliver:Succeed"], "data": {}}),
        body({"id": "x", "type": "dm:Deliver:Succeed"}),
        body({"id": "x", "type": "dm:Deliver:Succeed", "data": "text"}),
        body([event()] * 101),
    ],
)
def test_what_is_no_event_is_malformed(content: bytes) -> None:
    with pytest.raises(EventMalformed):
        read_events(content)


@pytest.mark.parametrize(
    "changes",
    [
        {"time": "yesterday"},
        {"time": "9999-12-31T23:59:59-23:59"},
        {"time": "2026-11-22T14:03:31"},
        {"time": 7.5},
        {"time": None},
        {"id": "\x00" * 500},
        {"data": {"env_id": "a\x00b", "status": {"a": 1}, "failed_type": ["x"]}},
        {"data": {"env_id": 10**40, "status": True}},
        {"data": {"msg_id": 12, "message_id": ["x"]}},
    ],
)
def test_odd_members_are_passed_over(changes: dict[str, Any]) -> None:
    [report] = read_events(body(event("dm:Deliver:Fail") | changes))

    assert len(report.event_id) < 100
    assert report.provider_id in {"600000012345", None}
    assert report.happened_at is None or report.happened_at.year == 2026


@pytest.mark.parametrize(
    ("status", "classification", "expected", "suppresses"),
    [
        (0, "SendOk", DELIVERED, None),
        (2, "SmtpNxBox", BOUNCED, SuppressionReason.BOUNCED),
        (3, "SmtpContSpam", SPAM, None),
        (4, "SmtpMfFreq", FAILED, None),
    ],
)
def test_an_answer_about_an_address_is_read(
    status: int,
    classification: str,
    expected: DeliveryStatus,
    suppresses: SuppressionReason | None,
) -> None:
    detail = {
        "Status": status,
        "ErrorClassification": classification,
        "Message": "words",
        "Subject": "123456 is your code",
        "UtcLastUpdateTime": "1795341811",
        "LastUpdateTime": "2026-11-22T14:03Z",
    }

    fate = fate_of(detail)

    assert fate is not None
    assert (fate.status, fate.suppresses) == (expected, suppresses)
    assert fate.at == datetime.fromtimestamp(1795341811, UTC)
    assert "123456" not in repr(fate)


@pytest.mark.parametrize("detail", [{}, {"Status": 0}, {"Status": 9, "UtcLastUpdateTime": "1"}])
def test_an_answer_that_cannot_be_read_is_passed_over(detail: dict[str, object]) -> None:
    assert fate_of(detail) is None
