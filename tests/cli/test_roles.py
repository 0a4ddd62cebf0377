"""`authserver role` and `authserver resource`."""

import pytest

from tests.cli.conftest import Run, RunJson

BOOKS = "https://books.example/api"
READ = (BOOKS, "books:read")


@pytest.fixture
def books(run_json: RunJson) -> None:
    """Register an API with two scopes, and a role that permits one of them."""
    run_json(
        *("resource", "create", BOOKS, "--scope", "books:read=Read", "--scope", "books:write"),
        *("--access-token-lifetime", "10m"),
    )
    run_json("role", "create", "reader", "--permission", *READ)


@pytest.mark.usefixtures("books")
def test_who_holds_a_role_is_shown_from_either_side(run: Run, run_json: RunJson) -> None:
    account = run_json("account", "create", "ada@example.com")
    robot = run_json("client", "create", "--name", "Robot", "--kind", "service")
    before = run("role", "show", "reader").stdout
    run_json("role", "assign", "reader", "--account", "ada@example.com")
    run_json("role", "assign", "reader", "--client", robot["client_id"])

    role, shown = run_json("role", "show", "reader"), run("role", "show", "reader").stdout

    assert before.splitlines()[-1] == "held by      nobody"
    assert role["holders"] == [
        {"subject": account["subject"], "email": "ada@example.com"},
        {"client_id": robot["client_id"], "name": "Robot"},
    ]
    assert f"ada@example.com ({account['subject']})" in shown
    assert f"Robot ({robot['client_id']})" in shown
    assert run_json("account", "show", "ada@example.com")["roles"] == ["reader"]
    assert run_json("client", "show", robot["client_id"])["roles"] == ["reader"]
    for command in (("account", "show", "ada@example.com"), ("client", "show", robot["client_id"])):
        lines = [line.split() for line in run(*command).stdout.splitlines()]
        assert ["roles", "reader"] in lines


@pytest.mark.usefixtures("books")
def test_an_empty_text_takes_back_what_an_api_or_a_role_has(run_json: RunJson) -> None:
    emptied = run_json("role", "update", "reader", "--permission", "", "")
    stays = run_json("resource", "update", BOOKS, "--name", "Books")
    without_scopes = run_json("resource", "update", BOOKS, "--scope", "")
    without_lifetime = run_json("resource", "update", BOOKS, "--access-token-lifetime", "")

    assert emptied["permissions"] == []
    assert [each["name"] for each in stays["scopes"]] == ["books:read", "books:write"]
    assert (without_scopes["scopes"], without_scopes["access_token_lifetime"]) == ([], 600)
    assert without_lifetime["access_token_lifetime"] is None
    assert without_lifetime["name"] == "Books"


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize("command", [("role", "update", "reader"), ("resource", "update", BOOKS)])
def test_who_changes_nothing_is_asked_what_to_change(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command)

    assert result.exit_code == 2
    assert "Say what to change." in result.stderr


def test_the_servers_own_api_is_there_and_cannot_be_changed(run: Run, run_json: RunJson) -> None:
    (own,) = run_json("resource", "list")
    indicator = own["indicator"]

    assert own["scopes"][0]["name"] == "verifications"
    assert run_json("resource", "show", indicator)["scopes"] == own["scopes"]
    for words in (
        ("create", indicator),
        ("update", indicator, "--name", "Mine"),
        ("delete", indicator),
    ):
        refused = run("resource", *words)
        assert refused.exit_code == 1
        assert "this server's own API" in refused.stderr
    role = run_json("role", "create", "asker", "--permission", indicator, "verifications")
    assert role["permissions"] == [{"resource": indicator, "scope": "verifications"}]
    unknown = run("role", "create", "other", "--permission", indicator, "all")
    assert "has no scope 'all'" in unknown.stderr
