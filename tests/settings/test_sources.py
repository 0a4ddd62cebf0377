"""Flags, environment, files of secrets, TOML and defaults, in this order."""

from pathlib import Path

import pytest

from authserver.settings.sources import SettingsInvalid, load, packaged
from tests.settings.loading import KEY, faults, loaded

OTHER_KEY = "another secret key of more than 32 characters"


def test_without_anything_the_defaults_are_in_force(folder: Path) -> None:
    settings = loaded().settings

    assert settings.endpoint == "http://localhost:3001"
    assert settings.data_dir == folder / "data"
    assert settings.database_url == f"sqlite:///{folder}/data/authserver.db"
    assert settings.mail.senders is None
    assert settings.codes.tries == 5
    assert settings.is_loopback
    assert not settings.is_secure


def test_flags_win_over_environment_over_files_over_toml_over_defaults(folder: Path) -> None:
    (folder / "authserver.toml").write_text(
        f'secret_keys = ["{KEY} in TOML"]\nadmin_email = "toml@example.com"\n'
        '[log]\nlevel = "error"\n[codes]\ntries = 3\nlife = "9m"\n'
    )
    (folder / "keys").write_text(f"{KEY} in a file\n")
    environment = {
        "AUTHSERVER_SECRET_KEYS_FILE": str(folder / "keys"),
        "AUTHSERVER_CODES__TRIES": "4",
        "AUTHSERVER_LOG__LEVEL": "debug",
    }

    result = load({"AUTHSERVER_LOG__LEVEL": "warning"}, environment)

    settings = result.settings
    assert settings.log.level == "warning"
    assert settings.codes.tries == 4
    assert [key.reveal() for key in settings.secret_keys] == [f"{KEY} in a file"]
    assert settings.admin_email == "toml@example.com"
    assert settings.codes.life.total_seconds() == 540
    assert settings.codes.proof_life.total_seconds() == 600
    assert result.origins["AUTHSERVER_LOG__LEVEL"] == "flag"
    assert result.origins["AUTHSERVER_CODES__TRIES"] == "environment"
    assert result.origins["AUTHSERVER_SECRET_KEYS"] == str(folder / "keys")
    assert result.origins["AUTHSERVER_CODES__LIFE"] == "authserver.toml"
    assert "AUTHSERVER_CODES__PROOF_LIFE" not in result.origins


def test_a_value_in_the_environment_wins_over_a_file_named_in_toml(folder: Path) -> None:
    (folder / "keys").write_text(OTHER_KEY)
    (folder / "authserver.toml").write_text(f'secret_keys_file = "{folder}/keys"\n')

    from_toml = load(environment={}).settings
    from_environment = loaded(SECRET_KEYS=KEY).settings

    assert [key.reveal() for key in from_toml.secret_keys] == [OTHER_KEY]
    assert [key.reveal() for key in from_environment.secret_keys] == [KEY]


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    result = load({"AUTHSERVER_CODES__TRIES": None}, {"AUTHSERVER_CODES__TRIES": "2"})

    assert result.settings.codes.tries == 2


def test_an_unknown_flag_is_a_fault() -> None:
    with pytest.raises(SettingsInvalid, match="AUTHSERVER_TRIES: there is no such setting"):
        load({"AUTHSERVER_TRIES": 3}, {})


def test_the_file_of_settings_is_the_one_named_by_argument_then_by_the_environment(
    folder: Path,
) -> None:
    for number, name in enumerate(("authserver", "environment", "argument"), start=1):
        (folder / f"{name}.toml").write_text(f"[codes]\ntries = {number}\n")
    environment = {"AUTHSERVER_CONFIG": str(folder / "environment.toml")}

    by_argument = load({}, environment, folder / "argument.toml").settings
    by_environment = load({}, environment).settings
    by_folder = load({}, {}).settings

    assert by_argument.codes.tries == 3
    assert by_environment.codes.tries == 2
    assert by_folder.codes.tries == 1


def test_a_named_file_that_is_not_there_is_a_fault(folder: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"elsewhere\.toml"):
        load({}, {}, folder / "elsewhere.toml")


def test_a_file_that_is_not_toml_is_a_fault(folder: Path) -> None:
    (folder / "authserver.toml").write_text("endpoint = \n")

    assert "authserver.toml" in faults()[0]


def test_toml_may_write_numbers_switches_and_lists_as_such(folder: Path) -> None:
    (folder / "authserver.toml").write_text(
        'trusted_proxies = ["10.0.0.0/8"]\nallow_outbox = true\n'
        '[codes.mails]\ncooldown = ["1s", "2s"]\nknown_share = 0.5\n'
        '[mail.smtp]\nfrom = "a@example.com"\nport = 25\n'
    )

    settings = loaded().settings

    assert str(settings.trusted_proxies[0]) == "10.0.0.0/8"
    assert settings.allow_outbox
    assert [wait.total_seconds() for wait in settings.codes.mails.cooldown] == [1, 2]
    assert settings.codes.mails.known_share == 0.5
    assert settings.mail.smtp.from_ == "a@example.com"
    assert settings.mail.smtp.port == 25


def test_one_line_break_at_the_end_of_a_secret_file_is_cut(folder: Path) -> None:
    (folder / "password").write_text("correct horse \n\n")

    settings = loaded(MAIL__SMTP__PASSWORD_FILE=str(folder / "password")).settings

    assert settings.mail.smtp.password is not None
    assert settings.mail.smtp.password.reveal() == "correct horse \n"


def test_a_file_of_keys_may_hold_one_to_a_line(folder: Path) -> None:
    (folder / "keys").write_text(f"{KEY}\n{OTHER_KEY}\n")

    settings = loaded(SECRET_KEYS_FILE=str(folder / "keys")).settings

    assert [key.reveal() for key in settings.secret_keys] == [KEY, OTHER_KEY]


def test_a_secret_and_its_file_together_are_a_fault(folder: Path) -> None:
    (folder / "keys").write_text(KEY)

    found = faults(SECRET_KEYS=KEY, SECRET_KEYS_FILE=str(folder / "keys"))

    assert found == (
        "AUTHSERVER_SECRET_KEYS_FILE: AUTHSERVER_SECRET_KEYS is given as well; give one of them",
    )


def test_a_secret_and_its_file_together_in_toml_are_a_fault(folder: Path) -> None:
    (folder / "authserver.toml").write_text(
        f'secret_keys = "{KEY}"\nsecret_keys_file = "{folder}/keys"\n'
    )

    assert "AUTHSERVER_SECRET_KEYS is given as well" in faults()[0]


def test_a_secret_file_that_cannot_be_read_is_a_fault(folder: Path) -> None:
    [fault] = faults(SECRET_KEYS_FILE=str(folder / "nowhere"))

    assert fault == f"AUTHSERVER_SECRET_KEYS_FILE: the file {folder}/nowhere cannot be read"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ENDPIONT", "AUTHSERVER_ENDPOINT"),
        ("DATABASE", "AUTHSERVER_DATABASE_URL"),
        ("MAIL_SENDERS", "AUTHSERVER_MAIL__SENDERS"),
        ("CODES__MAIL__PER_DAY", "AUTHSERVER_CODES__MAILS__PER_DAY"),
        ("MAIL__SMTP__USER", "AUTHSERVER_MAIL__SMTP__USERNAME"),
        ("TRUSTED_PROXY", "AUTHSERVER_TRUSTED_PROXIES"),
        ("MAIL", "AUTHSERVER_MAIL__SENDERS"),
    ],
)
def test_an_unknown_name_is_a_fault_that_names_the_nearest_known_one(name: str, meant: str) -> None:
    [fault] = faults(**{name: "1"})

    assert fault.startswith(f"AUTHSERVER_{name}: there is no such setting; the nearest one is ")
    assert name == "MAIL" or fault.endswith(meant)


def test_an_unknown_name_in_toml_is_a_fault_that_names_its_file(folder: Path) -> None:
    (folder / "authserver.toml").write_text('[mail]\nsender = "smtp"\n')

    [fault] = faults()
    assert fault == (
        "authserver.toml: AUTHSERVER_MAIL__SENDER: there is no such setting; "
        "the nearest one is AUTHSERVER_MAIL__SENDERS"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "tcp://10.0.0.7:3001"),
        ("SERVICE_HOST", "10.0.0.7"),
        ("SERVICE_PORT_HTTP", "3001"),
        ("PORT_3001_TCP_ADDR", "10.0.0.7"),
        ("POSTGRESQL_SERVICE_HOST", "10.0.0.8"),
        ("POSTGRESQL_PORT", "tcp://10.0.0.8:5432"),
        ("POSTGRESQL_PORT_5432_TCP_PROTO", "tcp"),
        ("TEST_POSTGRES_URL", "postgresql://somewhere"),
    ],
)
def test_what_kubernetes_injects_and_what_tests_read_is_passed_over(name: str, value: str) -> None:
    assert loaded(**{name: value}).settings.codes.tries == 5


def test_a_port_that_kubernetes_did_not_inject_is_unknown() -> None:
    assert faults(PORT="3001")[0].startswith("AUTHSERVER_PORT: there is no such setting")


def test_names_without_the_prefix_are_none_of_our_business() -> None:
    assert load(environment={"ENDPOINT": "nonsense"}).settings.endpoint == "http://localhost:3001"


def test_all_faults_are_reported_together_one_to_a_line(folder: Path) -> None:
    (folder / "authserver.toml").write_text("[codes]\ntries = 99\n")
    environment = {
        "AUTHSERVER_NONSENSE": "1",
        "AUTHSERVER_ENDPOINT": "ftp://id.example.com",
        "AUTHSERVER_TLS__CERT_FILE": str(folder / "authserver.toml"),
        "AUTHSERVER_MAIL__SENDERS": "smtp",
    }

    with pytest.raises(SettingsInvalid) as refused:
        load(environment=environment)

    lines = str(refused.value).splitlines()
    assert lines == list(refused.value.faults)
    assert [line.partition(":")[0] for line in lines] == [
        "AUTHSERVER_NONSENSE",
        "AUTHSERVER_ENDPOINT",
        "AUTHSERVER_CODES__TRIES",
        "AUTHSERVER_MAIL__SMTP__HOST",
        "AUTHSERVER_MAIL__SMTP__FROM",
        "AUTHSERVER_TLS__CERT_FILE, AUTHSERVER_TLS__KEY_FILE",
    ]
    assert lines[2].endswith("(from authserver.toml)")


def test_no_fault_shows_the_value_of_a_secret(folder: Path) -> None:
    (folder / "password").write_bytes(b"hunter2\xff")

    found = faults(
        SECRET_KEYS="hunter2,hunter2hunter2",
        DATABASE_URL="mysql://root:hunter2@db/x",
        MAIL__SENDERS="aliyun",
        MAIL__ALIYUN__ACCESS_KEY_SECRET=" hunter2 ",
        MAIL__SMTP__PASSWORD_FILE=str(folder / "password"),
    )

    assert len(found) >= 4
    assert "hunter2" not in "\n".join(found)


def test_what_ships_with_the_code_is_found_beside_it() -> None:
    project = Path(__file__).resolve().parents[2]

    assert packaged("templates") == project / "templates"
    assert packaged("alembic.ini") == project / "alembic.ini"
    with pytest.raises(FileNotFoundError):
        packaged("no such thing")
