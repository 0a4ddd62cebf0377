"""`authserver audit`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.cli.conftest import Run, RunJson
from tests.support.databases import sqlite_url

ADA = "ada@example.com"


def test_what_operators_did_is_listed_newest_first(run: Run, run_json: RunJson) -> None:
    account = run_json("account", "create", ADA)
    client = run_json("client", "create", "--name", "Robot", "--kind", "service")
    run_json("account", "suspend", ADA)

    of_ada = run_json("audit", "list", "--account", ADA)
    of_robot = run_json("audit", "list", "--client", client["client_id"])
    newest = run_json("audit", "list", "--limit", "1", "--since", "1h")

    assert [each["kind"] for each in of_ada] == ["account.suspended", "account.created"]
    assert {each["subject"] for each in of_ada} == {account["subject"]}
    assert [each["kind"] for each in of_robot] == ["client.created"]
    assert newest == of_ada[:1]
    shown = run("audit", "list").stdout
    assert shown.splitlines()[0].split() == [
        *("HAPPENED", "EVENT", "ACCOUNT", "CLIENT", "SOURCE", "DETAIL")
    ]
    assert "account.suspended" in shown.splitlines()[1]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()  # noqa: TID251 - as typed
    assert run("audit", "list", "--since", tomorrow).stdout == "Nothing of the kind has happened.\n"
    run_json("account", "delete", ADA)
    gone = run_json("audit", "list", "--account", account["subject"])
    assert gone[0]["kind"] == "account.deleted"


def test_what_is_wrong_is_said(run: Run) -> None:
    assert run("audit", "list", "--since", "yesterday").exit_code == 2
    assert run("audit", "list", "--limit", "0").exit_code == 2
    unknown = run("audit", "list", "--account", "nobody@example.com")
    assert (unknown.exit_code, "no account" in unknown.stderr) == (1, True)
    assert run("audit", "list", "--account", "nobody").exit_code == 0


def test_a_chain_that_holds_and_one_that_does_not(
    run: Run, run_json: RunJson, data_dir: Path
) -> None:
    run_json("account", "create", ADA)
    whole = run_json("audit", "verify")
    assert whole["ok"]
    assert whole["waiting"] > 0
    assert "wait for their place" in run("audit", "verify").stdout

    engine = create_engine(sqlite_url(data_dir / "authserver.db"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit_chains SET position = 1, key_id = 'lost'"))
    engine.dispose()

    broken = run("audit", "verify")
    assert broken.exit_code == 1
    assert "The event at place 1 is missing." in broken.stderr
    document = run("audit", "verify", "--json")
    assert document.exit_code == 1
    assert '"what": "missing"' in document.stdout
    assert run("audit", "verify", "--seal-anew").exit_code == 1
    failed = next(each for each in run_json_of(run) if each["name"] == "audit")
    assert not failed["ok"]


def run_json_of(run: Run) -> list[dict[str, object]]:
    import json

    found: list[dict[str, object]] = json.loads(run("doctor", "--json").stdout)["findings"]
    return found
