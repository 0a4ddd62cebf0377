"""`authserver client` and `authserver signing-key`."""

from tests.cli.conftest import Run, RunJson

CREATE = ("client", "create", "--name", "Shop", "--kind", "web")
CALLBACK = ("--redirect-uri", "https://shop.example/callback")


def test_create_prints_id_and_secret_which_no_other_command_shows_again(
    run: Run, run_json: RunJson
) -> None:
    made = run_json(*CREATE, *CALLBACK)

    shown = run("client", "show", made["client_id"])
    assert len(made["client_id"]) == 21
    assert made["client_secret"] not in shown.stdout
    assert made["client_secret"] not in run("client", "show", made["client_id"], "--json").stdout
    assert "default" in shown.stdout


def test_create_says_that_the_secret_is_shown_once(run: Run) -> None:
    result = run(*CREATE, *CALLBACK)

    assert result.exit_code == 0
    assert "client_secret" in result.stdout
    assert "shown this once" in result.stdout


def test_create_tells_all_faults_and_registers_nothing(run: Run, run_json: RunJson) -> None:
    result = run("client", "create", "--name", " ", "--kind", "spa", "--no-pkce")

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 3
    assert run_json("client", "list") == []


def test_update_replaces_what_is_given(run_json: RunJson) -> None:
    client_id = run_json(*CREATE, *CALLBACK, "--post-logout-redirect-uri", "https://s.example/")[
        "client_id"
    ]

    changed = run_json(
        *("client", "update", client_id, "--name", "Books", "--no-pkce"),
        *("--no-claims-in-id-token", "--post-logout-redirect-uri", ""),
    )

    assert changed["name"] == "Books"
    assert changed["redirect_uris"] == ["https://shop.example/callback"]
    assert changed["post_logout_redirect_uris"] == []
    assert not changed["requires_pkce"]
    assert not changed["claims_in_id_token"]


def test_secrets_come_and_go(run: Run, run_json: RunJson) -> None:
    client_id = run_json(*CREATE, *CALLBACK)["client_id"]

    added = run_json("client", "add-secret", client_id, "--expires-in", "30d")
    run_json("client", "remove-secret", client_id, "default")

    [left] = run_json("client", "show", client_id)["secrets"]
    assert left["name"] == added["name"]
    assert left["expires_at"] == added["expires_at"]
    assert run("client", "remove-secret", client_id, "default").exit_code == 1


def test_a_deleted_client_is_unknown(run: Run, run_json: RunJson) -> None:
    client_id = run_json(*CREATE, *CALLBACK)["client_id"]

    run_json("client", "delete", client_id)

    result = run("client", "show", client_id)
    assert result.exit_code == 1
    assert "There is no client" in result.stderr


def test_lists_are_aligned_for_people(run: Run) -> None:
    assert run("client", "list").stdout.startswith("There are no clients")
    run(*CREATE, *CALLBACK)

    header, row = run("client", "list").stdout.splitlines()

    assert header.index("NAME") == row.index("Shop")


def test_a_key_is_rotated_then_retired(run: Run, run_json: RunJson) -> None:
    [former] = run_json("signing-key", "list")
    assert "Rotate first" in run("signing-key", "retire", former["kid"]).stderr

    current = run_json("signing-key", "rotate")
    run_json("signing-key", "retire", former["kid"])

    states = {key["kid"]: key["state"] for key in run_json("signing-key", "list")}
    assert states == {current["kid"]: "current", former["kid"]: "retired"}


def test_an_algorithm_may_be_written_in_any_case(run_json: RunJson) -> None:
    assert run_json("signing-key", "rotate", "--algorithm", "eddsa")["algorithm"] == "EdDSA"


def test_an_initial_access_token_is_printed_once(run: Run, run_json: RunJson) -> None:
    made = run_json("client", "registration-token", "--uses", "3", "--expires-in", "1d")
    other = run("client", "registration-token")

    assert len(made["registration_token"]) == 43
    assert made["uses"] == 3
    assert made["expires_at"] is not None
    assert "any number" in other.stdout
    assert "AUTHSERVER_REGISTRATION__DYNAMIC" in other.stdout


def test_an_initial_access_token_that_opens_nothing_is_not_made(run: Run) -> None:
    for wrong in (("--uses", "0"), ("--uses", "-1"), ("--expires-in", "0s")):
        assert run("client", "registration-token", *wrong).exit_code == 1
