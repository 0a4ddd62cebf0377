"""`authserver mail`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, RunJson

ADA = "ada@example.com"
CONNECTOR = {
    "accessKeyId": "LTAI-test",
    "accessKeySecret": "the secret of the key",
    "accountName": "noreply@mail.example",
    "templates": [
        {"usageType": usage_type, "subject": "Your code", "content": "It is {{code}}."}
        for usage_type in ("SignIn", "Register", "ForgotPassword", "Generic")
    ],
}


@pytest.fixture
def connector(tmp_path: Path) -> str:
    file = tmp_path / "connector.json"
    file.write_text(json.dumps(CONNECTOR))
    return str(file)


def test_a_test_mail_lies_in_the_outbox(run: Run, run_json: RunJson) -> None:
    sent = run_json("mail", "test", "--to", ADA, "--usage-type", "SignIn")

    [kept] = run_json("mail", "outbox", "--to", ADA)
    assert sent["accepted"]
    assert sent["attempts"][0]["provider_id"] == kept["id"]
    assert (kept["code"], kept["usage_type"]) == ("000000", "SignIn")
    assert run_json("mail", "outbox", "--to", "eve@example.com") == []
    assert "000000" in run("mail", "outbox").stdout


def test_configure_takes_the_connector_and_puts_the_outbox_out_of_force(
    run: Run, run_json: RunJson, connector: str
) -> None:
    configured = run_json("mail", "configure", "--file", connector)

    assert configured["in_force"]
    assert configured["templates"] == ["SignIn", "Register", "ForgotPassword", "Generic"]
    assert "outbox sender is not in force" in run("mail", "outbox").stderr


def test_configure_says_where_the_settings_win(run: Run, connector: str) -> None:
    result = run("mail", "configure", "--file", connector, AUTHSERVER_MAIL__SENDERS="outbox")

    assert result.exit_code == 0
    assert "AUTHSERVER_MAIL__SENDERS" in result.stdout


def test_configure_tells_all_faults(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "connector.json"
    file.write_text("{}")

    result = run("mail", "configure", "--file", str(file))

    assert result.exit_code == 1
    assert "accessKeyId" in result.stderr
    assert "templates" in result.stderr


def test_without_a_sender_a_test_mail_fails(run: Run) -> None:
    result = run("mail", "test", "--to", ADA, AUTHSERVER_ENDPOINT="https://id.example")

    assert result.exit_code == 1
    assert "No sender is configured" in result.stderr


def test_the_log_is_empty_in_the_beginning(run: Run, run_json: RunJson) -> None:
    assert run_json("mail", "log") == []
    assert run("mail", "log", "--to", "nobody").exit_code == 1
