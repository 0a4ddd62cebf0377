"""Wrong usage, operators' mistakes, and what starting up costs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run, RunJson, run_in


@pytest.mark.parametrize(
    "arguments",
    [
        ["clients"],
        ["client", "create", "--name", "Shop"],
        ["client", "create", "--name", "Shop", "--kind", "browser"],
        ["client", "add-secret", "some-id", "--expires-in", "soon"],
        ["client", "update", "some-id"],
        ["signing-key", "rotate", "--algorithm", "none"],
        ["mail", "test", "--to", "ada@example.com", "--usage-type", "Newsletter"],
        ["serve", "--port", "70000"],
        ["serve", "--workers", "0"],
        ["demo", "--port", "0"],
    ],
)
def test_wrong_usage_ends_with_status_2(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert "Usage: authserver" in result.stderr
    assert result.stdout == ""


def test_all_faults_of_the_settings_are_told_without_a_trace(run: Run) -> None:
    result = run("client", "list", AUTHSERVER_DATABSE_URL="x", AUTHSERVER_CODES__LIFE="for ever")

    assert result.exit_code == 1
    assert "AUTHSERVER_DATABSE_URL" in result.stderr
    assert "AUTHSERVER_CODES__LIFE" in result.stderr


def test_a_database_that_is_away_is_told_in_a_sentence(run: Run) -> None:
    result = run("client", "list", AUTHSERVER_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The database does not answer:")


def test_a_file_that_is_no_database_is_told_in_a_sentence(run: Run, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear reader, this is a letter. " * 200)

    for command in (["client", "list"], ["doctor"], ["serve", "--port", "0"]):
        result = run(*command, AUTHSERVER_DATABASE_URL=f"sqlite:///{letter}")

        assert result.exit_code == 1
        assert "not a database" in result.stderr


def test_secret_keys_that_do_not_fit_stop_every_command(run: Run) -> None:
    result = run(
        "client", "list", AUTHSERVER_SECRET_KEYS="another-secret-key-that-is-as-long-as-needed"
    )

    assert result.exit_code == 1
    assert "do not open the signing key" in result.stderr


def test_the_first_command_makes_database_and_keys(tmp_path: Path) -> None:
    result = run_in(tmp_path / "new" / "data", "signing-key", "list", "--json")

    keys = {(key["algorithm"], key["state"]) for key in json.loads(result.stdout)}
    assert keys == {("RS256", "current"), ("RS256", "next")}


def test_migrate_checks_and_refuses_an_unknown_revision(run: Run, run_json: RunJson) -> None:
    assert run_json("migrate", "--check")["up_to_date"]
    assert run("migrate").exit_code == 0

    result = run("migrate", "--to", "0999")

    assert result.exit_code == 1
    assert "no revision '0999'" in result.stderr


def test_migrate_check_fails_where_there_is_no_schema(tmp_path: Path) -> None:
    result = run_in(tmp_path, "migrate", "--check", "--json")

    assert result.exit_code == 1
    assert not json.loads(result.stdout)["up_to_date"]


def test_the_doctor_prints_findings_and_every_setting(run: Run, run_json: RunJson) -> None:
    document = run_json("doctor")

    assert document["ok"]
    assert "AUTHSERVER_CODES__TRIES" in {setting["name"] for setting in document["settings"]}
    assert "who has both reads live codes and signs tokens" in run("doctor").stdout


def test_the_doctor_fails_with_advice(run: Run) -> None:
    result = run("doctor", AUTHSERVER_ENDPOINT="https://id.example")

    assert result.exit_code == 1
    assert "FAIL  mail" in result.stdout
    assert "FAIL  proxy" in result.stdout
    assert "AUTHSERVER_TRUSTED_PROXIES" in result.stdout


def test_pruning_a_new_database_deletes_nothing(run: Run) -> None:
    assert run("prune").stdout == "There was nothing to delete.\n"


def test_starting_the_command_line_imports_neither_storage_nor_server() -> None:
    heavy = "{'sqlalchemy', 'starlette', 'uvicorn', 'cryptography', 'pydantic', 'jinja2'}"
    program = f"import authserver.cli.main, sys; print({heavy} & sys.modules.keys())"

    done = subprocess.run(  # noqa: S603 - the program is spelled out above
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "set()\n"


def test_the_version_is_printed(run: Run) -> None:
    result = run("--version")

    assert result.exit_code == 0
    assert result.stdout.startswith("authserver ")


def test_an_argument_that_no_terminal_could_show_is_wrong_usage() -> None:
    done = subprocess.run(  # noqa: S603 - the command is spelled out here
        [sys.executable, "-m", "authserver", "client", "show", b"\xff"],
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
