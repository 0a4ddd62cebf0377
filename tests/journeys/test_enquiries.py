"""What operators ask Direct Mail, over the command line and in the background."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import Result

from authserver.background.mail_quota import QuotaErrand
from authserver.domain.clock import SystemClock
from authserver.lane import Lane
from authserver.mail.direct_mail_enquiries import EnquiryFailed
from tests.cli.conftest import run_in
from tests.journeys.conftest import StartProvider
from tests.journeys.mail_walks import begin, settled
from tests.support.direct_mail import DirectMailServer, Fault
from tests.support.provider import SECRET_KEY, Provider

ANNA = "anna@example.com"


@pytest.fixture
def command(
    start: StartProvider,
    tmp_path: Path,
    sqlite_database: str,
    aliyun_settings: dict[str, str],
    direct_mail: DirectMailServer,
) -> Any:
    """Return what runs a command over the database of a server that has sent one mail.

    Commands live in real time.
    """
    with start(aliyun_settings) as provider:
        begin(provider, ANNA)
        settled(provider, ANNA)
    direct_mail.service.now = SystemClock().now

    def run(*arguments: str, **more: str) -> Result:
        settings = {
            **aliyun_settings,
            "AUTHSERVER_SECRET_KEYS": SECRET_KEY,
            "AUTHSERVER_DATABASE_URL": sqlite_database,
            **more,
        }
        return run_in(tmp_path, *arguments, **settings)

    return run


def detail(status: int, at: int, classification: str = "SendOk") -> dict[str, object]:
    return {
        "ToAddress": ANNA,
        "Status": status,
        "ErrorClassification": classification,
        "Subject": "123456 is your code",
        "Message": "250 words of the provider",
        "UtcLastUpdateTime": str(at),
    }


def accepted_at(command: Any) -> int:
    [mail] = json.loads(command("mail", "log", "--json").stdout)
    return int(datetime.fromisoformat(mail["created_at"]).timestamp())


def test_the_log_asks_the_provider_what_became_of_a_mail(
    command: Any, direct_mail: DirectMailServer
) -> None:
    at = accepted_at(command)
    direct_mail.service.desk.details = [
        *(detail(0, at - 86400 * 20) for _ in range(150)),
        detail(2, at + 30, "SmtpNxBox"),
    ]

    asked = command("mail", "log", "--to", ANNA, "--ask-provider", "--json")
    again = command("mail", "log", "--to", ANNA, "--ask-provider")

    assert asked.exit_code == 0, asked.output
    [told] = json.loads(asked.stdout)
    assert told["standing"] == "bounced"
    assert again.stdout.count("bounced (SmtpNxBox)") == 1
    assert direct_mail.service.desk.asked == ["SenderStatisticsDetailByParam"] * 4
    assert "123456" not in asked.stdout + again.stdout
    assert "words of the provider" not in asked.stdout + again.stdout
    assert "bounced" in command("mail", "suppression", "list").stdout


def test_a_suppression_is_removed_at_the_provider_too(
    command: Any, direct_mail: DirectMailServer
) -> None:
    desk = direct_mail.service.desk
    desk.suppressions = {1: ANNA, 2: "bob@example.com"}
    desk.invalid_addresses = {ANNA}

    removed = command("mail", "suppression", "remove", ANNA, "--at-provider")

    assert removed.exit_code == 0, removed.output
    assert desk.suppressions == {2: "bob@example.com"}
    assert desk.invalid_addresses == set()


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (Fault.NO_RIGHT, "Forbidden.RAM"),
        (Fault.WRONG_SECRET, "SignatureDoesNotMatch"),
        (Fault.PROXY_PAGE, "an answer that cannot be read"),
        (Fault.CUT_BEFORE, "does not answer"),
    ],
)
def test_an_enquiry_that_fails_is_told_in_a_sentence(
    command: Any, direct_mail: DirectMailServer, fault: Fault, named: str
) -> None:
    direct_mail.service.misbehave(fault)

    result = command("mail", "log", "--to", ANNA, "--ask-provider")

    assert result.exit_code == 1
    assert named in result.stderr
    assert ANNA not in result.stderr
    assert "Traceback" not in result.stderr


def test_there_is_nobody_to_ask_without_direct_mail(command: Any) -> None:
    result = command(
        "mail", "log", "--to", ANNA, "--ask-provider", AUTHSERVER_MAIL__SENDERS="outbox"
    )

    assert result.exit_code == 1
    assert "nobody to ask" in result.stderr
    assert command("mail", "log", "--ask-provider").exit_code == 2


def test_the_doctor_asks_for_the_quota_when_told_to(
    command: Any, direct_mail: DirectMailServer
) -> None:
    direct_mail.service.desk.summary = {"DailyQuota": 200, "UserStatus": 0}

    plain = command("doctor", "--json")
    asked = command("doctor", "--ask-provider", "--json")
    direct_mail.service.desk.summary = {"DailyQuota": 200, "UserStatus": 4}
    restricted = command("doctor", "--ask-provider")

    finding = json.loads(asked.stdout)["findings"][-1]
    assert "mail_provider" not in plain.stdout
    assert finding["ok"]
    assert "allows 200 mails a day" in finding["message"]
    assert "PER_DAY is 1600; 80 % of the quota are 160" in finding["advice"]
    assert restricted.exit_code == 1
    assert "restricted in what it sends" in restricted.stdout
    assert len(direct_mail.service.accepted) == 1


def watch(provider: Provider) -> str:
    """Ask for the quota as the background does."""
    errand = QuotaErrand(provider.server.quota, provider.server.enquiries, Lane(threads=2))
    return anyio.run(errand.run)


def test_a_quota_that_gets_scarce_raises_one_alarm_a_day(
    start: StartProvider, aliyun_settings: dict[str, str], direct_mail: DirectMailServer
) -> None:
    direct_mail.service.desk.summary = {"DailyQuota": 1, "UserStatus": 0}
    with start(aliyun_settings) as provider:
        begin(provider, ANNA)
        settled(provider, ANNA)
        watched = [watch(provider), watch(provider)]
        provider.clock.advance(timedelta(hours=2))
        watched.append(watch(provider))
        metrics = provider.http().get("/metrics").text
        provider.clock.advance(timedelta(days=2))
        watched.append(watch(provider))
        direct_mail.service.misbehave(Fault.NO_RIGHT)
        provider.clock.advance(timedelta(hours=2))
        watched.append(watch(provider))

    assert watched == ["0 left", "not asked", "0 left", "1 left", "no answer"]
    assert 'authserver_events_total{event="mail.quota_low"} 1.0' in metrics
    assert 'authserver_mail_quota{which="left"} 0.0' in metrics


def test_an_answer_without_a_quota_is_no_answer(
    start: StartProvider, aliyun_settings: dict[str, str], direct_mail: DirectMailServer
) -> None:
    direct_mail.service.desk.summary = {"DailyQuota": "many"}
    with start(aliyun_settings) as provider, pytest.raises(EnquiryFailed):
        anyio.run(provider.server.enquiries.account)
