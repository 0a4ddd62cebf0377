"""`authserver role` and `authserver resource`."""

import pytest

from tests.cli.conftest import Run, RunJson

BOOKS = "https://books.example/api"
READ, WRITE = (BOOKS, "books:read"), (BOOKS, "books:write")


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
