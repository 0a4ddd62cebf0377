"""What each setting may be."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from authserver.domain.lifetimes import Lifetimes
from authserver.domain.mail_configuration import OutboxSettings
from authserver.domain.mail_senders import AliyunSettings, SmtpSettings
from authserver.settings.senders import fixed_senders
from authserver.settings.tree import Settings
from tests.settings.loading import KEY, faults, loaded

SMTP = {"MAIL__SMTP__HOST": "mail.example.com", "MAIL__SMTP__FROM": "Example <a@example.com>"}
ALIYUN = {
    "MAIL__ALIYUN__ACCESS_KEY_ID": "LTAI",
    "MAIL__ALIYUN__ACCESS_KEY_SECRET": "hidden",
    "MAIL__ALIYUN__ACCOUNT_NAME": "no-reply@example.com",
}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://id.example.com", "https://id.example.com"),
        ("https://id.example.com/", "https://id.example.com"),
        ("https://ID.Example.com:8443", "https://id.example.com:8443"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ("http://localhost:3001", "http://localhost:3001"),
        ("http://127.8.7.6", "http://127.8.7.6"),
        ("http://[::1]:3001/", "http://[::1]:3001"),
    ],
)
def test_an_endpoint_is_https_or_on_this_machine(given: str, kept: str) -> None:
    assert loaded(ENDPOINT=given).settings.endpoint == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "id.example.com",
        "ftp://id.example.com",
        "http://id.example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "https://id.example.com/sso",
        "https://id.example.com?",
        "https://id.example.com#",
        "https://id.example.com?x=1",
        "https://user@id.example.com",
        "https://id.example.com:443",
        "https://id.example.com:99999",
        "https://id.example.com:",
        "https://id.exa mple.com",
        "https://id.example\n.com",
        "https://bücher.example",
        "https://[::1",
    ],
)
def test_any_other_endpoint_is_a_fault(given: str) -> None:
    assert [fault.partition(":")[0] for fault in faults(ENDPOINT=given)] == ["AUTHSERVER_ENDPOINT"]


def test_postgres_is_spelled_out() -> None:
    settings = loaded(DATABASE_URL="postgres://a:b@db/x", SECRET_KEYS=KEY).settings

    assert settings.database_url == "postgresql://a:b@db/x"
    assert "a:b" not in repr(settings)


@pytest.mark.parametrize(
    "url", ["mysql://db/x", "sqlite://", "sqlite:///", "sqlite:///:memory:", "/data/authserver.db"]
)
def test_a_database_that_cannot_serve_is_a_fault(url: str) -> None:
    assert faults(DATABASE_URL=url)[0].startswith("AUTHSERVER_DATABASE_URL: must ")


@pytest.mark.parametrize("keys", ["", " , ", "short", f"{KEY},short"])
def test_secret_keys_that_are_empty_or_short_are_a_fault_and_none_is_made(
    keys: str, folder: Path
) -> None:
    assert faults(SECRET_KEYS=keys)[0].startswith("AUTHSERVER_SECRET_KEYS: ")
    assert not (folder / "data").exists()


@pytest.mark.parametrize("address", ["nobody", "a@b@example.com", "a@example.com,b@example.com"])
def test_an_admin_has_one_plain_address(address: str) -> None:
    assert faults(ADMIN_EMAIL=address)[0].startswith("AUTHSERVER_ADMIN_EMAIL: must be one plain")


@pytest.mark.parametrize("name", ["ADMIN_EMAIL", "MANAGEMENT_BIND", "MAIL__SMTP__USERNAME"])
def test_an_empty_optional_setting_is_none(name: str) -> None:
    assert loaded(**{name: ""}).settings.model_dump() == loaded().settings.model_dump()


def test_networks_of_proxies_are_read() -> None:
    proxies = loaded(TRUSTED_PROXIES="10.0.0.0/8, 2001:db8::/32 ,192.0.2.7").settings

    assert list(map(str, proxies.trusted_proxies)) == [
        "10.0.0.0/8",
        "2001:db8::/32",
        "192.0.2.7/32",
    ]
    assert "AUTHSERVER_TRUSTED_PROXIES" in faults(TRUSTED_PROXIES="10.0.0.1/8")[0]


@pytest.mark.parametrize("bind", ["127.0.0.1:9090", "[::1]:9090", "0.0.0.0:1"])
def test_a_second_listener_has_an_address_and_a_port(bind: str) -> None:
    assert loaded(MANAGEMENT_BIND=bind).settings.management_bind == bind


@pytest.mark.parametrize(
    "bind", ["9090", "localhost:9090", "127.0.0.1:", "::1:9090", "127.0.0.1:0"]
)
def test_any_other_second_listener_is_a_fault(bind: str) -> None:
    assert faults(MANAGEMENT_BIND=bind)[0].startswith("AUTHSERVER_MANAGEMENT_BIND: write address")


@pytest.mark.parametrize("value", ["", "10", "10 m", "-1m", "1.5h", "1y", "forever"])
def test_a_duration_has_a_number_and_a_unit(value: str) -> None:
    assert faults(CODES__LIFE=value)[0].startswith("AUTHSERVER_CODES__LIFE: write a duration like")


@pytest.mark.parametrize("value", ["", "on", "1", "yes"])
def test_a_switch_is_true_or_false(value: str) -> None:
    assert faults(ALLOW_OUTBOX=value)[0].startswith("AUTHSERVER_ALLOW_OUTBOX: write true or false")


def test_a_truth_is_no_number(folder: Path) -> None:
    (folder / "authserver.toml").write_text("[codes]\ntries = true\n")

    assert faults()[0].startswith("AUTHSERVER_CODES__TRIES: write a number")


def test_a_choice_is_one_of_those_there_are() -> None:
    assert faults(REGISTRATION__DYNAMIC="maybe")[0].startswith(
        "AUTHSERVER_REGISTRATION__DYNAMIC: must be 'off', 'token' or 'open'"
    )


def test_a_certificate_needs_a_key_and_both_are_files(folder: Path) -> None:
    (folder / "cert.pem").touch()

    alone = faults(TLS__CERT_FILE="cert.pem")
    missing = faults(TLS__CERT_FILE="cert.pem", TLS__KEY_FILE="key.pem")

    assert alone == ("AUTHSERVER_TLS__CERT_FILE, AUTHSERVER_TLS__KEY_FILE: give both or neither",)
    assert missing == ("AUTHSERVER_TLS__KEY_FILE: there is no such file (from environment)",)


def test_origins_that_calls_may_reach_are_origins() -> None:
    allowed = loaded(OUTGOING__ALLOW="https://localhost:8443,http://10.0.0.1:8080").settings

    assert allowed.outgoing.allow == ("https://localhost:8443", "http://10.0.0.1:8080")
    assert faults(OUTGOING__ALLOW="https://localhost:8443/x")[0].startswith(
        "AUTHSERVER_OUTGOING__ALLOW: must hold nothing but"
    )


def test_lifetimes_are_the_provider_s_own_unless_set() -> None:
    assert loaded().settings.lifetimes.lifetimes() == Lifetimes()
    assert faults(LIFETIMES__AUTHORIZATION_CODE="11m")[0].startswith(
        "AUTHSERVER_LIFETIMES__AUTHORIZATION_CODE: must be between 1s and 10m"
    )


def test_the_chain_of_senders_keeps_its_order(folder: Path) -> None:
    settings = loaded(MAIL__SENDERS="smtp, aliyun,outbox", **SMTP, **ALIYUN).settings

    kinds = [type(sender) for sender in fixed_senders(settings)]

    assert kinds == [SmtpSettings, AliyunSettings, OutboxSettings]
    assert fixed_senders(settings)[2] == OutboxSettings(folder=folder / "data" / "outbox")


def test_no_sender_at_all_may_be_chosen() -> None:
    assert loaded(MAIL__SENDERS="").settings.mail.senders == ()


def test_a_named_sender_needs_its_settings() -> None:
    found = faults(MAIL__SENDERS="aliyun,smtp", MAIL__SMTP__USERNAME="somebody", **SMTP)

    *missing, pair = found
    assert missing == [
        "AUTHSERVER_MAIL__ALIYUN__ACCESS_KEY_ID: must be filled in",
        "AUTHSERVER_MAIL__ALIYUN__ACCESS_KEY_SECRET: must be filled in",
        "AUTHSERVER_MAIL__ALIYUN__ACCOUNT_NAME: must be filled in",
    ]
    assert pair.startswith("AUTHSERVER_MAIL__SMTP__USERNAME, AUTHSERVER_MAIL__SMTP__PASSWORD: must")


def test_a_sender_that_is_not_named_is_not_judged() -> None:
    settings = loaded(MAIL__SENDERS="aliyun", MAIL__SMTP__HOST=" ", **ALIYUN).settings

    assert [type(sender) for sender in fixed_senders(settings)] == [AliyunSettings]


def test_the_address_of_the_service_is_judged_because_it_counts_for_sql_too() -> None:
    assert faults(MAIL__ALIYUN__ENDPOINT="http://dm.example.com") == (
        "AUTHSERVER_MAIL__ALIYUN__ENDPOINT: must be an https URL; http is for this machine only",
    )


def test_the_outbox_is_for_this_machine_unless_allowed() -> None:
    public = {"ENDPOINT": "https://id.example.com", "MAIL__SENDERS": "outbox"}

    refused = faults(**public)
    allowed = loaded(ALLOW_OUTBOX="true", **public).settings

    assert refused[0].startswith("AUTHSERVER_MAIL__SENDERS: outbox shows codes")
    assert [type(sender) for sender in fixed_senders(allowed)] == [OutboxSettings]


def test_settings_do_not_change() -> None:
    settings = Settings()

    with pytest.raises(ValidationError):
        settings.endpoint = "https://other.example.com"
