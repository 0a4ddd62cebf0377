"""The stand-in for Direct Mail, proven by the vendor's own client in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tests.support.direct_mail import DirectMailServer, Fault

pytestmark = pytest.mark.skipif(
    find_spec("alibabacloud_dm20151123") is None,
    reason="the vendor's client alibabacloud-dm20151123 is not installed",
)

# Takes calls as a JSON list of [secret, parameters] and prints what became of each.
CLIENT = """
import json, sys
from alibabacloud_dm20151123.client import Client
from alibabacloud_dm20151123.models import SingleSendMailRequest
from alibabacloud_tea_openapi.models import Config

endpoint, calls = sys.argv[1], json.loads(sys.argv[2])
printed = []
for secret, parameters in calls:
    client = Client(Config(
        endpoint=endpoint, protocol="HTTP", access_key_id="testid", access_key_secret=secret
    ))
    try:
        body = client.single_send_mail(SingleSendMailRequest(**parameters)).body
        printed.append({"env_id": body.env_id, "request_id": body.request_id})
    except Exception as fault:
        printed.append({"code": getattr(fault, "code", type(fault).__name__)})
print(json.dumps(printed))
"""

# Asks for the fate of mails page by page, for the quota, and takes an address off the lists.
ENQUIRER = """
import json, sys
from alibabacloud_dm20151123.client import Client
from alibabacloud_dm20151123 import models
from alibabacloud_tea_openapi.models import Config

client = Client(Config(
    endpoint=sys.argv[1], protocol="HTTP", access_key_id="testid", access_key_secret="testsecret"
))
statuses, start = [], None
while True:
    body = client.sender_statistics_detail_by_param(models.SenderStatisticsDetailByParamRequest(
        to_address="alice@example.org", start_time="2026-11-01 00:00",
        end_time="2026-11-23 00:00", length=1, next_start=start,
    )).body
    statuses += [detail.status for detail in body.data.mail_detail]
    start = body.next_start
    if not start:
        break
account = client.desc_account_summary(models.DescAccountSummaryRequest()).body
listed = client.list_user_suppression(
    models.ListUserSuppressionRequest(address="alice@example.org", page_no=1, page_size=50)
).body.data.user_suppressions
client.remove_user_suppression(models.RemoveUserSuppressionRequest(
    suppression_ids=",".join(str(each.suppression_id) for each in listed)
))
client.delete_invalid_address(models.DeleteInvalidAddressRequest(to_address="alice@example.org"))
print(json.dumps([statuses, account.daily_quota, account.user_status]))
"""

PARAMETERS: dict[str, object] = {
    "account_name": "noreply@mail.example.com",
    "address_type": 1,
    "reply_to_address": False,
    "to_address": "alice+x@example.org",
    "subject": "Your code: 12~34 *&=",
    "from_alias": "验证 码",
    "html_body": "<p>Code <b>123456</b></p>",
    "text_body": "Code 123456\nline2",
    "tag_name": "otp",
    "click_trace": "0",
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DirectMailServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with DirectMailServer() as server:
        yield server


def call(server: DirectMailServer, *calls: tuple[str, dict[str, object]]) -> list[dict[str, str]]:
    finished = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-W", "ignore", "-c", CLIENT, server.address, json.dumps(calls)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    answers: list[dict[str, str]] = json.loads(finished.stdout.splitlines()[-1])
    return answers


def test_the_vendors_client_is_accepted_with_the_right_secret_only(
    server: DirectMailServer,
) -> None:
    right, wrong, again = call(
        server, ("testsecret", PARAMETERS), ("wrong", PARAMETERS), ("testsecret", PARAMETERS)
    )

    assert [right["env_id"], again["env_id"]] == [
        mail.envelope_id for mail in server.service.accepted
    ]
    assert wrong == {"code": "SignatureDoesNotMatch"}
    assert server.service.accepted[0].parameters["Subject"] == "Your code: 12~34 *&="
    assert server.service.accepted[0].parameters["TextBody"] == "Code 123456\nline2"


def test_the_vendors_client_understands_every_refusal(server: DirectMailServer) -> None:
    server.service.misbehave(Fault.SUPPRESSED)
    server.service.misbehave(Fault.NO_RIGHT)

    answers = call(
        server,
        ("testsecret", PARAMETERS),
        ("testsecret", PARAMETERS),
        ("testsecret", PARAMETERS | {"subject": "x" * 101}),
        ("testsecret", PARAMETERS | {"from_alias": "x" * 15}),
        ("testsecret", PARAMETERS | {"account_name": "other@mail.example.com"}),
        ("testsecret", PARAMETERS | {"to_address": "nobody"}),
    )

    assert [answer["code"] for answer in answers] == [
        "InvalidToAddress.Spam",
        "Forbidden.RAM",
        "InvalidSubject.Malformed",
        "InvalidFromAlias.Malformed",
        "InvalidMailAddress.NotFound",
        "InvalidToAddress",
    ]
    assert server.service.accepted == []


def test_a_call_that_is_replayed_byte_for_byte_is_refused(server: DirectMailServer) -> None:
    call(server, ("testsecret", PARAMETERS))

    replayed = server.service.answer(server.service.calls[0])

    assert (replayed.status, json.loads(replayed.body)["Code"]) == (400, "SignatureNonceUsed")
    assert len(server.service.accepted) == 1


def test_the_vendors_client_asks_about_mails_quota_and_refused_addresses(
    server: DirectMailServer,
) -> None:
    desk = server.service.desk
    desk.details = [
        {"ToAddress": "alice@example.org", "Status": 0},
        {"ToAddress": "bob@example.org", "Status": 3},
        {"ToAddress": "alice@example.org", "Status": 2},
    ]
    desk.suppressions = {7: "alice@example.org", 8: "bob@example.org"}
    desk.invalid_addresses = {"alice@example.org", "bob@example.org"}

    finished = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-W", "ignore", "-c", ENQUIRER, server.address],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout.splitlines()[-1]) == [[0, 2], 2000, 0]
    assert desk.suppressions == {8: "bob@example.org"}
    assert desk.invalid_addresses == {"bob@example.org"}
