"""`authserver mail`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, RunJson, run_in
from tests.flows.browsing import Visit
from tests.support.provider import SECRET_KEY, running_provider

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


def test_the_log_tells_the_story_of_a_mail_without_its_code(
    sqlite_database: str, tmp_path: Path
) -> None:
    with running_provider(tmp_path, sqlite_database) as provider:
        code = Visit.begin(provider).code_for(ADA)
    settings = {"AUTHSERVER_SECRET_KEYS": SECRET_KEY, "AUTHSERVER_DATABASE_URL": sqlite_database}

    [told] = json.loads(run_in(tmp_path, "mail", "log", "--to", ADA, "--json", **settings).stdout)
    printed = run_in(tmp_path, "mail", "log", **settings).stdout

    assert [step["name"] for step in told["timeline"]] == ["queued", "sending", "accepted"]
    assert told["standing"] == "accepted"
    assert "accepted (outbox, try 1" in printed
    assert code not in printed
    assert code not in json.dumps(told)


def test_an_address_is_suppressed_and_written_to_again(run: Run, run_json: RunJson) -> None:
    added = run_json("mail", "suppression", "add", "Ada@Example.com")
    listed = run_json("mail", "suppression", "list")
    removed = run("mail", "suppression", "remove", ADA)

    assert (added["address"], added["reason"], added["expires_at"]) == (ADA, "operator", None)
    assert listed == [added]
    assert removed.exit_code == 0
    assert run_json("mail", "suppression", "list") == []
    assert run("mail", "suppression", "remove", ADA).exit_code == 1
    assert run("mail", "suppression", "add", "nobody").exit_code == 1
