"""`authserver sign-in-experience`, and its section of a configuration file."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run, RunJson

GROUP = "sign-in-experience"


def test_as_it_comes_everybody_registers_and_a_code_signs_in(run: Run, run_json: RunJson) -> None:
    found = run_json(GROUP, "show")

    assert found["signInMode"] == "SignInAndRegister"
    assert found["signUp"] == {"identifiers": ["email"], "password": False, "verify": True}
    assert found["signIn"]["methods"] == [
        {
            "identifier": "email",
            "password": False,
            "verificationCode": True,
            "isPasswordPrimary": False,
        }
    ]
    assert "registration     open" in run(GROUP, "show").stdout


def test_set_changes_what_is_named_and_keeps_the_rest(run_json: RunJson) -> None:
    run_json(GROUP, "set", "--method", "password", "--method", "code", "--create-password")
    run_json(GROUP, "set", "--registration", "closed", "--block", "Spam.Example")

    found = run_json(GROUP, "show")
    assert found["signInMode"] == "SignIn"
    assert found["signUp"]["password"] is True
    assert found["signIn"]["methods"][0]["isPasswordPrimary"] is True
    assert found["emailBlocklistPolicy"]["customBlocklist"] == ["spam.example"]


def test_a_list_is_emptied_by_a_name_of_its_own(run_json: RunJson) -> None:
    run_json(GROUP, "set", "--allow", "example.com", "--allow", "*.example.org", "--terms-tick")
    cleared = run_json(GROUP, "set", "--allow-all")

    assert cleared["emailBlocklistPolicy"]["customAllowlist"] == []
    assert cleared["agreeToTermsPolicy"] == "ManualRegistrationOnly"


def test_all_faults_are_told_together_and_nothing_is_changed(run: Run, run_json: RunJson) -> None:
    refused = run(GROUP, "set", "--allow", "no domain", "--block", "a@b@c")

    assert refused.exit_code == 1
    assert "'no domain'" in refused.stderr
    assert "'a@b@c'" in refused.stderr
    assert run_json(GROUP, "history") == []


def test_nothing_to_choose_and_unknown_methods_are_wrong_usage(run: Run) -> None:
    assert run(GROUP, "set").exit_code == 2
    assert run(GROUP, "set", "--method", "magic").exit_code == 2


def test_undo_brings_back_what_was_before(run: Run, run_json: RunJson) -> None:
    run_json(GROUP, "set", "--registration", "closed")
    run_json(GROUP, "set", "--method", "code", "--method", "password")

    undone = run_json(GROUP, "undo")
    assert (undone["signInMode"], undone["signIn"]["methods"][0]["password"]) == ("SignIn", False)
    assert run_json(GROUP, "undo", "--to", "0")["signInMode"] == "SignInAndRegister"
    assert [version["version"] for version in run_json(GROUP, "history")] == [4, 3, 2, 1]
    assert run(GROUP, "undo", "--to", "9").exit_code == 1


def test_undo_with_nothing_chosen_is_a_mistake(run: Run) -> None:
    assert "nothing can be undone" in run(GROUP, "undo").stderr


def test_the_same_choice_again_is_no_new_version(run_json: RunJson) -> None:
    run_json(GROUP, "set", "--registration", "closed")
    run_json(GROUP, "set", "--registration", "closed")

    assert len(run_json(GROUP, "history")) == 1


def test_what_is_exported_can_be_applied(run: Run, run_json: RunJson, tmp_path: Path) -> None:
    run_json(GROUP, "set", "--method", "code", "--method", "password", "--allow", "example.com")
    file = tmp_path / "configuration.toml"
    file.write_text(run("export").stdout)
    chosen = run_json(GROUP, "show")
    assert run_json("apply", "-f", str(file))["changes"] == []

    run_json(GROUP, "undo", "--to", "0")
    changes = run_json("apply", "-f", str(file))["changes"]

    assert changes == [{"section": "sign_in_experience", "name": "instance", "action": "change"}]
    assert run_json(GROUP, "show") == chosen


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('sign_in_experience = "open"', "must be a table"),
        ('[sign_in_experience]\nsignInMode = "Register"', "signInMode must be one of"),
    ],
)
def test_a_file_with_a_fault_changes_nothing(
    run: Run, run_json: RunJson, tmp_path: Path, line: str, fault: str
) -> None:
    file = tmp_path / "configuration.toml"
    file.write_text(line)

    refused = run("apply", "-f", str(file))

    assert refused.exit_code == 1
    assert fault in refused.stderr
    assert run_json(GROUP, "history") == []
