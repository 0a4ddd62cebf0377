"""`authserver client` and `authserver signing-key`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, RunJson

CREATE = ("client", "create", "--name", "Shop", "--kind", "web")
KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "kid": "one",
}
KEY_SET = {"keys": [KEY]}
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


def test_id_tokens_are_chosen_when_a_client_is_created(run: Run, run_json: RunJson) -> None:
    es256 = ("--id-token-algorithm", "es256")
    refused = run(*CREATE, *CALLBACK, *es256)
    run_json("signing-key", "rotate", "--algorithm", "ES256")

    made = run_json(*CREATE, *CALLBACK, *es256, "--no-claims-in-id-token")
    usual = run_json(*CREATE, *CALLBACK)

    assert "signing-key rotate --algorithm ES256" in refused.stderr
    assert (made["id_token_algorithm"], made["claims_in_id_token"]) == ("ES256", False)
    assert (usual["id_token_algorithm"], usual["claims_in_id_token"]) == ("RS256", True)


def test_a_key_is_rotated_then_retired(run: Run, run_json: RunJson) -> None:
    former, following = sorted(run_json("signing-key", "list"), key=lambda key: key["state"])
    assert "Rotate first" in run("signing-key", "retire", former["kid"]).stderr

    current = run_json("signing-key", "rotate")
    run_json("signing-key", "retire", former["kid"])

    states = {key["kid"]: key["state"] for key in run_json("signing-key", "list")}
    assert current["kid"] == following["kid"]
    assert states[current["kid"]] == "current"
    assert states[former["kid"]] == "retired"
    assert sorted(states.values()) == ["current", "next", "retired"]


@pytest.mark.parametrize("kid", ["-scffiXTv6YnpVqYhcvars256", "--cffiXTv6YnpVqYhcvars256", "-h"])
def test_a_key_id_that_begins_with_a_hyphen_is_no_option(run: Run, kid: str) -> None:
    assert f"no signing key {kid!r}" in run("signing-key", "retire", kid).stderr


def test_a_rotation_of_a_key_that_nobody_knew_says_so(run: Run) -> None:
    answer = run("signing-key", "rotate", "--algorithm", "ES384").stdout

    assert "signs ES384 from now on" in answer
    assert "may not know it for a minute" in answer


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


def test_everything_a_client_may_register_is_given_shown_and_taken_back(
    run: Run, run_json: RunJson, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({**KEY_SET, "made_up": 1}))
    made = run_json(
        *(*CREATE, *CALLBACK, "--third-party", "--jwks", str(keys)),
        *("--token-endpoint-auth-method", "private_key_jwt", "--access-token-lifetime", "5m"),
        *("--token-endpoint-auth-signing-alg", "es256"),
        *("--backchannel-logout-uri", "https://shop.example/back", "--introspect-all"),
        *("--frontchannel-logout-uri", "https://shop.example/front"),
        *("--cors-origin", "https://app.example", "--cors-origin", "https://b.example"),
        *("--id-token-lifetime", "10m", "--refresh-token-lifetime", "30d"),
        *("--userinfo-algorithm", "RS256", "--logo-uri", "https://shop.example/logo.png"),
        *(
            "--policy-uri",
            "https://shop.example/privacy",
            "--tos-uri",
            "https://shop.example/terms",
        ),
        *("--client-uri", "https://shop.example/", "--contact", "ada@shop.example"),
        *("--initiate-login-uri", "https://shop.example/begin", "--require-auth-time"),
        *("--default-max-age", "2h", "--default-acr-value", "urn:authserver:acr:two-factors"),
    )
    shown = run("client", "show", made["client_id"]).stdout
    changed = run_json(
        *("client", "update", made["client_id"], "--jwks-uri", "https://shop.example/jwks"),
        *("--frontchannel-logout-uri", "", "--first-party", "--no-introspect-all"),
        *("--cors-origin", "", "--logo-uri", "", "--default-max-age", ""),
        *("--default-acr-value", "", "--no-require-auth-time", "--id-token-lifetime", ""),
        *("--token-endpoint-auth-signing-alg", "", "--userinfo-algorithm", ""),
    )

    assert "client_secret" not in made
    assert made["jwks"] == KEY_SET
    assert made["is_third_party"]
    assert made["may_introspect_all"]
    assert made["cors_origins"] == ["https://app.example", "https://b.example"]
    assert made["access_token_lifetime"] == 300
    assert made["token_endpoint_auth_signing_alg"] == "ES256"
    assert made["default_max_age"] == 7200
    assert made["default_acr_values"] == ["urn:authserver:acr:two-factors"]
    assert made["contacts"] == ["ada@shop.example"]
    for name in ("logo_uri", "policy_uri", "tos_uri", "client_uri", "initiate_login_uri"):
        assert made[name].startswith("https://shop.example/")
    for words in ("private_key_jwt", "300 seconds", "https://shop.example/back", "7200 seconds"):
        assert words in shown
    assert changed["jwks_uri"] == "https://shop.example/jwks"
    assert changed["backchannel_logout_uri"] == "https://shop.example/back"
    gone = {"jwks", "frontchannel_logout_uri", "is_third_party", "may_introspect_all"}
    gone |= {"cors_origins", "logo_uri", "default_max_age", "default_acr_values"}
    gone |= {"require_auth_time", "id_token_lifetime"}
    gone |= {"token_endpoint_auth_signing_alg", "userinfo_signed_response_alg"}
    assert not gone & changed.keys()
    assert changed["policy_uri"] == "https://shop.example/privacy"


@pytest.mark.parametrize(
    "wrong",
    [
        ("--jwks-uri", "http://shop.example/jwks"),
        ("--token-endpoint-auth-method", "private_key_jwt"),
        ("--backchannel-logout-uri", "http://shop.example/back"),
        ("--frontchannel-logout-uri", "https://shop.example/#front"),
        ("--cors-origin", "https://app.example/path"),
        ("--cors-origin", "http://app.example"),
        ("--cors-origin", "*"),
        ("--access-token-lifetime", "1s"),
        ("--logo-uri", "http://shop.example/logo.png"),
        ("--default-max-age", "9000d"),
        ("--default-acr-value", "two words"),
        ("--refresh-token-lifetime", "1000d"),
        ("--userinfo-algorithm", "ES512"),
    ],
)
def test_what_a_client_cannot_register_is_refused(
    run: Run, run_json: RunJson, wrong: tuple[str, str]
) -> None:
    result = run(*CREATE, *CALLBACK, *wrong)

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert run_json("client", "list") == []


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"keys": []}', json.dumps({"keys": [{**KEY, "d": "AAAA"}]})]
)
def test_a_file_without_public_keys_is_refused(run: Run, tmp_path: Path, content: str) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(content)

    assert run(*CREATE, *CALLBACK, "--jwks", str(keys)).exit_code == 1
