"""What the server counts, alone and with several processes."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from authserver.domain.outgoing_mail import Attempt, MailOutcome, MailResult
from authserver.telemetry.metrics import Metrics

PROJECT = Path(__file__).resolve().parents[2]
COUNT = """
import sys
from authserver.telemetry.metrics import Metrics
metrics = Metrics(sys.argv[1])
for _ in range(int(sys.argv[2])):
    metrics.observe_request("/oidc/token", "POST", 200, 0.02)
    metrics.count_event("code_wrong")
print(metrics.render()[0].decode())
"""


def text_of(metrics: Metrics) -> str:
    return metrics.render()[0].decode()


def attempt(sender: str, result: MailResult) -> Attempt:
    return Attempt(
        sender=sender,
        started_at=datetime(2026, 11, 22, tzinfo=UTC),
        duration=timedelta(seconds=1),
        outcome=MailOutcome(result=result),
    )


def test_requests_are_counted_by_route_method_and_status() -> None:
    metrics = Metrics()

    metrics.observe_request("/sign-in/{interaction}", "GET", 200, 0.004)
    metrics.observe_request("/sign-in/{interaction}", "GET", 200, 0.4)
    metrics.observe_request("/oidc/token", "POST", 400, 0.004)

    text = text_of(metrics)
    labels = 'method="GET",route="/sign-in/{interaction}",status="200"'
    assert f"authserver_requests_total{{{labels}}} 2.0" in text
    assert 'method="POST",route="/oidc/token",status="400"} 1.0' in text
    route = 'route="/sign-in/{interaction}"'
    assert f'authserver_request_seconds_bucket{{le="0.005",{route}}} 1.0' in text
    assert f'authserver_request_seconds_bucket{{le="+Inf",{route}}} 2.0' in text
    assert f"authserver_request_seconds_count{{{route}}} 2.0" in text


def test_methods_that_a_stranger_makes_up_are_one_series() -> None:
    metrics = Metrics()

    for number in range(50):
        metrics.observe_request("none", f"METHOD{number}", 405, 0.001)

    assert 'authserver_requests_total{method="other",route="none",status="405"} 50.0' in text_of(
        metrics
    )
    assert "METHOD" not in text_of(metrics)


def test_events_are_counted_by_name_and_mails_by_sender_and_result() -> None:
    metrics = Metrics()

    metrics.count_event("signed_in")
    metrics.count_attempts(
        [attempt("aliyun", MailResult.NOT_ACCEPTED), attempt("smtp", MailResult.ACCEPTED)]
    )

    text = text_of(metrics)
    assert 'authserver_events_total{event="signed_in"} 1.0' in text
    assert 'authserver_mail_attempts_total{result="not_accepted",sender="aliyun"} 1.0' in text
    assert 'authserver_mail_attempts_total{result="accepted",sender="smtp"} 1.0' in text


def test_the_media_type_is_that_of_prometheus() -> None:
    assert Metrics().render()[1].startswith("text/plain; version=")


def test_two_servers_in_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()

    first.count_event("signed_in")

    assert "signed_in" in text_of(first)
    assert "signed_in" not in text_of(second)


def test_whichever_worker_is_asked_adds_up_all_also_those_that_have_ended(tmp_path: Path) -> None:
    outputs = [
        subprocess.run(  # noqa: S603 - the command is spelled out above
            [sys.executable, "-c", COUNT, str(tmp_path), str(requests)],
            env={"PYTHONPATH": str(PROJECT), "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for requests in (3, 4, 5)
    ]

    totals = [
        json.loads(line.rpartition(" ")[2])
        for output in outputs
        for line in output.splitlines()
        if line.startswith("authserver_requests_total{")
    ]
    assert totals == [3.0, 7.0, 12.0]
    assert 'authserver_events_total{event="code_wrong"} 12.0' in outputs[-1]
    assert 'authserver_request_seconds_count{route="/oidc/token"} 12.0' in outputs[-1]
