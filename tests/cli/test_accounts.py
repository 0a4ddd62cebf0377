"""`authserver account`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, RunJson

ADA = "ada@example.com"


def test_an_account_is_made_with_claims_and_shown(run_json: RunJson, tmp_path: Path) -> None:
    claims = {"name": "Ada Lovelace", "address": {"country": "England"}}
    file = tmp_path / "claims.json"
    file.write_text(json.dumps(claims))

    made = run_json("account", "create", ADA, "--admin", "--claims", str(file))

    assert made["claims"] == claims
    assert made["is_admin"]
    untouched = {"roles": [], "strangers": {"failures": 0, "code_class": "digits6"}}
    assert run_json("account", "show", ADA) == made | untouched
    assert run_json("account", "list") == [made]


@pytest.mark.parametrize("content", ["{", "[]", '{"name": 7}', "[" * 100_000])
def test_claims_that_cannot_be_used_are_told_in_a_sentence(
    run: Run, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "claims.json"
    file.write_text(content)

    result = run("account", "create", ADA, "--claims", str(file))

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_a_file_that_is_not_there_is_named(run: Run) -> None:
    result = run("account", "create", ADA, "--claims", "nowhere.json")

    assert result.exit_code == 1
    assert "nowhere.json: No such file or directory" in result.stderr


def test_an_account_is_suspended_resumed_and_deleted(run: Run, run_json: RunJson) -> None:
    run_json("account", "create", ADA)

    assert run_json("account", "suspend", ADA)["status"] == "suspended"
    assert run("account", "suspend", ADA).exit_code == 1
    assert run_json("account", "resume", ADA)["status"] == "active"
    assert run_json("account", "delete", ADA)["deleted"]
    assert "There is no account" in run("account", "show", ADA).stderr


def test_a_sign_in_link_leads_to_the_endpoint(run: Run, run_json: RunJson) -> None:
    run_json("account", "create", ADA, "--admin")

    link = run_json("account", "sign-in-link", ADA, AUTHSERVER_ENDPOINT="https://id.example")

    assert link["url"].startswith("https://id.example/sign-in-link/")
    assert f"signs in as {ADA}, once" in run("account", "sign-in-link", ADA).stdout


def test_the_administrator_of_the_settings_is_there_from_the_first_command(
    run_json: RunJson,
) -> None:
    [account] = run_json("account", "list", AUTHSERVER_ADMIN_EMAIL=ADA)

    assert (account["email"], account["is_admin"], account["origin"]) == (ADA, True, "seed")


def test_a_second_factor_is_removed_only_where_there_is_one(run: Run, run_json: RunJson) -> None:
    run_json("account", "create", ADA)

    refused = run("account", "second-factor", "remove", ADA)

    assert refused.exit_code == 1
    assert "has no second factor" in refused.stderr


def test_an_account_is_changed_piece_by_piece(run: Run, run_json: RunJson, tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(json.dumps({"name": "Ada", "nickname": "A"}))
    second.write_text(json.dumps({"name": "Ada Lovelace", "nickname": None}))
    run_json("account", "create", ADA, "--claims", str(first))
    run_json("account", "create", "ben@example.com")

    changed = run_json("account", "update", ADA, "--admin", "--claims", str(second))
    moved = run_json("account", "update", ADA, "--email", "Ada@example.org", "--no-admin")

    assert (changed["is_admin"], changed["claims"]) == (True, {"name": "Ada Lovelace"})
    assert moved["email"] == "Ada@example.org"
    assert (moved["is_admin"], moved["email_proven_at"]) == (False, None)
    assert moved["subject"] == changed["subject"]
    for wrong in (("--email", "ben@example.com"), ("--email", "nobody"), ()):
        refused = run("account", "update", moved["subject"], *wrong, "--admin" if wrong else "")
        assert refused.exit_code in {1, 2}
        assert "Traceback" not in refused.stderr
    assert not run_json("account", "show", "ada@example.org")["is_admin"]


def test_an_account_is_exported_and_signed_out(run: Run, run_json: RunJson) -> None:
    made = run_json("account", "create", ADA)

    exported = run_json("account", "export", ADA)
    told = run("account", "sign-out", ADA)

    assert exported["account"][0]["subject"] == made["subject"]
    assert told.stdout == f"{ADA} is signed out everywhere.\n"
