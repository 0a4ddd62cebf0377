"""`authserver audit`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text

from authserver.administration.audit_log import AuditLog
from authserver.composition.server import assemble
from authserver.domain.clock import SystemClock
from authserver.domain.randomness import SystemRandomness
from authserver.settings.sources import load
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
    for never in ("yesterday", "99999999d", "0001-01-01T00:00:00+12:00"):
        assert run("audit", "list", "--since", never).exit_code == 2
    assert run("audit", "list", "--limit", "0").exit_code == 2
    unknown = run("audit", "list", "--account", "nobody@example.com")
    assert (unknown.exit_code, "no account" in unknown.stderr) == (1, True)
    assert run("audit", "list", "--account", "nobody").exit_code == 0


def test_a_chain_that_holds(run: Run, run_json: RunJson, data_dir: Path) -> None:
    run_json("account", "create", ADA)
    whole = run_json("audit", "verify")
    assert whole["ok"]
    assert whole["waiting"] > 0
    (said,) = run("audit", "verify").stdout.splitlines()
    assert said.endswith("wait for their place.")
    log_of(data_dir).chain()
    end = run_json("audit", "verify")["end"]
    assert run("audit", "verify", "--expect", end).stdout.endswith(f"The end is {end}\n")


def test_a_chain_that_does_not_hold(run: Run, data_dir: Path) -> None:
    run("account", "create", ADA)
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
    hopeless = run("audit", "verify", "--seal-anew")
    assert (hopeless.exit_code, "Only a chain" in hopeless.stderr) == (1, True)
    unexpected = run("audit", "verify", "--expect", f"1:{'0' * 64}")
    assert (unexpected.exit_code, "place 1" in unexpected.stderr) == (1, True)
    assert run("audit", "verify", "--expect", "1:abc").exit_code == 2
    failed = next(each for each in run_json_of(run) if each["name"] == "audit")
    assert not failed["ok"]


def test_where_all_secret_keys_are_lost_a_chain_is_verified_and_sealed_anew(
    run: Run, data_dir: Path
) -> None:
    run("account", "create", ADA)
    log_of(data_dir).chain()
    lost = {"AUTHSERVER_SECRET_KEYS": "another key that is as long as it has to be"}

    gone = run("audit", "verify", **lost)
    sealed = run("audit", "verify", "--seal-anew", **lost)

    assert (gone.exit_code, "is not configured" in gone.stderr) == (1, True)
    assert sealed.exit_code == 0, sealed.output
    assert run("audit", "verify", **lost).exit_code == 0


def log_of(data_dir: Path) -> AuditLog:
    loaded = load(environment={"AUTHSERVER_DATA_DIR": str(data_dir)})
    return assemble(loaded, SystemClock(), SystemRandomness()).audit_log


def run_json_of(run: Run) -> list[dict[str, object]]:
    import json

    found: list[dict[str, object]] = json.loads(run("doctor", "--json").stdout)["findings"]
    return found
